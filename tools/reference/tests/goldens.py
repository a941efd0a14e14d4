"""Where the tests find the reference outputs, and how close they must come."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

REPOSITORY = Path(__file__).resolve().parents[3]
GOLDEN = REPOSITORY / "java" / "earshot" / "src" / "test" / "resources" / "golden"


def load(*parts: str) -> dict[str, Tensor]:
    return load_file(GOLDEN.joinpath(*parts))


def assert_agrees(actual: Tensor, expected: Tensor) -> None:
    """Within 1e-4 of the expected output's standard deviation: the project's bound for float32."""
    assert actual.shape == expected.shape
    spread = expected.std().item() if expected.numel() > 1 else expected.abs().item()
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-4 * spread)
