"""CochlScene: Train, Val and Test, each with a folder a class."""

from __future__ import annotations

from pathlib import Path

from earshot_training.data.clips import Clip, ClipSet, DataError
from earshot_training.data.tables import AudioFolder

COCHLSCENE_LABELS = (
    "Bus",
    "Cafe",
    "Car",
    "CrowdedIndoor",
    "Elevator",
    "Kitchen",
    "Park",
    "ResidentialArea",
    "Restaurant",
    "Restroom",
    "Street",
    "Subway",
    "SubwayStation",
)
PARTS = ("Train", "Val", "Test")


def load_cochlscene(folder: Path, part: str) -> ClipSet:
    """One part of the official split; no cities, no times.

    Args:
        folder: has ``Train/``, ``Val/`` and ``Test/``, each with a folder a class.
        part: which of them.

    Raises:
        DataError: for a part or class that does not exist, a folder without recordings, or a name
            that is there twice.
    """
    if part not in PARTS:
        raise DataError("part of CochlScene", repr(part), f"one of {', '.join(PARTS)}")
    root = folder / part
    if not root.is_dir():
        raise DataError(root, "no such folder", "a folder of classes")
    classes = sorted(entry for entry in root.iterdir() if entry.is_dir())
    if not classes:
        raise DataError(root, "no folder", "a folder for every class")
    clips: list[Clip] = []
    for entry in classes:
        if entry.name not in COCHLSCENE_LABELS:
            expected = f"one of {', '.join(COCHLSCENE_LABELS)}"
            raise DataError(f"{root}: class", repr(entry.name), expected)
        for file in AudioFolder(entry).files():
            # Bus_user0042_14857683_003: the fourth clip of that user's recording.
            recording = file.stem.rpartition("_")[0]
            clips.append(Clip(file.stem, file, entry.name, group=recording or None))
    return ClipSet(tuple(clips), COCHLSCENE_LABELS)
