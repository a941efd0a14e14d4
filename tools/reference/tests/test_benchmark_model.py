"""Exports for other engines, and the reference outputs that benchmarks check against."""

import onnxruntime
import pytest
import torch
from goldens import assert_agrees
from safetensors.torch import load_file

from earshot_reference import model_directory, random_model
from earshot_reference.__main__ import main
from earshot_reference.configuration import ModelConfig, ReferenceError
from earshot_reference.networks.se_trans import SeTransSizes
from earshot_reference.peers import benchmark_model

# PyTorch takes most of a minute to trace a network for ONNX.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    path = tmp_path_factory.mktemp("peers")
    tiny = ["--size", "channels=8", "--size", "blocks=1"]
    assert main(["peers", "--output", str(path), *tiny]) == 0
    return path


@pytest.mark.parametrize("frames", benchmark_model.SWEEP)
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


def test_unconditioned_network_is_refused(tmp_path):
    made = random_model.network("se-trans", SeTransSizes(locations=None), seed=1)
    with pytest.raises(ReferenceError, match="city and time"):
        benchmark_model.write_references(made, ModelConfig(architecture="se-trans"), tmp_path)
