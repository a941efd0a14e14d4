"""Exports for other engines, and the reference outputs that benchmarks check against."""

import onnxruntime
import pytest
import torch
from goldens import assert_agrees
from safetensors.torch import load_file

from earshot_reference import model_directory, peers
from earshot_reference.__main__ import main
from earshot_reference.ascmamba import AscMamba, AscMambaSizes
from earshot_reference.configuration import ReferenceError

TINY = AscMambaSizes(channels=8, blocks=1, d_state=4, expand=2)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    path = tmp_path_factory.mktemp("peers")
    assert main(["peers", "--output", str(path), "--channels", "8", "--blocks", "1"]) == 0
    return path


@pytest.mark.parametrize("frames", peers.SWEEP)
@torch.no_grad()
def test_engines_give_the_golden_logits(directory, frames):
    golden = load_file(directory / f"golden-{frames}.safetensors")
    assert golden["input.features"].shape[1] == frames
    inputs = {name: golden[f"input.{name}"] for name in ("features", "location", "time_features")}
    network, _ = model_directory.load(directory)
    session = onnxruntime.InferenceSession(directory / "model.onnx")
    scripted = torch.jit.load(directory / "model.pt")

    [onnx] = session.run(None, {name: x.numpy() for name, x in inputs.items()})

    assert_agrees(network(**inputs), golden["output.logits"])
    assert_agrees(torch.from_numpy(onnx), golden["output.logits"])
    assert_agrees(scripted(*inputs.values()), golden["output.logits"])


@torch.no_grad()
def test_layers_lead_from_features_to_the_next_block(directory):
    network, _ = model_directory.load(directory)
    x = load_file(directory / "layers.safetensors")
    paths = {}
    network.blocks[0].tlinear.register_forward_hook(
        lambda module, inputs, output: paths.update(time=output)
    )

    encoded = network.dense_encoder(x["features"][:, None]).permute(0, 2, 3, 1)
    block = network.blocks[0](encoded, x["condition"])

    assert_agrees(encoded, x["dense_encoder"])
    # The hook sees [F, C, T] of the only clip, before the residual.
    assert_agrees(paths["time"].permute(2, 0, 1)[None] + encoded, x["time_path"])
    assert_agrees(block, x["frequency_path"])


def test_random_weights_have_no_special_form():
    for name, parameter in peers.random_network(TINY, seed=1).named_parameters():
        if parameter.numel() > 1:
            assert parameter.unique().numel() > 1, name
        if name.endswith("A_log"):
            assert not torch.equal(parameter[0], parameter[1]), name


def test_engine_that_differs_is_refused():
    network = peers.random_network(TINY, seed=1)
    peers.check_agreement("itself", network, network)
    with pytest.raises(ReferenceError, match="other: logits differ"):
        peers.check_agreement("other", network, peers.random_network(TINY, seed=2))
    with pytest.raises(ReferenceError, match="broken: logits differ by nan"):
        peers.check_agreement("broken", network, lambda *inputs: network(*inputs) * float("nan"))


def test_unconditioned_network_is_refused():
    with pytest.raises(ReferenceError, match="city and time"):
        peers.conditioned(AscMamba(AscMambaSizes(channels=8, blocks=1, condition_width=None)))
