"""Log-mel features of a set's recordings, computed once, in parallel, and kept on disk."""

from __future__ import annotations

import hashlib
import inspect
import os
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile
import torch
from earshot_reference import context, features
from earshot_reference.configuration import ContextParameters, FeatureParameters

from earshot_training.data.clips import ClipSet, DataError
from earshot_training.data.tensors import TensorSet

_PARALLEL_CHUNK = 8
# Recordings of one length differ by a few frames at most; a stray short one would cost all others.
_SHORTEST = 0.9


def load_features(
    clip_set: ClipSet,
    parameters: FeatureParameters = FeatureParameters(),
    cache_folder: Path | None = None,
    workers: int = 1,
    locations: tuple[str, ...] = ContextParameters().locations,
) -> TensorSet:
    """Features, context and targets of all clips, in the set's order.

    Clips that differ by a few frames are all cut to the shortest one's. Targets are soft where any
    clip has a soft target, else class numbers.

    Args:
        clip_set: the recordings.
        parameters: of the log-mel.
        cache_folder: where features are kept, a file a clip, under a name that changes with the
            recording (path, size, time of change), the parameters and the code; a damaged file is
            computed again. None keeps nothing.
        workers: processes that compute what is not in the cache.
        locations: the cities that have an embedding; others are unknown.

    Raises:
        DataError: for an empty set, a recording that cannot be read, or one much shorter than the
            others; nothing is computed if a recording is missing or empty.
    """
    if not clip_set.clips:
        raise DataError("clips", "none", "one at least")
    paths = [clip.audio for clip in clip_set.clips]
    files = [_cache_file(cache_folder, path, parameters) for path in paths]
    rows = [None if file is None else _cached(file, parameters) for file in files]
    missing = [row for row, value in enumerate(rows) if value is None]
    for row in missing:
        _check_audio(paths[row])
    if missing:
        if cache_folder is not None:
            cache_folder.mkdir(parents=True, exist_ok=True)
        jobs = [(paths[row], files[row], parameters) for row in missing]
        if workers == 1:
            computed = map(_compute, jobs)
            for row, value in zip(missing, computed, strict=True):
                rows[row] = value
        else:
            with ProcessPoolExecutor(workers) as pool:
                computed = pool.map(_compute, jobs, chunksize=_PARALLEL_CHUNK)
                for row, value in zip(missing, computed, strict=True):
                    rows[row] = value
    frames = _common_frames(clip_set, [len(value) for value in rows])
    cities = ContextParameters(locations=locations, unknown_location="mean")
    return TensorSet(
        torch.from_numpy(np.stack([value[:frames] for value in rows])),
        torch.tensor([context.location_index(c.city, cities) for c in clip_set.clips]),
        torch.from_numpy(np.stack([context.time_features(c.time) for c in clip_set.clips])),
        targets(clip_set),
        tuple(clip.name for clip in clip_set.clips),
    )


def targets(clip_set: ClipSet) -> torch.Tensor:
    """What the clips are to be told to be: int64 [n], or float32 [n, classes] if any is soft."""
    number = {label: index for index, label in enumerate(clip_set.labels)}
    hard = torch.tensor([number.get(clip.label, -1) for clip in clip_set.clips])
    if all(clip.probabilities is None for clip in clip_set.clips):
        return hard
    soft = torch.zeros(len(clip_set), len(clip_set.labels))
    for row, clip in enumerate(clip_set.clips):
        if clip.probabilities is not None:
            soft[row] = torch.tensor(clip.probabilities)
        elif clip.label is not None:
            soft[row, hard[row]] = 1
    return soft


def read_mono(path: Path, rate: int) -> np.ndarray:
    """A recording's samples, float32 within -1..1: mean of the channels, at the given rate."""
    try:
        samples, found = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as e:
        raise DataError(path, f"{e}", "a recording that can be read") from e
    mono = samples.mean(1)
    return mono if found == rate else features.resample(mono, found, rate)


def _compute(job: tuple[Path, Path | None, FeatureParameters]) -> np.ndarray:
    path, file, parameters = job
    value = features.log_mel(read_mono(path, parameters.sample_rate), parameters)
    if file is not None:
        # Another process may write the same clip's features: each writes a file of its own.
        temporary = file.with_suffix(f".{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as stream:
                np.savez(stream, features=value)
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    return value


def _cached(file: Path, parameters: FeatureParameters) -> np.ndarray | None:
    # The archive's check sum finds what is damaged.
    try:
        with np.load(file, allow_pickle=False) as archive:
            value = archive["features"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    right = value.ndim == 2 and value.shape[1] == parameters.n_mels and value.dtype == np.float32
    return value if right and len(value) else None


def _cache_file(folder: Path | None, path: Path, parameters: FeatureParameters) -> Path | None:
    try:
        status = path.stat()
    except OSError as e:
        raise DataError(path, e.strerror.lower(), "a recording") from e
    if folder is None:
        return None
    identity = (path.resolve().as_posix(), status.st_size, status.st_mtime_ns)
    text = repr((identity, asdict(parameters), _code_version()))
    return folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.npz"


def _code_version() -> str:
    code = inspect.getsource(features) + inspect.getsource(read_mono)
    return hashlib.sha256(code.encode()).hexdigest()[:12]


def _check_audio(path: Path) -> None:
    try:
        found = soundfile.info(path)
    except (OSError, soundfile.SoundFileError) as e:
        raise DataError(path, f"{e}", "a recording that can be read") from e
    if not found.frames:
        raise DataError(path, "no samples", "sound")


def _common_frames(clip_set: ClipSet, frames: list[int]) -> int:
    shortest, longest = min(frames), max(frames)
    if shortest < _SHORTEST * longest:
        path = clip_set.clips[frames.index(shortest)].audio
        raise DataError(path, f"{shortest} frames", f"about as many as others: {longest}")
    return shortest
