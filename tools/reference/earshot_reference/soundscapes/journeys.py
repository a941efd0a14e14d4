"""Recordings that pass through several scenes, with the truth beside them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from scipy.io import wavfile

from earshot_reference.configuration import DEFAULT_LABELS
from earshot_reference.segment_measures import Segment
from earshot_reference.soundscapes.generator import recorded
from earshot_reference.soundscapes.scenes import SCENES, Mix
from earshot_reference.soundscapes.signals import RATE, Signal, count, normalized

FIELDS = ("file", "start", "end", "label")

# Seconds that one scene takes to give way to the next; the truth changes in the middle.
_CROSSFADE = 2.0
# Shortest and longest stay in one scene, seconds; logarithms are drawn evenly.
_STAY = (12.0, 90.0)


@dataclass(frozen=True)
class Journey:
    """One recording by one device: 48 kHz, mono, within -1..1."""

    pcm: Signal
    truth: tuple[Segment, ...]


def generate(seed: int, index: int, scenes: int = 8) -> Journey:
    """The journey that belongs to (seed, index, scenes): the same one every time."""
    rng = np.random.default_rng([seed, len(DEFAULT_LABELS), index])
    fade = count(_CROSSFADE)
    pcm = np.zeros(0)
    truth: list[Segment] = []
    for label in _labels(rng, scenes):
        stay = float(np.exp(rng.uniform(*np.log(_STAY))))
        mix = Mix(rng, count(stay) + fade)
        SCENES[label](mix)
        pcm = _joined(pcm, normalized(mix.signal), fade)
        start = truth[-1].end if truth else 0.0
        truth.append(Segment(start, (len(pcm) - fade / 2) / RATE, label))
    truth[-1] = Segment(truth[-1].start, len(pcm) / RATE, truth[-1].label)
    return Journey(recorded(rng, pcm), tuple(truth))


def _labels(rng: Generator, scenes: int) -> list[str]:
    """Drawn evenly, none twice in a row."""
    labels = [str(rng.choice(DEFAULT_LABELS))]
    while len(labels) < scenes:
        labels.append(str(rng.choice([x for x in DEFAULT_LABELS if x != labels[-1]])))
    return labels


def _joined(first: Signal, second: Signal, fade: int) -> Signal:
    """The second fades in, at constant power, where the first fades out."""
    if len(first) == 0:
        return second
    angle = np.linspace(0, np.pi / 2, fade)
    between = first[-fade:] * np.cos(angle) + second[:fade] * np.sin(angle)
    return np.concatenate((first[:-fade], between, second[fade:]))


def write_set(folder: Path, journeys: Iterable[tuple[str, Journey]]) -> int:
    """Writes (name, journey) pairs as 16-bit WAV files and ``truth.csv``; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(FIELDS)
        for name, journey in journeys:
            wavfile.write(folder / name, RATE, np.round(journey.pcm * 32767).astype(np.int16))
            for part in journey.truth:
                rows.writerow((name, f"{part.start:.3f}", f"{part.end:.3f}", part.label))
            written += 1
    return written
