"""SE-Trans and its improved form."""

import json
from dataclasses import replace

import pytest
import torch
from goldens import assert_agrees, assert_reproduces, golden, load

from earshot_reference import model_directory
from earshot_reference.__main__ import main
from earshot_reference.configuration import DEFAULT_SUPERSET, ModelConfig, ReferenceError
from earshot_reference.networks.architectures import recognised
from earshot_reference.networks.se_trans import UNUSED, SeTrans, SeTransSizes

BASELINE = ("public-code", "se_trans_baseline")
TWO_STAGE = SeTransSizes(
    scales=(1, 2, 3), coarse_classes=2, superset=(0, 1, 0, 0, 0, 1, 1, 1, 1, 0)
)


@pytest.mark.parametrize("name", ["se-trans", "se-trans-two-stage"])
def test_network_reproduces_the_golden(name):
    assert_reproduces(name)


@torch.no_grad()
def test_baselines_own_checkpoint_gives_the_baselines_logits(tmp_path):
    directory = golden(*BASELINE)
    checkpoint = ["export", str(directory / "best_model_2.pth"), "--time-encoding", "zeros"]
    assert main([*checkpoint, "--output", str(tmp_path)]) == 0

    network, config = model_directory.load(tmp_path)
    tensors = load(*BASELINE, "golden.safetensors")
    inputs = {name: tensors[f"input.{name}"] for name in network.inputs}
    assert not inputs["time_features"].any()
    assert_agrees(network(**inputs), tensors["output.logits"])
    assert config == ModelConfig.read(directory / "config.json")
    assert not any(name.startswith(UNUSED) for name in network.state_dict())


def _parameters(tensors):
    return sum(x.numel() for x in tensors)


def test_parameters_are_those_of_the_specification():
    assert _parameters(SeTrans(SeTransSizes()).parameters()) == 361_946


def test_baselines_checkpoint_has_the_parameters_of_the_papers():
    state = model_directory.read_checkpoint(golden(*BASELINE, "best_model_2.pth"))
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    learned = {name: x for name, x in state.items() if not name.endswith(statistics)}
    assert _parameters(learned.values()) == 436_858
    used = [x for name, x in learned.items() if not name.startswith(UNUSED)]
    assert _parameters(used) == 361_946


@pytest.mark.parametrize(
    "sizes",
    [
        SeTransSizes(),
        TWO_STAGE,
        SeTransSizes(locations=None, layers=3, feed_forward=24, classes=4),
        SeTransSizes(channels=(16, 32), squeezed=(1, 2), bands=40, location_width=5, time_width=6),
    ],
)
def test_sizes_are_read_back(sizes):
    state = SeTrans(sizes).state_dict()
    assert SeTransSizes.of(state, recognised(state)) == sizes


@torch.no_grad()
def test_fused_scores_are_the_product_for_each_pair():
    tensors = load("se-trans-two-stage", "golden.safetensors")
    fine = tensors["output.logits"].softmax(1)
    coarse = tensors["output.coarse_logits"].softmax(1)
    for clip in range(len(fine)):
        # Equation 2, label by label, from spec/models.md's list.
        scores = [
            fine[clip, i] * coarse[clip, 0 if superset == "indoor" else 1]
            for i, superset in enumerate(DEFAULT_SUPERSET.values())
        ]
        expected = torch.stack(scores) / sum(scores)
        torch.testing.assert_close(tensors["output.probabilities"][clip], expected)


def _state_and_config():
    state = SeTrans(TWO_STAGE).state_dict()
    return state, recognised(state)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"heads": 3}, "model.heads: found 3, expected a divisor of 128"),
        ({"coarse_labels": []}, "model.coarse_labels: found 0, the weights are for 2"),
        ({"superset": {"Bus": "indoor"}}, "model.superset: found None for 'Airport'"),
        ({"superset": DEFAULT_SUPERSET | {"Bar": "under water"}}, "'under water' for 'Bar'"),
        ({"se_scales": [1, 2]}, "size mismatch"),
    ],
)
def test_config_that_contradicts_the_weights_is_refused(tmp_path, section, message):
    state, config = _state_and_config()
    changed = replace(config, model=config.model | section)
    with pytest.raises(ReferenceError, match=message):
        model_directory.save(tmp_path / "model", changed, state, tmp_path / "weights")
    assert not (tmp_path / "model").exists()


def test_superset_follows_the_labels_not_the_order_of_the_map():
    state, config = _state_and_config()
    mapped = json.loads(json.dumps(config.model["superset"], sort_keys=True))
    assert list(mapped) != list(config.labels)
    changed = replace(config, model=config.model | {"superset": mapped})
    assert SeTransSizes.of(state, changed) == TWO_STAGE


def test_scales_that_the_papers_do_not_use_need_a_config():
    state = SeTrans(SeTransSizes(scales=(1, 4))).state_dict()
    with pytest.raises(ReferenceError, match="say in a config of which scales"):
        recognised(state)
