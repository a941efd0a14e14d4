"""What the benchmarks run: a paper-size model, its reference outputs, exports for other engines.

The exports are checked before they are written, at sizes other than those they were traced with.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from earshot_reference import context, features, model_directory, random_model
from earshot_reference.configuration import DEFAULT_LABELS, ModelConfig, ReferenceError
from earshot_reference.networks.ascmamba import AscMamba
from earshot_reference.networks.layers import SceneNetwork
from earshot_reference.soundscapes import generator, signals

FRAMES = 500
MAXIMUM_BATCH = 8
SWEEP = (250, 500, 1000, 2000)
"""Frames of the clips for which reference outputs are written."""


@torch.no_grad()
def write_references(network: SceneNetwork, config: ModelConfig, directory: Path) -> None:
    """Writes what results are checked against before they are timed.

    ``golden.safetensors`` holds one clip of ``FRAMES``; ``golden-T.safetensors`` clips of T frames,
    ``MAXIMUM_BATCH`` of them where T is ``FRAMES``, one elsewhere; ``golden-pcm.safetensors`` the
    samples of 10 s and their features; of an ASCMamba, ``layers.safetensors`` what goes into and
    comes out of the dense encoder and the first block's two paths.

    Raises:
        ReferenceError: if the network is without context: the benchmarks hand one in.
    """
    if config.context is None:
        raise ReferenceError("the benchmarks' networks have city and time; this one has none")
    rate = config.features.sample_rate
    for frames in SWEEP:
        batch = MAXIMUM_BATCH if frames == FRAMES else 1
        seconds = frames * config.features.hop_length / rate
        clips = [generator.generate(DEFAULT_LABELS[i], 0, i, seconds) for i in range(batch)]
        pcm = [features.resample(x.pcm, signals.RATE, rate).astype(np.float32) for x in clips]
        parameters = replace(config.features, frames=frames)
        mel = torch.from_numpy(np.stack([features.log_mel(x, parameters) for x in pcm]))
        cities = [context.location_index(x.context.location, config.context) for x in clips]
        times = [context.time_features(x.context.record_time) for x in clips]
        inputs = (mel, torch.tensor(cities), torch.from_numpy(np.stack(times)))
        _golden(network, inputs, directory / f"golden-{frames}.safetensors")
        if frames == FRAMES:
            one = tuple(x[:1] for x in inputs)
            _golden(network, one, directory / "golden.safetensors")
            if isinstance(network, AscMamba):
                _layers(network, one, directory / "layers.safetensors")
            save_file(
                {
                    "input.pcm": torch.from_numpy(pcm[0][None]),
                    "input.sample_rate": torch.tensor([rate]),
                    "output.features": mel[:1].clone(),
                },
                directory / "golden-pcm.safetensors",
            )


def _golden(network: SceneNetwork, inputs: tuple[Tensor, ...], path: Path) -> None:
    named = {f"input.{name}": x.clone() for name, x in zip(network.inputs, inputs, strict=True)}
    # One clip at a time: at the largest sizes the scan's states would not fit into memory.
    rows = [network.outputs(*(x[i : i + 1] for x in inputs)) for i in range(len(inputs[0]))]
    outputs = {f"output.{name}": torch.cat([row[name] for row in rows]) for name in rows[0]}
    save_file(named | outputs, path)


def _layers(network: AscMamba, inputs: tuple[Tensor, ...], path: Path) -> None:
    mel, location, time_features = inputs
    condition = network.context_encoder(location, time_features)
    encoded = network.dense_encoder(mel[:, None]).permute(0, 2, 3, 1).contiguous()
    block = network.blocks[0]
    time = block._path(encoded.transpose(1, 2), condition, "time", block.tlinear).transpose(1, 2)
    tensors = {
        "features": mel,
        "condition": condition,
        "dense_encoder": encoded,
        "time_path": time,
        "frequency_path": block(encoded, condition),
    }
    save_file({name: x.contiguous() for name, x in tensors.items()}, path)


def write(directory: Path, architecture: str, sizes: Any, seed: int) -> None:
    """Writes the model directory, the reference outputs, ``model.onnx`` and the ``.pt`` files."""
    from earshot_reference.peers import onnx_export, torchscript_export

    random_model.write(directory, architecture, sizes, seed)
    # What is exported is what was written.
    network, config = model_directory.load(directory)
    onnx_export.write(network, directory / "model.onnx")
    torchscript_export.write(network, directory / "model.pt")
    torchscript_export.write_peak(directory / "peak.pt")
    write_references(network, config, directory)
