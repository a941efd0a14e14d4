"""Random networks of every architecture: what they hold, and that they can be exported."""

from dataclasses import replace

import onnxruntime
import pytest
import torch
from goldens import assert_agrees
from safetensors.torch import load_file

from earshot_reference import model_directory, random_model
from earshot_reference.__main__ import main
from earshot_reference.configuration import ARCHITECTURES, DEFAULT_LABELS, ReferenceError
from earshot_reference.networks.architectures import NETWORKS, SIZES
from earshot_reference.networks.ascmamba import AscMambaSizes
from earshot_reference.networks.mobile_asc_net import MobileAscNetSizes
from earshot_reference.networks.se_trans import SeTransSizes
from earshot_reference.peers.onnx_export import matrix_pool

SUPERSET = tuple(i % 2 for i in range(len(DEFAULT_LABELS)))

TINY = {
    "ascmamba": AscMambaSizes(channels=8, blocks=1, d_state=4, expand=2),
    "se-trans": SeTransSizes(
        channels=(8, 16),
        squeezed=(2, 3),
        layers=2,
        feed_forward=7,
        scales=(1, 2, 3),
        coarse_classes=2,
        superset=SUPERSET,
    ),
    "mobile-asc-net": MobileAscNetSizes(channels=(8, 8, 16), hidden=5),
}


def test_architectures_are_those_that_the_command_line_names():
    assert tuple(NETWORKS) == tuple(SIZES) == ARCHITECTURES == tuple(TINY)


@pytest.mark.parametrize("architecture", TINY)
def test_random_weights_have_no_special_form(architecture):
    network = random_model.network(architecture, TINY[architecture], seed=1)
    for name, x in [*network.named_parameters(), *network.named_buffers()]:
        if x.numel() > 1:
            assert x.unique().numel() > 1, name
        if name.endswith("A_log"):
            assert not torch.equal(x[0], x[1]), name


@pytest.mark.parametrize("architecture", TINY)
@pytest.mark.parametrize(("classes", "locations"), [(1, 1), (3, 40), (10, 22)])
def test_every_class_and_place_has_a_name(tmp_path, architecture, classes, locations):
    sizes = replace(TINY[architecture], classes=classes, locations=locations)
    if architecture == "se-trans":
        sizes = replace(sizes, coarse_classes=0, superset=())
    random_model.write(tmp_path, architecture, sizes, seed=1)
    network, config = model_directory.load(tmp_path)
    assert len(set(config.labels)) == network.sizes.classes == classes
    assert len(set(config.context.locations)) == network.sizes.locations == locations
    assert (config.labels == DEFAULT_LABELS) == (classes == len(DEFAULT_LABELS))


def test_engine_that_differs_is_refused():
    def outputs_of(network):
        return lambda *inputs: {"logits": network(*inputs)}

    network, other = (random_model.network("ascmamba", TINY["ascmamba"], seed) for seed in (1, 2))
    random_model.check_agreement("itself", network, outputs_of(network))
    with pytest.raises(ReferenceError, match="other: logits differ"):
        random_model.check_agreement("other", network, outputs_of(other))
    broken = outputs_of(lambda *inputs: network(*inputs) * float("nan"))
    with pytest.raises(ReferenceError, match="broken: logits differ by nan"):
        random_model.check_agreement("broken", network, broken)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "sizes", "outputs"),
    [
        ("ascmamba", "channels=8 blocks=1 condition_width=none", ["logits"]),
        ("se-trans", "channels=16,16 layers=2 locations=none", ["logits"]),
        (
            "se-trans",
            "channels=8,16 scales=1,2,3 coarse_classes=2 superset=0,1,0,0,0,1,1,1,1,0",
            ["logits", "coarse_logits", "probabilities"],
        ),
        ("mobile-asc-net", "channels=8,16,16 hidden=5", ["logits"]),
        ("mobile-asc-net", "channels=8 pooled_bands=32 fusion=early", ["logits"]),
        ("mobile-asc-net", "channels=8,8 pooled_bands=16 fusion=none locations=none", ["logits"]),
    ],
)
def test_onnx_file_gives_the_golden_outputs(tmp_path, architecture, sizes, outputs):
    model = tmp_path / "model"
    settings = [x for size in sizes.split() for x in ("--size", size)]
    arguments = ["--architecture", architecture, "--output", str(model), *settings]
    assert main(["random", *arguments]) == 0
    assert main(["onnx", str(model)]) == 0
    # 1.3 s: 66 frames, of which neither 16 tokens nor 3 rows take equal shares.
    assert main(["golden", str(model), "--duration", "1.3"]) == 0

    golden = load_file(model / "golden.safetensors")
    session = onnxruntime.InferenceSession(model / "model.onnx")
    assert [x.name for x in session.get_outputs()] == outputs
    names = [x.name for x in session.get_inputs()]
    results = session.run(outputs, {name: golden[f"input.{name}"].numpy() for name in names})

    network, _ = model_directory.load(model)
    assert tuple(names) == network.inputs
    for name, actual in zip(outputs, results, strict=True):
        assert_agrees(torch.from_numpy(actual), golden[f"output.{name}"])


@pytest.mark.parametrize("length", [1, 2, 5, 15, 16, 17, 31, 125])
@pytest.mark.parametrize("bins", [(1, 1), (2, 2), (3, 3), (16, 1)])
def test_pooling_by_matrices_has_pytorchs_bins(length, bins):
    x = torch.randn(2, 3, length, 7, generator=torch.Generator().manual_seed(length))
    expected = torch.nn.functional.adaptive_avg_pool2d(x, bins)
    # Means of at most 125 * 7 numbers of about 1: float32 rounds each sum some 1e-6 off.
    torch.testing.assert_close(matrix_pool(x, bins), expected, rtol=0, atol=5e-6)


@pytest.mark.parametrize(
    ("setting", "message"),
    [("depth=3", "expected one of"), ("channels=many", "expected numbers")],
)
def test_sizes_that_are_none_are_refused(tmp_path, capsys, setting, message):
    output = tmp_path / "model"
    assert main(["random", "--output", str(output), "--size", setting]) == 1
    assert message in capsys.readouterr().err
    assert not output.exists()
