"""Corpora of synthetic soundscapes for the papers' whole schedule, made harder than the demo's.

Nothing in them was recorded anywhere: what a network reaches on them says nothing about
real cities.
Three things make them hard. Another scene sounds into most clips, sometimes as loud as the clip's
own. Recording devices colour and hiss. And the evaluation set has rougher devices, cities of which
the development set has no clip, and hours moved about, as the challenge's has.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from earshot_reference.configuration import DEFAULT_LABELS
from earshot_reference.soundscapes import generator
from earshot_reference.soundscapes.scenes import SCENES, Mix
from earshot_reference.soundscapes.signals import RATE, Signal, count, decibels, normalized
from numpy.random import Generator
from scipy.io import wavfile

from earshot_training.data.cas import load_cas
from earshot_training.data.clips import ClipSet, DataError
from earshot_training.data.tau import TAU_LABELS, load_tau

NEW_CITIES = ("Nanchang", "Shenyang", "Guangzhou", "Changchun", "Tianjin", "Taiyuan")
"""Cities of the evaluation set alone (the ASCMamba paper's list of unseen ones)."""

# What each class of the pre-training corpus is made of: scenes of which one is drawn, or two that
# sound at once. Restaurant, construction site and bar are not in it, as in TAU.
_PRETRAINING = {
    "airport": ("Airport",),
    "bus": ("Bus",),
    "metro": ("Metro",),
    "metro_station": ("Metro", "Airport"),
    "park": ("Urban park",),
    "public_square": ("Public square",),
    "shopping_mall": ("Shopping mall",),
    "street_pedestrian": ("Public square", "Shopping mall"),
    "street_traffic": ("Traffic street",),
    "tram": ("Metro", "Traffic street"),
}
_TAU_CITIES = ("barcelona", "helsinki", "lisbon", "london", "lyon")
_TAU_TRAINING = 0.75
_PARALLEL_CHUNK = 8


@dataclass(frozen=True)
class Difficulty:
    """How far a recording is from its scene alone; ranges, in dB, of what is drawn for a clip."""

    intruded: float = 0.8
    """Share of clips into which another scene sounds."""
    intrusion: tuple[float, float] = (-15, -1)
    """Level of the other scene relative to the clip's own."""
    colour: tuple[float, float] = (1, 5)
    self_noise: tuple[float, float] = (-50, -20)


DEVELOPMENT = Difficulty()
EVALUATION = Difficulty(0.8, (-12, 0), (2, 6), (-42, -14))


@dataclass(frozen=True)
class Plan:
    """What to write. The same plan gives the same files."""

    pretraining: int = 20
    """Clips a class; so are the next four."""
    development: int = 60
    validation: int = 8
    test: int = 20
    evaluation: int = 20
    labelled_share: float = 0.2
    """Share of each class of the development set that has its label."""
    duration: float = 2.0
    """Seconds of each clip."""
    seed: int = 1


@dataclass(frozen=True)
class Corpus:
    """The sets of a corpus on disk."""

    pretraining: ClipSet
    """Other classes (TAU's), without times, of cities that no network knows."""
    development: ClipSet
    """A share has labels."""
    truth: ClipSet
    """The development set with all labels, to judge pseudo-labels by."""
    validation: ClipSet
    test: ClipSet
    evaluation: ClipSet
    """Other devices, cities and times."""


SETS = ("development", "validation", "test", "evaluation")


def corpus(folder: Path, plan: Plan, workers: int = 1) -> Corpus:
    """The corpus in ``folder``, written first if it is not there.

    The folder gets ``pretraining/`` in TAU's layout, and for each of ``SETS`` a folder of WAV files
    and a CSV in the challenge's form; ``truth.csv`` has the development set's labels.

    Raises:
        DataError: for a plan without clips, or a folder that holds something else.
    """
    for name in ("pretraining", *SETS):
        if getattr(plan, name) < 2:
            raise DataError(f"plan: {name}", str(getattr(plan, name)), "2 clips a class or more")
    stamp = folder / "corpus.json"
    wanted = {**asdict(plan), "code": _code_version()}
    if not (stamp.exists() and json.loads(stamp.read_text()) == wanted):
        if folder.exists() and any(folder.iterdir()) and not stamp.exists():
            raise DataError(folder, "other files", "an empty folder, or a corpus")
        folder.mkdir(parents=True, exist_ok=True)
        # Until it is whole, the folder says that it is a corpus, but not which.
        stamp.write_text("{}")
        _write(folder, plan, workers)
        stamp.write_text(json.dumps(wanted, indent=1) + "\n")
    return Corpus(
        load_tau(folder / "pretraining"),
        load_cas(folder / "development.csv", folder / "development"),
        load_cas(folder / "truth.csv", folder / "development"),
        *(load_cas(folder / f"{name}.csv", folder / name) for name in SETS[1:]),
    )


def _write(folder: Path, plan: Plan, workers: int) -> None:
    jobs = [
        (folder, plan, name, index * len(DEFAULT_LABELS) + number)
        for name in ("pretraining", *SETS)
        for index in range(getattr(plan, name))
        for number in range(len(DEFAULT_LABELS))
    ]
    for name in ("pretraining/audio", "pretraining/evaluation_setup", *SETS):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for old in (folder / name).glob("*.wav"):
            old.unlink()
    if workers == 1:
        rows = [_write_clip(job) for job in jobs]
    else:
        with ProcessPoolExecutor(workers) as pool:
            rows = list(pool.map(_write_clip, jobs, chunksize=_PARALLEL_CHUNK))
    by_set: dict[str, list[tuple[str, ...]]] = {name: [] for name in ("pretraining", *SETS)}
    for job, row in zip(jobs, rows, strict=True):
        by_set[job[2]].append(row)
    write_tau_tables(folder / "pretraining", by_set.pop("pretraining"))
    for name, lines in by_set.items():
        write_table(folder / f"{name}.csv", [generator.FIELDS, *lines])
    (folder / "development.csv").replace(folder / "truth.csv")
    truth = load_cas(folder / "truth.csv", folder / "development")
    told = {
        c.name for c in truth.with_share_labelled(plan.labelled_share, plan.seed).labelled().clips
    }
    lines = [(*r[:3], r[3] if r[0] in told else "") for r in by_set["development"]]
    write_table(folder / "development.csv", [generator.FIELDS, *lines])


def _write_clip(job: tuple[Path, Plan, str, int]) -> tuple[str, ...]:
    """Writes one clip; returns its line of the set's table."""
    folder, plan, name, position = job
    number, index = position % len(DEFAULT_LABELS), position // len(DEFAULT_LABELS)
    rng = np.random.default_rng([plan.seed, ("pretraining", *SETS).index(name), position])
    if name == "pretraining":
        label = TAU_LABELS[number]
        city = _TAU_CITIES[index % len(_TAU_CITIES)]
        file = f"{label}-{city}-{index}-{position}-a"
        pcm = _pretraining_sound(rng, label, plan.duration)
        write_wav(folder / "pretraining" / "audio" / f"{file}.wav", pcm)
        return (f"audio/{file}.wav", label, f"{city}-{label}-{index}", "a")
    label = DEFAULT_LABELS[number]
    context = _context(rng, label, name == "evaluation")
    difficulty = EVALUATION if name == "evaluation" else DEVELOPMENT
    # A number that says nothing of the class, as the challenge's names do not.
    file = hashlib.sha256(repr((plan.seed, name, position)).encode()).hexdigest()[:16]
    pcm = sound(rng, label, plan.duration, difficulty)
    write_wav(folder / name / f"{file}.wav", pcm)
    time = context.record_time.strftime(generator.TIME_FORMAT)
    return (file, context.location, time, label)


def sound(rng: Generator, label: str, duration: float, difficulty: Difficulty) -> Signal:
    """A scene, perhaps with another one that sounds into it, through a device."""
    scene = _scene(rng, label, duration)
    if rng.random() < difficulty.intruded:
        others = [other for other in DEFAULT_LABELS if other != label]
        intruder = _scene(rng, others[rng.integers(len(others))], duration)
        scene = scene + intruder * decibels(rng.uniform(*difficulty.intrusion))
    return generator.recorded(rng, scene, difficulty.colour, difficulty.self_noise)


def _pretraining_sound(rng: Generator, label: str, duration: float) -> Signal:
    scene = sum(_scene(rng, part, duration) for part in _PRETRAINING[label])
    return generator.recorded(rng, scene, DEVELOPMENT.colour, DEVELOPMENT.self_noise)


def _scene(rng: Generator, label: str, duration: float) -> Signal:
    mix = Mix(rng, count(duration))
    SCENES[label](mix)
    return normalized(mix.signal)


def _context(rng: Generator, label: str, evaluation: bool) -> generator.Context:
    context = generator.draw_context(rng, label)
    if evaluation:
        city = context.location
        if rng.random() < 0.5:
            city = NEW_CITIES[rng.integers(len(NEW_CITIES))]
        moved = context.record_time + timedelta(hours=rng.uniform(-4, 4))
        return generator.Context(city, moved.replace(microsecond=0))
    while context.location in NEW_CITIES:
        context = generator.draw_context(rng, label)
    return context


def write_wav(file: Path, pcm: Signal) -> None:
    """A mono recording of 16 bits."""
    wavfile.write(file, RATE, np.round(pcm * 32767).astype(np.int16))


def write_table(file: Path, lines: Iterable[Iterable[str]], delimiter: str = ",") -> None:
    """A table in UTF-8."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(lines)


def write_tau_tables(folder: Path, lines: list[tuple[str, ...]]) -> None:
    """TAU's ``meta.csv`` and its split: the first three quarters train, the others are evaluated.

    Args:
        folder: of the set.
        lines: file name, label, identifier and source label of each recording.
    """
    header = ("filename", "scene_label", "identifier", "source_label")
    write_table(folder / "meta.csv", [header, *lines], "\t")
    setup = folder / "evaluation_setup"
    setup.mkdir(parents=True, exist_ok=True)
    training = round(_TAU_TRAINING * len(lines))
    parts = {"train": lines[:training], "evaluate": lines[training:]}
    for part, chosen in parts.items():
        rows = [header[:2], *(line[:2] for line in chosen)]
        write_table(setup / f"fold1_{part}.csv", rows, "\t")


def _code_version() -> str:
    files = [*sorted(Path(generator.__file__).parent.glob("*.py")), Path(__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
