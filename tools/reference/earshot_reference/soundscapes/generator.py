"""Whole clips with the city and time they pretend to come from, as WAV files and metadata."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.random import Generator
from scipy.io import wavfile

from earshot_reference.configuration import DEFAULT_LABELS, DEFAULT_LOCATIONS
from earshot_reference.soundscapes.scenes import SCENES, Mix
from earshot_reference.soundscapes.signals import (
    RATE,
    Signal,
    coloured,
    count,
    decibels,
    noise,
    normalized,
)

FIELDS = ("filename", "location", "record_time", "scene_label")
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

# When each scene is mostly recorded: centre and width (hours) of one or two busy times.
_BUSY_HOURS = {
    "Bus": ((8, 2.0), (18, 2.0)),
    "Airport": ((13, 5.0),),
    "Metro": ((8, 2.0), (18, 2.5)),
    "Restaurant": ((12, 1.5), (19, 1.5)),
    "Shopping mall": ((16, 3.5),),
    "Public square": ((19, 3.0),),
    "Urban park": ((7, 2.5), (16, 3.0)),
    "Traffic street": ((12, 6.0),),
    "Construction site": ((10, 2.5), (15, 2.5)),
    "Bar": ((22, 2.0),),
}
# Share of clips whose time says nothing: context must help, never decide.
_ANY_HOUR = 0.3
# Share of clips from the few cities where a scene is mostly recorded.
_FAVOURED_CITIES = 0.4


@dataclass(frozen=True)
class Context:
    """Where and when a clip pretends to have been recorded."""

    location: str
    record_time: datetime


@dataclass(frozen=True)
class Clip:
    """One synthetic recording: 48 kHz, mono, within -1..1."""

    label: str
    context: Context
    pcm: Signal


def generate(label: str, seed: int, index: int, duration: float = 10.0) -> Clip:
    """The clip that belongs to (label, seed, index, duration): the same one every time."""
    rng = np.random.default_rng([seed, DEFAULT_LABELS.index(label), index])
    context = draw_context(rng, label)
    mix = Mix(rng, count(duration))
    SCENES[label](mix)
    return Clip(label, context, recorded(rng, mix.signal))


def draw_context(rng: Generator, label: str) -> Context:
    """City and time: likelier ones for the scene, none of them impossible."""
    if rng.random() < _FAVOURED_CITIES:
        # Seven neighbours in the list, so that each city is favoured by a few scenes.
        first = 2 * DEFAULT_LABELS.index(label)
        city = DEFAULT_LOCATIONS[(first + rng.integers(7)) % len(DEFAULT_LOCATIONS)]
    else:
        city = DEFAULT_LOCATIONS[rng.integers(len(DEFAULT_LOCATIONS))]
    if rng.random() < _ANY_HOUR:
        hour = rng.uniform(0, 24)
    else:
        busy = _BUSY_HOURS[label]
        centre, width = busy[rng.integers(len(busy))]
        hour = rng.normal(centre, width) % 24
    day = datetime(2023, 4, 1) + timedelta(days=int(rng.integers(183)))
    return Context(city, day + timedelta(seconds=int(hour * 3600)))


def recorded(
    rng: Generator,
    scene: Signal,
    colour: tuple[float, float] = (0.5, 3.5),
    self_noise: tuple[float, float] = (-65, -38),
) -> Signal:
    """Through a device of its own: frequency response, self-noise, level, now and then clipped.

    Args:
        rng: the device's details.
        scene: what it records.
        colour: least and most unevenness of its frequency response, in dB.
        self_noise: least and most level of its noise, in dB relative to the scene.
    """
    out = normalized(coloured(rng, scene, rng.uniform(*colour)))
    out += decibels(rng.uniform(*self_noise)) * noise(rng, len(out), 0.2)
    out *= decibels(rng.uniform(-38, -14))
    if rng.random() < 0.1:
        out = np.tanh(4 * out) / 2
    return np.clip(out, -1, 1)


def write_set(
    folder: Path, clips: Iterable[tuple[str, Clip]], metadata: str = "metadata.csv"
) -> int:
    """Writes (name, clip) pairs as 16-bit WAV files and their metadata; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    with (folder / metadata).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(FIELDS)
        for name, clip in clips:
            wavfile.write(folder / name, RATE, np.round(clip.pcm * 32767).astype(np.int16))
            time = clip.context.record_time.strftime(TIME_FORMAT)
            rows.writerow((name, clip.context.location, time, clip.label))
            written += 1
    return written


def file_stem(label: str) -> str:
    """ "Shopping mall" to "shopping-mall"."""
    return label.lower().replace(" ", "-")
