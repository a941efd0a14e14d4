"""What the engine trains on: features, context and targets of many clips as tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from earshot_reference.context import UNKNOWN
from torch import Tensor


@dataclass(frozen=True)
class Examples:
    """``features`` [n, T, F], ``location`` [n] (-1 unknown), ``time_features`` [n, 8] and targets.

    ``target`` [n, classes]: a distribution for each clip; one 1 in a row where a label is certain.
    """

    features: Tensor
    location: Tensor
    time_features: Tensor
    target: Tensor

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, rows: Tensor) -> Examples:
        return Examples(*(getattr(self, field.name)[rows] for field in fields(self)))

    def batches(self, size: int, order: Tensor | None = None) -> Iterator[Examples]:
        """Consecutive batches, in the given order of rows; the last may be smaller."""
        for rows in (torch.arange(len(self)) if order is None else order).split(size):
            yield self[rows]

    def to(self, device: torch.device) -> Examples:
        """The same on a device."""
        return Examples(*(getattr(self, field.name).to(device) for field in fields(self)))

    def without_context(self) -> Examples:
        """The same clips, from nobody knows where and when."""
        unknown = torch.full_like(self.location, UNKNOWN)
        return Examples(self.features, unknown, torch.zeros_like(self.time_features), self.target)

    @staticmethod
    def joined(parts: list[Examples]) -> Examples:
        """One set after the other."""
        return Examples(*(torch.cat([getattr(p, f.name) for p in parts]) for f in fields(Examples)))


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Class numbers [n] as targets [n, classes]."""
    return F.one_hot(labels, classes).float()


def stratified(labels: list[int], share: float, seed: int) -> tuple[Tensor, Tensor]:
    """Rows for training and rows for validation: the share of every class, at least one clip.

    A class with one clip alone trains.
    """
    random = torch.Generator().manual_seed(seed)
    classes = torch.tensor(labels)
    training, validation = [], []
    for label in classes.unique():
        rows = (classes == label).nonzero()[:, 0]
        rows = rows[torch.randperm(len(rows), generator=random)]
        held = min(max(1, round(share * len(rows))), len(rows) - 1)
        validation.append(rows[:held])
        training.append(rows[held:])
    return torch.cat(training).sort().values, torch.cat(validation).sort().values
