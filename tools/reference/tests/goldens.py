"""Where the tests find the reference outputs, and how close they must come."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from earshot_reference import model_directory

REPOSITORY = Path(__file__).resolve().parents[3]
GOLDEN = REPOSITORY / "java" / "earshot" / "src" / "test" / "resources" / "golden"


def golden(*parts: str) -> Path:
    """A golden file or folder."""
    return GOLDEN.joinpath(*parts)


def load(*parts: str) -> dict[str, Tensor]:
    return load_file(golden(*parts))


def assert_reproduces(directory: str) -> None:
    """The network of a golden directory gives every output that its golden file holds."""
    network, _ = model_directory.load(golden(directory))
    tensors = load(directory, "golden.safetensors")
    inputs = {name[6:]: x for name, x in tensors.items() if name.startswith("input.")}
    expected = {name[7:]: x for name, x in tensors.items() if name.startswith("output.")}
    with torch.no_grad():
        actual = network.outputs(**inputs)
    assert actual.keys() == expected.keys()
    for name in expected:
        assert_agrees(actual[name], expected[name])


def assert_agrees(actual: Tensor, expected: Tensor) -> None:
    """Within 1e-4 of the expected output's standard deviation: the project's bound for float32."""
    assert actual.shape == expected.shape
    spread = expected.std().item() if expected.numel() > 1 else expected.abs().item()
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-4 * spread)
