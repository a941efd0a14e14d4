"""Corpora as recipes name them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from earshot_reference.configuration import FeatureParameters

from earshot_training.augmentation import require
from earshot_training.data import ClipSet, TensorSet, load_features


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


class Corpora:
    """Finds and loads corpora.

    Args:
        root: folder that the recipes' paths start from.
        cache: folder in which features are kept.
        workers: processes that compute features.
    """

    def __init__(self, root: Path, cache: Path, workers: int | None = None) -> None:
        self.root = root
        self.cache = cache
        self.workers = workers or os.cpu_count() or 1
        self.parameters = FeatureParameters()

    @property
    def frames_per_second(self) -> float:
        """Of the features."""
        return self.parameters.sample_rate / self.parameters.hop_length

    def clips(self, corpus: Corpus) -> ClipSet:
        """A corpus's clips."""
        raise NotImplementedError

    def pseudo_labelled(self, corpus: Corpus, file: Path) -> ClipSet:
        """The clips that have no label of their own and that a labelling's file gives one."""
        raise NotImplementedError

    def tensors(self, clips: ClipSet) -> TensorSet:
        """Their features, with soft targets."""
        loaded = load_features(clips, self.parameters, self.cache / "python", self.workers)
        return loaded.soft(len(clips.labels))


def contextual(clips: ClipSet) -> bool:
    """Whether cities or times are known."""
    return any(clip.city is not None or clip.time is not None for clip in clips.clips)
