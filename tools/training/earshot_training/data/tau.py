"""TAU Urban Acoustic Scenes 2020 Mobile, development set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from earshot_training.data.clips import Clip, ClipSet, DataError
from earshot_training.data.tables import AudioFolder, Row, read_rows, require_none_missing, stem

TAU_LABELS = (
    "airport",
    "bus",
    "metro",
    "metro_station",
    "park",
    "public_square",
    "shopping_mall",
    "street_pedestrian",
    "street_traffic",
    "tram",
)

_FOLD = {"train": "fold1_train.csv", "evaluate": "fold1_evaluate.csv"}


def load_tau(folder: Path, part: str | None = None) -> ClipSet:
    """The set, or one part of its official split.

    Cities are told by the file names (``airport-barcelona-0-0-a.wav``); they are not among those
    that the networks know, so their location is unknown to them. There are no times.

    Args:
        folder: has ``meta.csv``, ``audio/`` and ``evaluation_setup/``.
        part: "train" or "evaluate" for what ``evaluation_setup/fold1_*.csv`` lists; None for all.

    Raises:
        DataError: for anything that would make the set unusable, before audio is read.
    """
    if part is not None and part not in _FOLD:
        raise DataError("part of TAU", repr(part), f"one of {', '.join(_FOLD)}")
    rows = read_rows(
        folder / "meta.csv", ("filename", "scene_label", "identifier", "source_label"), "\t"
    )
    audio = AudioFolder(folder / "audio")
    clips: dict[str, Clip] = {}
    missing = []
    for row in rows:
        clip = _clip(row)
        if clip.name in clips:
            raise DataError(f"{row.subject}: filename", f"{clip.name!r} again", "every file once")
        file = audio.find(clip.name)
        if file is None:
            missing.append(clip.name)
        else:
            clip = replace(clip, audio=file)
        clips[clip.name] = clip
    require_none_missing(audio.folder, missing)
    if part is None:
        return ClipSet(tuple(clips.values()), TAU_LABELS)
    chosen: dict[str, Clip] = {}
    for row in read_rows(folder / "evaluation_setup" / _FOLD[part], ("filename",), "\t"):
        name = stem(row.required("filename"))
        if name not in clips or name in chosen:
            found = f"{name!r} again" if name in chosen else repr(name)
            raise DataError(f"{row.subject}: filename", found, "files of meta.csv, each once")
        chosen[name] = clips[name]
    return ClipSet(tuple(chosen.values()), TAU_LABELS)


def _clip(row: Row) -> Clip:
    name = stem(row.required("filename"))
    row.required("scene_label")
    parts = name.split("-")
    if len(parts) != 5:
        expected = "scene-city-place-segment-device.wav"
        raise DataError(f"{row.subject}: filename", repr(name), expected)
    return Clip(
        name,
        Path(name),
        row.one_of("scene_label", TAU_LABELS),
        city=parts[1],
        device=row.text("source_label"),
        group=row.text("identifier"),
    )
