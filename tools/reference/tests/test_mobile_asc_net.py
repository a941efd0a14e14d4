"""MobileASCNet."""

from dataclasses import replace

import pytest
from goldens import assert_reproduces

from earshot_reference import model_directory
from earshot_reference.configuration import FeatureParameters, ReferenceError
from earshot_reference.networks.architectures import recognised
from earshot_reference.networks.mobile_asc_net import MobileAscNet, MobileAscNetSizes


@pytest.mark.parametrize("name", ["mobile-asc-net-gated", "mobile-asc-net-early"])
def test_network_reproduces_the_golden(name):
    assert_reproduces(name)


def test_parameters_are_those_of_the_specification():
    assert sum(x.numel() for x in MobileAscNet(MobileAscNetSizes()).parameters()) == 366_266


@pytest.mark.parametrize(
    "sizes",
    [
        MobileAscNetSizes(),
        MobileAscNetSizes(fusion="early", classes=3, location_width=4, time_width=6),
        MobileAscNetSizes(fusion="none", locations=None),
        MobileAscNetSizes(channels=(8, 8, 12, 20), pooled_bands=4, hidden=7),
    ],
)
def test_sizes_are_read_back_from_the_weights(sizes):
    assert MobileAscNetSizes.of(MobileAscNet(sizes).state_dict()) == sizes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"fusion": "early"}}, "model.fusion: found 'early', .* for 'gated'"),
        ({"features": FeatureParameters(n_mels=40)}, "n_mels, .*: found 5, .* for 8"),
        ({"context": None}, "no context, the weights are conditioned"),
    ],
)
def test_config_that_contradicts_the_weights_is_refused(tmp_path, change, message):
    state = MobileAscNet(MobileAscNetSizes()).state_dict()
    config = replace(recognised(state), **change)
    with pytest.raises(ReferenceError, match=message):
        model_directory.save(tmp_path / "model", config, state, tmp_path / "weights")
