"""Corpora as recipes name them, loaded as tensors for the engine."""

from __future__ import annotations

import csv
import hashlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from earshot_reference import context, features
from earshot_reference.configuration import (
    DEFAULT_LABELS,
    ContextParameters,
    FeatureParameters,
    ReferenceError,
)
from safetensors.torch import load_file, save_file
from torch import Tensor

from earshot_training.augmentation import require
from earshot_training.examples import Examples, one_hot


@dataclass(frozen=True)
class Corpus:
    """A section ``corpora.NAME`` of a recipe; paths start from the data root."""

    layout: Literal["challenge"]
    metadata: str
    audio: str
    validation: float = 0.2
    """Share of each class's labelled clips that is not trained on."""

    def __post_init__(self) -> None:
        require(0 < self.validation < 1, "validation", self.validation, "between 0 and 1")


@dataclass(frozen=True)
class Material:
    """A loaded corpus."""

    names: list[str]
    labels: list[int]
    """-1 where a clip has no label."""
    classes: tuple[str, ...]
    features: Tensor
    location: Tensor
    time_features: Tensor
    contextual: bool
    """Whether it has cities and times."""
    frames_per_second: float

    def labelled(self) -> list[int]:
        """Rows with a label."""
        return [row for row, label in enumerate(self.labels) if label >= 0]

    def examples(self, rows: Tensor, target: Tensor | None = None) -> Examples:
        """Some rows, with their own labels or with given targets [n, classes]."""
        if target is None:
            target = one_hot(torch.tensor(self.labels)[rows], len(self.classes))
        return Examples(
            self.features[rows], self.location[rows], self.time_features[rows], target
        )

    def pseudo_labelled(self, file: Path) -> Examples:
        """The clips without a label of their own that a labelling's file gives one."""
        raise NotImplementedError


class Corpora:
    """Loads corpora."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.root = root
        self.cache = cache
