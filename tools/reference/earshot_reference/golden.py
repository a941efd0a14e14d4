"""Golden files: inputs and what the PyTorch network makes of them (spec/models.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from earshot_reference import context, features, model_directory
from earshot_reference.configuration import DEFAULT_LABELS, ContextParameters, ReferenceError
from earshot_reference.networks.ascmamba import AscMamba
from earshot_reference.networks.layers import SceneNetwork
from earshot_reference.soundscapes import generator, signals


@torch.no_grad()
def write(
    directory: Path,
    output: Path,
    batch: int,
    duration: float,
    seed: int,
    from_pcm: bool = False,
    ready_condition: bool = False,
) -> None:
    """Writes a golden file for a model directory, from synthetic soundscapes.

    Args:
        directory: the model directory.
        output: the file to write.
        batch: clips; the scenes are taken in turn.
        duration: seconds of each clip.
        seed: of the soundscapes.
        from_pcm: begin from samples at the config's own rate, and write the features as an output.
            The engine's resampler is therefore not part of what is compared.
        ready_condition: hand in condition vectors in place of city and time, to an ASCMamba.

    Raises:
        ReferenceError: if the directory cannot be read, or the network takes no condition vectors.
    """
    network, config = model_directory.load(directory)
    clips = [
        generator.generate(DEFAULT_LABELS[i % len(DEFAULT_LABELS)], seed, i, duration)
        for i in range(batch)
    ]
    pcm = np.stack([_at_rate(clip.pcm, config.features.sample_rate) for clip in clips])
    mel = torch.from_numpy(np.stack([features.log_mel(x, config.features) for x in pcm]))
    if ready_condition:
        contextual = {"condition": _condition(network, batch, seed)}
    elif config.context is not None:
        contextual = _context(config.context, clips)
    else:
        contextual = {}

    tensors: dict[str, Tensor] = {f"input.{name}": t for name, t in contextual.items()}
    if from_pcm:
        tensors["input.pcm"] = torch.from_numpy(pcm)
        tensors["input.sample_rate"] = torch.tensor([config.features.sample_rate])
        tensors["output.features"] = mel
    else:
        tensors["input.features"] = mel
    results = network.outputs(features=mel, **contextual)
    tensors |= {f"output.{name}": x for name, x in results.items()}
    model_directory.write_tensors(tensors, output)


def _at_rate(pcm: signals.Signal, rate: int) -> np.ndarray:
    return features.resample(pcm, signals.RATE, rate).astype(np.float32)


def _condition(network: SceneNetwork, batch: int, seed: int) -> Tensor:
    if not isinstance(network, AscMamba) or not network.contextual:
        raise ReferenceError("condition vectors go into a conditioned ASCMamba only")
    random = torch.Generator().manual_seed(seed)
    return torch.randn(batch, network.sizes.condition_width, generator=random)


def _context(parameters: ContextParameters, clips: list[generator.Clip]) -> dict[str, Tensor]:
    cities = [context.location_index(c.context.location, parameters) for c in clips]
    times = [context.time_features(c.context.record_time, parameters.time_encoding) for c in clips]
    return {
        "location": torch.tensor(cities),
        "time_features": torch.from_numpy(np.stack(times)),
    }
