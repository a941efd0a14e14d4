"""How well segments agree with the truth, by the measures of sed_eval.

A. Mesaros, T. Heittola, T. Virtanen, "Metrics for polyphonic sound event detection", 2016: time is
cut into pieces of one length; a label is active in a piece if any of its segments touches it. F1
and error rate are over all pieces of all files together (micro average), as sed_eval 0.2.1 does.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot_reference.configuration import ReferenceError

_COLUMNS = ("file", "start", "end", "label")
# Each second takes memory: a month.
_LONGEST = 30 * 86_400


@dataclass(frozen=True)
class Segment:
    """From ``start`` to ``end``, in seconds, under one label."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Measures:
    """Of all files together.

    Args:
        f1: segment-based F1.
        error_rate: substitutions, deletions and insertions for each active piece of the truth.
        accuracy: share of time with the right label.
        boundary_error: median distance, in seconds, of the truth's changes from those found.
        changes_found: changes found for each change in the truth.
    """

    f1: float
    error_rate: float
    accuracy: float
    boundary_error: float
    changes_found: float


def measure(
    truth: Mapping[str, Sequence[Segment]],
    found: Mapping[str, Sequence[Segment]],
    resolution: float = 1.0,
) -> Measures:
    """Compares what was found with the truth, file by file; one that is missing has no segment."""
    labels = sorted({s.label for part in (*truth.values(), *found.values()) for s in part})
    right = active = proposed = substituted = deleted = inserted = 0
    correct_time = total_time = 0.0
    distances: list[float] = []
    changes = changes_found = 0
    for file, expected in truth.items():
        actual = found.get(file, ())
        length = max((s.end for s in (*expected, *actual)), default=0.0)
        pieces = math.ceil(length / resolution)
        reference = _roll(expected, labels, pieces, resolution)
        system = _roll(actual, labels, pieces, resolution)
        both = (reference & system).sum(1)
        of_reference, of_system = reference.sum(1), system.sum(1)
        right += both.sum()
        active += of_reference.sum()
        proposed += of_system.sum()
        substituted += (np.minimum(of_reference, of_system) - both).sum()
        deleted += np.maximum(0, of_reference - of_system).sum()
        inserted += np.maximum(0, of_system - of_reference).sum()
        total_time += sum(s.end - s.start for s in expected)
        correct_time += sum(_overlap(a, b) for a in expected for b in actual if a.label == b.label)
        inner = [s.start for s in expected[1:]]
        near = [s.start for s in actual[1:]]
        changes += len(inner)
        changes_found += len(near)
        distances += [min((abs(t - u) for u in near), default=math.inf) for t in inner]
    return Measures(
        f1=2 * right / (active + proposed),
        error_rate=(substituted + deleted + inserted) / active,
        accuracy=correct_time / total_time,
        boundary_error=float(np.median(distances)) if distances else 0.0,
        changes_found=changes_found / changes if changes else 1.0,
    )


def _overlap(a: Segment, b: Segment) -> float:
    return max(0.0, min(a.end, b.end) - max(a.start, b.start))


def _roll(
    segments: Iterable[Segment], labels: Sequence[str], pieces: int, resolution: float
) -> NDArray[np.bool_]:
    roll = np.zeros((pieces, len(labels)), bool)
    for s in segments:
        first, last = math.floor(s.start / resolution), math.ceil(s.end / resolution)
        roll[first:last, labels.index(s.label)] = True
    return roll


def read(file: Path) -> dict[str, list[Segment]]:
    """A CSV file with ``file``, ``start``, ``end`` and ``label``; names without their folders.

    Raises:
        ReferenceError: naming the file, its line and what is wrong there.
    """
    segments: dict[str, list[Segment]] = {}
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise ReferenceError(f"{file}: no column {', '.join(missing)} in its first line")
            for row in rows:
                name, part = _segment(row, f"{file}:{rows.line_num}")
                segments.setdefault(name, []).append(part)
    except UnicodeDecodeError as e:
        raise ReferenceError(f"{file}: not UTF-8: {e.reason} at byte {e.start}") from e
    except csv.Error as e:
        raise ReferenceError(f"{file}: not CSV: {e}") from e
    return segments


def _segment(row: Mapping[str, str | None], place: str) -> tuple[str, Segment]:
    for name in _COLUMNS:
        if not row[name]:
            raise ReferenceError(f"{place}: no {name}")
    try:
        start, end = float(row["start"]), float(row["end"])
    except ValueError as e:
        raise ReferenceError(f"{place}: start or end: {e}") from e
    # NaN is in no order either.
    if not 0 <= start <= end <= _LONGEST:
        raise ReferenceError(
            f"{place}: from {start} to {end} s; expected the end behind the start, by {_LONGEST} s"
        )
    return Path(row["file"]).name, Segment(start, end, row["label"])


def table(truth: Path, found: Sequence[Path]) -> str:
    """One row a file of segments, as a Markdown table.

    Raises:
        ReferenceError: as :func:`read`, and if the truth has no sound to compare with.
    """
    expected = read(truth)
    if not any(s.end > s.start for part in expected.values() for s in part):
        raise ReferenceError(
            f"{truth}: no segment that lasts; expected the truth of some recordings"
        )
    rows = [
        "| segments | F1 | error rate | time right | boundary error | changes found |",
        "|---|---|---|---|---|---|",
    ]
    for file in found:
        m = measure(expected, read(file))
        rows.append(
            f"| {file.stem} | {m.f1:.3f} | {m.error_rate:.3f} | {100 * m.accuracy:.1f} % "
            f"| {m.boundary_error:.2f} s | {m.changes_found:.2f} |"
        )
    return "\n".join(rows)
