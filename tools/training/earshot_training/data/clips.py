"""Recordings and what is known of them, before anything is read from the audio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from earshot_reference.configuration import DEFAULT_LABELS, ReferenceError


class DataError(ReferenceError):
    """A data set that cannot be used: which file and field, what was found, what is expected."""

    def __init__(self, subject: object, found: str, expected: str) -> None:
        super().__init__(f"{subject}: found {found}, expected {expected}")


@dataclass(frozen=True)
class Clip:
    """One recording."""

    name: str
    """File name without its extension: how metadata refers to it."""
    audio: Path
    label: str | None = None
    city: str | None = None
    time: datetime | None = None
    device: str | None = None
    """What recorded it (TAU's source label, a, b, c, s1, ...)."""
    group: str | None = None
    """Clips of one group were cut from one recording: they belong on one side of a split."""
    probabilities: tuple[float, ...] | None = None
    """A soft target, in the set's order of labels."""


@dataclass(frozen=True)
class ClipSet:
    """Clips, and the names of the classes that their labels are among."""

    clips: tuple[Clip, ...]
    labels: tuple[str, ...] = DEFAULT_LABELS

    def __post_init__(self) -> None:
        for name, count in Counter(clip.name for clip in self.clips).items():
            if count > 1:
                raise DataError("clips", f"{name!r} {count} times", "every clip once")
        known = {*self.labels, None}
        for clip in self.clips:
            if clip.label not in known:
                expected = f"one of {', '.join(self.labels)}"
                raise DataError(f"clip {clip.name}: label", repr(clip.label), expected)

    def __len__(self) -> int:
        return len(self.clips)

    def subset(self, rows: Iterable[int]) -> ClipSet:
        """The clips at these positions, in this order."""
        return replace(self, clips=tuple(self.clips[row] for row in rows))

    def where(self, condition: Callable[[Clip], bool]) -> ClipSet:
        """The clips of which the condition holds."""
        return replace(self, clips=tuple(clip for clip in self.clips if condition(clip)))

    def labelled(self) -> ClipSet:
        """The clips with a label or a soft target."""
        return self.where(lambda c: c.label is not None or c.probabilities is not None)

    def unlabelled(self) -> ClipSet:
        """The clips with neither a label nor a soft target."""
        return self.where(lambda c: c.label is None and c.probabilities is None)

    def without_context(self) -> ClipSet:
        """The same clips, from nobody knows where and when."""
        return self._each(lambda c: replace(c, city=None, time=None))

    def _each(self, change: Callable[[Clip], Clip]) -> ClipSet:
        return replace(self, clips=tuple(change(clip) for clip in self.clips))

    def joined(self, other: ClipSet) -> ClipSet:
        """These clips, then the other set's."""
        if self.labels != other.labels:
            raise DataError("labels of the other set", str(other.labels), str(self.labels))
        return replace(self, clips=self.clips + other.clips)

    def class_counts(self) -> dict[str, int]:
        """How many clips each class has."""
        counts = Counter(clip.label for clip in self.clips)
        return {label: counts[label] for label in self.labels}

    def empty_classes(self) -> tuple[str, ...]:
        """Classes without a clip, for a warning."""
        return tuple(label for label, count in self.class_counts().items() if not count)

    def require_every_class(self, subject: object) -> ClipSet:
        """This set.

        Raises:
            DataError: if a class has no clip; ``subject`` names the set.
        """
        empty = self.empty_classes()
        if empty:
            raise DataError(subject, f"no clip of {', '.join(empty)}", "clips of every class")
        return self

    def split(self, share: float, seed: int) -> tuple[ClipSet, ClipSet]:
        """Two sets, of which the second has ``share`` of each class, drawn at random.

        Groups stay whole. A class with two groups or more is on both sides; one with a single
        group is in the first set. Clips without a label are a class of their own.

        Raises:
            DataError: if the set has fewer than two clips or the share is not within 0 to 1.
        """
        if not 0 < share < 1:
            raise DataError("share of the split", f"{share:g}", "a share between 0 and 1")
        if len(self) < 2:
            raise DataError("set to be split", f"{len(self)} clip(s)", "two clips at least")
        rng = np.random.default_rng(seed)
        by_class: dict[str | None, dict[str, list[int]]] = {}
        for row, clip in enumerate(self.clips):
            groups = by_class.setdefault(clip.label, {})
            groups.setdefault(clip.group or clip.name, []).append(row)
        second: set[int] = set()
        # A class's order of appearance must not matter: same clips, same split.
        for label in sorted(by_class, key=lambda x: x or ""):
            groups = by_class[label]
            names = sorted(groups)
            rng.shuffle(names)
            wanted = share * sum(map(len, groups.values()))
            taken = 0
            for name in names[:-1]:
                if taken and taken + len(groups[name]) / 2 > wanted:
                    break
                second.update(groups[name])
                taken += len(groups[name])
        rows = range(len(self))
        return self.subset(r for r in rows if r not in second), self.subset(sorted(second))

    def with_share_labelled(self, share: float, seed: int) -> ClipSet:
        """The same clips, of which only ``share`` of each class keep their labels."""
        _, kept = self.split(share, seed)
        names = {clip.name for clip in kept.clips}
        return self._each(lambda c: c if c.name in names else replace(c, label=None))
