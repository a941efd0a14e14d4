"""Labelled features of synthetic soundscapes, kept in a cache file between runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from earshot_reference import context, features
from earshot_reference.configuration import DEFAULT_LABELS, ContextParameters
from earshot_reference.soundscapes import generator, signals

_PARALLEL_CHUNK = 4


@dataclass(frozen=True)
class Dataset:
    """``features`` [n, T, F], ``location`` [n], ``time_features`` [n, 8], ``target`` [n]."""

    features: Tensor
    location: Tensor
    time_features: Tensor
    target: Tensor

    def __len__(self) -> int:
        return len(self.target)

    def batches(self, size: int, order: Tensor | None = None) -> Iterator[Dataset]:
        """Consecutive batches, in the given order of rows."""
        for rows in (torch.arange(len(self)) if order is None else order).split(size):
            yield Dataset(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def synthetic(
    seed: int, per_class: int, duration: float, workers: int, cache: Path | None
) -> Dataset:
    """``per_class`` clips of each scene, classes interleaved.

    Args:
        seed: of :func:`earshot_reference.soundscapes.generator.generate`.
        per_class: clips of each scene.
        duration: seconds of each clip.
        workers: processes that generate.
        cache: a folder in which features are kept, under a name that changes with the arguments
            and with the code that made them; None keeps nothing.
    """
    file = None
    if cache is not None:
        file = cache / f"synthetic-{seed}-{per_class}-{duration:g}-{_code_version()}.safetensors"
        if file.exists():
            return Dataset(**load_file(file))
    jobs = [(label, index) for index in range(per_class) for label in DEFAULT_LABELS]
    with ProcessPoolExecutor(workers) as pool:
        rows = list(
            pool.map(
                partial(_row, seed, duration), *zip(*jobs, strict=True), chunksize=_PARALLEL_CHUNK
            )
        )
    dataset = Dataset(*(torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True)))
    if file is not None:
        cache.mkdir(parents=True, exist_ok=True)
        save_file({name: getattr(dataset, name) for name in dataset.__dataclass_fields__}, file)
    return dataset


def _row(seed: int, duration: float, label: str, index: int) -> tuple[np.ndarray, ...]:
    clip = generator.generate(label, seed, index, duration)
    pcm = features.resample(clip.pcm.astype(np.float32), signals.RATE)
    return (
        features.log_mel(pcm),
        np.int64(context.location_index(clip.context.location, ContextParameters())),
        context.time_features(clip.context.record_time),
        np.int64(DEFAULT_LABELS.index(label)),
    )


def _code_version() -> str:
    """Changes whenever the code that makes clips or features does."""
    package = Path(__file__).parent
    files = [*sorted((package / "soundscapes").glob("*.py")), package / "features.py"]
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:12]
