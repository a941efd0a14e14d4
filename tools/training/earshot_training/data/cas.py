"""CAS 2023, the challenge's set, and what has its form: soundscapes and pseudo-labels."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from earshot_reference.configuration import DEFAULT_LABELS

from earshot_training.data.clips import Clip, ClipSet, DataError
from earshot_training.data.tables import AudioFolder, read_rows, require_none_missing, stem

FILE_NAME, LOCATION, TIME, LABEL = "filename", "location", "record_time", "scene_label"
PROBABILITY = "p:"
"""What a class's column of soft pseudo-labels begins with."""

# Probabilities are written with a few digits: each of them may be half a unit of the third off.
_PROBABILITY_ERROR = 5e-4


def load_cas(metadata: Path, audio: Path, labels: tuple[str, ...] = DEFAULT_LABELS) -> ClipSet:
    """The challenge's development or evaluation set.

    Args:
        metadata: CSV with ``filename,location,record_time`` and, perhaps empty or not there at all,
            ``scene_label``. File names may lack ``.wav``.
        audio: the folder that has the recordings in it, without further folders.
        labels: the names of the classes.

    Raises:
        DataError: for anything that would make the set unusable, before audio is read.
    """
    rows = read_rows(metadata, (FILE_NAME, LOCATION, TIME))
    folder = AudioFolder(audio)
    clips: dict[str, Clip] = {}
    used: dict[Path, str] = {}
    missing = []
    for row in rows:
        name = stem(row.required(FILE_NAME))
        if name in clips:
            raise DataError(f"{row.subject}: {FILE_NAME}", f"{name!r} again", "every file once")
        file = folder.find(name)
        if file is None:
            missing.append(name)
        elif used.setdefault(file, name) != name:
            found = f"{file.name}, which is that of {used[file]!r}"
            raise DataError(f"{row.subject}: {FILE_NAME}", found, "a file of its own")
        clips[name] = Clip(
            name,
            file or audio / name,
            row.one_of(LABEL, labels),
            row.text(LOCATION),
            row.time(TIME),
        )
    require_none_missing(audio, missing)
    return ClipSet(tuple(clips.values()), labels)


def load_soundscapes(folder: Path, labels: tuple[str, ...] = DEFAULT_LABELS) -> ClipSet:
    """What ``earshot_reference soundscapes`` writes: recordings and their ``metadata.csv``."""
    return load_cas(folder / "metadata.csv", folder, labels)


def with_pseudo_labels(clip_set: ClipSet, file: Path, soft: bool = False) -> ClipSet:
    """The set with the labels that ``earshot pseudo-label`` wrote.

    A clip that has a label keeps it; one whose row has an empty label, or that has no row, stays
    without.

    Args:
        clip_set: the recordings, some or all of them without labels.
        file: the challenge's CSV form with pseudo-labels.
        soft: takes the columns ``p:<label>`` as soft targets in place of the label.

    Raises:
        DataError: for a missing column, a recording that is unknown or there twice, an unknown
            label, or probabilities that are none.
    """
    columns = [PROBABILITY + label for label in clip_set.labels] if soft else []
    told: dict[str, tuple[str | None, tuple[float, ...] | None]] = {}
    known = {clip.name for clip in clip_set.clips}
    for row in read_rows(file, (FILE_NAME, LABEL, *columns)):
        name = stem(row.required(FILE_NAME))
        field = f"{row.subject}: {FILE_NAME}"
        if name in told:
            raise DataError(field, f"{name!r} again", "every file once")
        if name not in known:
            raise DataError(field, repr(name), "a recording of the set")
        label = row.one_of(LABEL, clip_set.labels)
        probabilities = None
        if soft and label is not None:
            probabilities = _probabilities(row, columns)
        told[name] = label, probabilities

    def labelled(clip: Clip) -> Clip:
        if clip.label is not None or clip.name not in told:
            return clip
        label, probabilities = told[clip.name]
        return replace(clip, label=label, probabilities=probabilities)

    return replace(clip_set, clips=tuple(labelled(clip) for clip in clip_set.clips))


def _probabilities(row, columns: list[str]) -> tuple[float, ...]:
    values = []
    for column in columns:
        text = row.required(column)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 <= value <= 1:
            raise DataError(f"{row.subject}: {column}", repr(text), "a probability from 0 to 1")
        values.append(value)
    total = sum(values)
    if abs(total - 1) > len(values) * _PROBABILITY_ERROR:
        raise DataError(f"{row.subject}: {PROBABILITY}...", f"a sum of {total:g}", "1")
    return tuple(value / total for value in values)
