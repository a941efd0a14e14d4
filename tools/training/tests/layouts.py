"""Tiny folders in the corpora's layouts, with synthetic sound in them."""

from functools import cache
from pathlib import Path

from earshot_reference.configuration import DEFAULT_LABELS
from earshot_reference.soundscapes import generator
from earshot_reference.soundscapes.signals import Signal

from earshot_training.data.synthetic import write_table, write_tau_tables, write_wav


@cache
def _sound(label: str, duration: float) -> Signal:
    return generator.generate(label, 1, 0, duration).pcm


def write_wavs(folder: Path, names: list[str], duration: float = 0.2) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(names):
        write_wav(folder / f"{name}.wav", _sound(DEFAULT_LABELS[index % 3], duration))


def write_cas(
    folder: Path, lines: list[tuple[str, str, str, str]], mark: bool = False
) -> tuple[Path, Path]:
    """The challenge's layout: metadata (with a byte-order mark if asked for) and its recordings."""
    write_wavs(folder / "audio", [line[0].removesuffix(".wav") for line in lines])
    file = folder / "metadata.csv"
    write_table(file, [generator.FIELDS, *lines])
    if mark:
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    return file, folder / "audio"


def write_tau(folder: Path, labels: tuple[str, ...]) -> None:
    """Two recordings of each class, by devices a and s1."""
    names = [
        f"{label}-barcelona-{i}-{10 * i}-{device}"
        for i, label in enumerate(labels)
        for device in ("a", "s1")
    ]
    write_wavs(folder / "audio", names)
    lines = [
        (f"audio/{n}.wav", n.split("-")[0], f"barcelona-{n.split('-')[2]}", n.split("-")[4])
        for n in names
    ]
    write_tau_tables(folder, lines)


def write_cochlscene(folder: Path, labels: tuple[str, ...], parts: tuple[str, ...]) -> None:
    """Two clips of one recording of each class in each part."""
    for number, part in enumerate(parts):
        for label in labels:
            names = [f"{label}_user000{number}_14850000_00{i}" for i in range(2)]
            write_wavs(folder / part / label, names)
