"""Corpora as recipes name them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Literal

from earshot_reference.configuration import (
    DEFAULT_LABELS,
    DEFAULT_LOCATIONS,
    FeatureParameters,
    ReferenceError,
)

from earshot_training.augmentation import require
from earshot_training.data import (
    ClipSet,
    TensorSet,
    load_cas,
    load_cochlscene,
    load_features,
    load_tau,
    read_class_map,
    with_pseudo_labels,
)


@dataclass(frozen=True)
class Part:
    """A corpus as it was published; paths start from the data root."""

    layout: Literal["cas", "tau", "cochlscene"]
    metadata: str | None = None
    """CSV of the layout "cas"."""
    audio: str | None = None
    """Folder with recordings of the layout "cas"."""
    folder: str | None = None
    """Where the other layouts lie."""
    part: str | None = None
    """Part of their official split: "train" or "evaluate" of TAU, "Train", ... of CochlScene."""

    def __post_init__(self) -> None:
        needed = {"cas": {"metadata", "audio"}, "tau": {"folder"}, "cochlscene": {"folder", "part"}}
        for name in ("metadata", "audio", "folder", "part"):
            found = getattr(self, name)
            if name in needed[self.layout]:
                require(found is not None, name, found, f"a string in the layout {self.layout!r}")
            elif (self.layout, name) != ("tau", "part"):
                require(found is None, name, found, f"no such key in the layout {self.layout!r}")


@dataclass(frozen=True)
class Corpus:
    """A section ``corpora.NAME`` of a recipe."""

    parts: tuple[Part, ...]
    merge: str | None = None
    """How the parts' classes become one task's: a paper's merging, or a file from the data root."""
    validation: float = 0.2
    """Share of each class's labelled clips that is not trained on."""
    validation_corpus: str | None = None
    """Another corpus of the recipe with the same classes: validation is on its labelled clips then,
    and all of this one's are trained on."""

    def __post_init__(self) -> None:
        require(0 < self.validation < 1, "validation", self.validation, "between 0 and 1")
        require(len(self.parts) > 0, "parts", "none", "one part or more")
        together = self.merge is not None or len(self.parts) == 1
        require(together, "merge", self.merge, "a merging of classes where there are several parts")


class Corpora:
    """Finds and loads corpora.

    Args:
        root: folder that the recipes' paths start from.
        cache: folder in which features are kept.
        labels: of the layout "cas".
        workers: processes that compute features; one for each core if not given.
    """

    def __init__(
        self,
        root: Path,
        cache: Path,
        labels: tuple[str, ...] = DEFAULT_LABELS,
        workers: int | None = None,
    ) -> None:
        self.root = root
        self.cache = cache
        self.labels = labels
        self.workers = workers or os.cpu_count() or 1
        self.parameters = FeatureParameters()

    @property
    def frames_per_second(self) -> float:
        """Of the features."""
        return self.parameters.sample_rate / self.parameters.hop_length

    def clips(self, corpus: Corpus) -> ClipSet:
        """A corpus's clips, their classes merged.

        Raises:
            ReferenceError: if it cannot be used; audio is not read.
        """
        parts = [(part.layout, self._published(part)) for part in corpus.parts]
        if corpus.merge is not None:
            own_file = self.root / corpus.merge
            merging = read_class_map(own_file if own_file.exists() else corpus.merge)
            parts = [(layout, merging.apply(layout, clips)) for layout, clips in parts]
        return reduce(ClipSet.joined, (clips for _, clips in parts))

    def _published(self, part: Part) -> ClipSet:
        if part.layout == "cas":
            return load_cas(self.root / part.metadata, self.root / part.audio, self.labels)
        if part.layout == "tau":
            return load_tau(self.root / part.folder, part.part)
        return load_cochlscene(self.root / part.folder, part.part)

    def challenge_files(self, corpus: Corpus) -> tuple[Path, Path]:
        """Metadata and folder of a corpus in the challenge's form, which Earshot reads.

        Raises:
            ReferenceError: if it has another one.
        """
        part = corpus.parts[0]
        if len(corpus.parts) > 1 or part.layout != "cas":
            layouts = ", ".join(p.layout for p in corpus.parts)
            raise ReferenceError(
                f"corpus to be pseudo-labelled: found the layout {layouts}, expected one part of "
                "the layout cas"
            )
        return self.root / part.metadata, self.root / part.audio

    def tensors(self, clips: ClipSet) -> TensorSet:
        """Features, context and soft targets."""
        loaded = load_features(clips, self.parameters, self.cache / "python", self.workers)
        return loaded.soft(len(clips.labels))


def pseudo_labelled(clips: ClipSet, file: Path, soft: bool) -> ClipSet:
    """The clips without a label of their own that Earshot's labelling gave one."""
    own = {clip.name for clip in clips.labelled().clips}
    told = with_pseudo_labels(clips, file, soft)
    return told.labelled().where(lambda clip: clip.name not in own)


def contextual(clips: ClipSet) -> bool:
    """Whether there is a time, or a city that networks know."""
    return any(c.time is not None or c.city in DEFAULT_LOCATIONS for c in clips.clips)
