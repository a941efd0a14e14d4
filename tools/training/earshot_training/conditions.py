"""How a model fares on a labelled set when it is told less or wrong things, or hears less."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import torch
from earshot_reference import model_directory
from earshot_reference.configuration import ReferenceError
from earshot_reference.context import UNKNOWN
from earshot_reference.networks.fast_scan import fast_selective_scan

from earshot_training import networks
from earshot_training.data import TensorSet, load_cas, load_features
from earshot_training.engine import validate

_SECONDS = (5, 2)
_SEED = 0


def without_context(data: TensorSet) -> TensorSet:
    """The same clips, from nobody knows where and when."""
    return replace(
        data,
        location=torch.full_like(data.location, UNKNOWN),
        time_features=torch.zeros_like(data.time_features),
    )


def with_foreign_context(data: TensorSet, seed: int) -> TensorSet:
    """The same clips, each with the city and time of another clip drawn at random."""
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(seed))
    return replace(data, location=data.location[order], time_features=data.time_features[order])


def shortened(data: TensorSet, frames: int) -> TensorSet:
    """The beginning of each clip."""
    return replace(data, features=data.features[:, :frames])


def lines(model: Path, metadata: Path, audio: Path) -> list[str]:
    """The macro accuracy under each condition, and the recall of each class as recorded.

    Args:
        model: model directory of a network with city and time.
        metadata: CSV in the challenge's form, with labels.
        audio: folder with the recordings.

    Raises:
        ReferenceError: if the network has no context, or the set cannot be used.
    """
    network, config = model_directory.load(model)
    if config.context is None:
        raise ReferenceError(f"{model}: found a network without city and time, expected one with")
    networks.use_scan(network, fast_selective_scan)
    clips = load_cas(metadata, audio, config.labels).labelled()
    data = load_features(
        clips,
        config.features,
        workers=os.cpu_count() or 1,
        locations=config.context.locations,
    ).soft(len(config.labels))
    rate = config.features.sample_rate / config.features.hop_length
    conditions = {
        "city and time of the clip": data,
        "neither": without_context(data),
        "another clip's city and time": with_foreign_context(data, _SEED),
        **{f"the first {s} s": shortened(data, round(s * rate)) for s in _SECONDS},
    }
    results = {name: validate(network, part) for name, part in conditions.items()}
    report = [f"{name}: {100 * x.macro_accuracy:.1f} %" for name, x in results.items()]
    as_recorded = next(iter(results.values()))
    return [
        "macro accuracy",
        *report,
        "recall",
        *(f"{config.labels[x]}: {100 * share:.1f} %" for x, share in as_recorded.recall.items()),
    ]
