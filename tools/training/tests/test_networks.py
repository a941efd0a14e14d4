"""Networks of recipes, and what is carried over from an earlier stage."""

from __future__ import annotations

import pytest
import torch
from earshot_reference import model_directory
from earshot_reference.configuration import ReferenceError
from earshot_reference.networks.ascmamba import AscMamba
from tiny import LABELS, section

from earshot_training import networks
from earshot_training.networks import Trained

OTHER = ("airport", "tram")
CASES = [
    ("ascmamba", {}),
    ("ascmamba", {"context": False}),
    ("se-trans", {}),
    ("se-trans", {"context": False}),
    ("se-trans", {"coarse": True, "sizes": {"scales": [1, 2, 3]}}),
    ("mobile-asc-net", {"context": False, "sizes": {"fusion": "none"}}),
    ("mobile-asc-net", {"sizes": {"fusion": "early"}}),
    ("mobile-asc-net", {}),
]
HEADS = ("classifier.", "fc.", "fc_coarse.")
CONTEXT = ("context_encoder.", "location_embedding.", "time_mapping.")


@pytest.mark.parametrize(("architecture", "options"), CASES)
def test_config_and_weights_fit_each_other(architecture, options, tmp_path):
    made = section(architecture, **options)
    config = networks.config(made, LABELS, contextual_data=True)
    network = networks.build(made, config, seed=1)
    model_directory.save(tmp_path, config, network.state_dict(), tmp_path)
    again, read = model_directory.load(tmp_path)
    assert read == config
    assert again.contextual == made.context
    with torch.no_grad():
        data = torch.randn(2, 30, 64)
        inputs = [data, torch.tensor([0, -1]), torch.randn(2, 8)][: len(network.inputs)]
        for name, output in network.eval().outputs(*inputs).items():
            # Two scans of the same formula, rounded differently.
            assert torch.allclose(output, again.outputs(*inputs)[name], atol=1e-5), name


def carried(architecture, options, labels, contextual):
    made = section(architecture, **options)
    before = networks.build(made, networks.config(made, labels, contextual), seed=1)
    config = networks.config(made, LABELS, contextual_data=True)
    network = networks.build(made, config, seed=2)
    fresh = {name: x.clone() for name, x in network.state_dict().items()}
    named = networks.transfer(
        network, config, Trained(before.state_dict(), labels, contextual), contextual_data=True
    )
    return before.state_dict(), fresh, network.state_dict(), named


@pytest.mark.parametrize(("architecture", "options"), CASES)
def test_head_and_context_stay_new_after_pre_training_on_other_classes(architecture, options):
    before, fresh, after, named = carried(architecture, options, OTHER, contextual=False)
    assert any(name.startswith(HEADS) for name in named)
    for name, tensor in after.items():
        new = name.startswith(HEADS + CONTEXT)
        assert torch.equal(tensor, (fresh if new else before)[name]), name
        assert (name in named) == new, name


@pytest.mark.parametrize(("architecture", "options"), CASES)
def test_all_is_kept_from_a_stage_on_the_same_corpus(architecture, options):
    before, _, after, named = carried(architecture, options, LABELS, contextual=True)
    assert named == []
    for name, tensor in after.items():
        assert torch.equal(tensor, before[name]), name


def test_the_same_number_of_other_classes_has_another_head_too():
    _, _, _, named = carried("ascmamba", {}, ("tram", "bus", "park"), contextual=True)
    assert named == ["classifier.bias", "classifier.weight"]


def test_weights_of_another_size_are_refused():
    made = section("ascmamba")
    config = networks.config(made, LABELS, True)
    wider = section("ascmamba", sizes={"channels": 8})
    weights = networks.build(wider, networks.config(wider, LABELS, True), 1).state_dict()
    network = networks.build(made, config, 1)
    with pytest.raises(ReferenceError, match=r"weights to start from: .*found .* expected"):
        networks.transfer(network, config, Trained(weights, LABELS, True), True)


def test_a_corpus_without_times_gives_a_config_that_says_so():
    config = networks.config(section("ascmamba"), OTHER, contextual_data=False)
    assert config.context.time_encoding == "zeros"


def test_initial_weights_depend_on_the_seed_alone():
    made = section("ascmamba")
    config = networks.config(made, LABELS, True)
    torch.manual_seed(1)
    first = networks.build(made, config, 5)
    torch.manual_seed(2)
    second = networks.build(made, config, 5)
    assert isinstance(first, AscMamba)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name])
