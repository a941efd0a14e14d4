"""A data set as tensors, ready for training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class TensorSet:
    """Features and all else that a network or its loss wants of n clips, in one order."""

    features: Tensor
    """Log-mel in dB, float32 [n, T, F]."""
    location: Tensor
    """int64 [n]: row of the city's embedding, -1 for an unknown city."""
    time_features: Tensor
    """float32 [n, 8], zeros for an unknown time."""
    target: Tensor
    """int64 [n], -1 without a label; or soft, float32 [n, classes]."""
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def rows(self, rows: Tensor) -> TensorSet:
        """The clips at these positions, in this order."""
        return TensorSet(
            self.features[rows],
            self.location[rows],
            self.time_features[rows],
            self.target[rows],
            tuple(self.names[row] for row in rows.tolist()),
        )

    def batches(self, size: int, order: Tensor | None = None) -> Iterator[TensorSet]:
        """Consecutive batches, in the given order of rows; the last may be smaller."""
        for rows in (torch.arange(len(self)) if order is None else order).split(size):
            yield self.rows(rows)

    def soft(self, classes: int) -> TensorSet:
        """The same with targets [n, classes]: one 1 in a row, or all zeros without a label."""
        if self.target.dim() == 2:
            return self
        known = self.target >= 0
        one_hot = F.one_hot(self.target.clamp(min=0), classes).float() * known[:, None]
        return replace(self, target=one_hot)

    @staticmethod
    def joined(parts: list[TensorSet]) -> TensorSet:
        """One set after the other; all targets must be of one kind."""
        return TensorSet(
            torch.cat([p.features for p in parts]),
            torch.cat([p.location for p in parts]),
            torch.cat([p.time_features for p in parts]),
            torch.cat([p.target for p in parts]),
            tuple(name for p in parts for name in p.names),
        )
