"""Merging of corpora's classes into those of a pre-training task."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from earshot_training.data.clips import ClipSet, DataError
from earshot_training.data.cochlscene import COCHLSCENE_LABELS
from earshot_training.data.tau import TAU_LABELS

PAPERS = ("ascmamba", "mobile_asc_net")

_CORPORA = {"tau": TAU_LABELS, "cochlscene": COCHLSCENE_LABELS}


@dataclass(frozen=True)
class ClassMap:
    """Which class each class of a corpus becomes."""

    labels: tuple[str, ...]
    corpora: Mapping[str, Mapping[str, str]]
    """By corpus ("tau", "cochlscene"), then by the corpus's class; "" for one that is dropped."""

    def dropped(self, corpus: str) -> tuple[str, ...]:
        """Classes of the corpus that become none."""
        return tuple(source for source, label in self.corpora[corpus].items() if not label)

    def apply(self, corpus: str, clip_set: ClipSet) -> ClipSet:
        """The set with merged labels, without clips of dropped classes."""
        merged = self.corpora[corpus]
        clips = tuple(
            replace(clip, label=clip.label and merged[clip.label])
            for clip in clip_set.clips
            if clip.label is None or merged[clip.label]
        )
        return ClipSet(clips, self.labels)


def read_class_map(paper: str | Path) -> ClassMap:
    """The merging of a paper (one of ``PAPERS``), or that of a TOML file of the same form.

    Raises:
        DataError: for a file that cannot be read, misses a class of a corpus, or names a class that
            does not exist.
    """
    file = Path(paper)
    if paper in PAPERS:
        file = Path(__file__).parent / "class_maps" / f"{paper}.toml"
    try:
        fields = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as e:
        expected = f"a TOML file or one of {', '.join(PAPERS)}"
        raise DataError(file, (e.strerror or str(e)).lower(), expected) from e
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise DataError(file, str(e), "TOML") from e
    labels = fields.get("labels")
    names = isinstance(labels, list) and all(isinstance(label, str) for label in labels)
    if not names or not labels or len(set(labels)) < len(labels):
        raise DataError(f"{file}: labels", repr(labels), "names of classes, each once")
    for corpus, sources in _CORPORA.items():
        merged = fields.get(corpus)
        if not isinstance(merged, dict) or set(merged) != set(sources):
            found = ", ".join(merged) if isinstance(merged, dict) else repr(merged)
            raise DataError(f"{file}: {corpus}", found, f"the classes {', '.join(sources)}")
        for source, label in merged.items():
            if label != "" and label not in labels:
                raise DataError(f"{file}: {corpus}.{source}", repr(label), 'one of labels, or ""')
    return ClassMap(tuple(labels), {corpus: fields[corpus] for corpus in _CORPORA})
