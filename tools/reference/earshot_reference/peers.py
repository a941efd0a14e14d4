"""What the benchmarks run: a paper-size model, its reference outputs, exports for other engines.

The exports are checked before they are written, at sizes other than those they were traced with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from earshot_reference import context, features, model_directory
from earshot_reference.ascmamba import AscMamba, AscMambaSizes
from earshot_reference.configuration import (
    DEFAULT_LABELS,
    ContextParameters,
    ModelConfig,
    ReferenceError,
)
from earshot_reference.soundscapes import generator, signals

FRAMES = 500
MAXIMUM_BATCH = 8
SWEEP = (250, 500, 1000, 2000)
"""Frames of the clips for which reference outputs are written."""


def random_network(sizes: AscMambaSizes, seed: int) -> AscMamba:
    """PyTorch's initial weights, with noise wherever these have a special form.

    A_log repeats log(1..N) in every row, D and the norms are ones and biases zeros: an engine could
    come to rely on that by mistake.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = AscMamba(sizes).eval()
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                if name.endswith(("A_log", ".D")) or parameter.unique().numel() == 1:
                    parameter.add_(0.2 * torch.randn_like(parameter))
    return network


def example(network: AscMamba, batch: int, frames: int) -> tuple[Tensor, Tensor, Tensor]:
    """Features like log-mel in dB, cities and times; the same ones every time."""
    random = torch.Generator().manual_seed(batch * 10_000 + frames)
    return (
        20 * torch.randn(batch, frames, 64, generator=random) - 40,
        torch.randint(network.sizes.locations, (batch,), generator=random),
        torch.randn(batch, 8, generator=random),
    )


def conditioned(network: AscMamba) -> None:
    """Raises ReferenceError for a network without context: the exports have its inputs."""
    if network.sizes.condition_width is None:
        raise ReferenceError("exports are made of networks with city and time; this one has none")


@torch.no_grad()
def check_agreement(engine: str, network: AscMamba, run: Callable[..., Tensor]) -> None:
    """Raises ReferenceError unless ``run`` agrees to 1e-4 of the spread of the logits."""
    for batch, frames in ((1, 29), (3, 8)):
        inputs = example(network, batch, frames)
        expected = network(*inputs)
        difference = (run(*inputs) - expected).abs().max().item()
        # NaN is not within bounds either.
        if not difference <= 1e-4 * expected.std().item():
            raise ReferenceError(
                f"{engine}: logits differ by {difference:.1e} at batch {batch}, {frames} frames; "
                f"their spread is {expected.std().item():.1e}"
            )


@torch.no_grad()
def write_references(network: AscMamba, config: ModelConfig, directory: Path) -> None:
    """Writes what results are checked against before they are timed.

    ``golden.safetensors`` holds one clip of ``FRAMES``; ``golden-T.safetensors`` clips of T frames,
    ``MAXIMUM_BATCH`` of them where T is ``FRAMES``, one elsewhere; ``golden-pcm.safetensors`` the
    samples of 10 s and their features; ``layers.safetensors`` what goes into and comes out of the
    dense encoder and the first block's two paths.
    """
    conditioned(network)
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
            _layers(network, one, directory / "layers.safetensors")
            save_file(
                {
                    "input.pcm": torch.from_numpy(pcm[0][None]),
                    "input.sample_rate": torch.tensor([rate]),
                    "output.features": mel[:1].clone(),
                },
                directory / "golden-pcm.safetensors",
            )


def _golden(network: AscMamba, inputs: tuple[Tensor, ...], path: Path) -> None:
    names = ("input.features", "input.location", "input.time_features")
    tensors = {name: x.clone() for name, x in zip(names, inputs, strict=True)}
    # One clip at a time: at the largest sizes the scan's states would not fit into memory.
    rows = [[x[i : i + 1] for x in inputs] for i in range(inputs[0].shape[0])]
    embedding = torch.cat([network.embed(*row) for row in rows])
    tensors["output.embedding"] = embedding
    tensors["output.logits"] = network.classifier(embedding)
    save_file(tensors, path)


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


def write(directory: Path, sizes: AscMambaSizes, seed: int) -> None:
    """Writes the model directory, the reference outputs, ``model.onnx`` and the ``.pt`` files."""
    from earshot_reference import onnx_export, torchscript_export

    config = ModelConfig(architecture="ascmamba", context=ContextParameters())
    state = random_network(sizes, seed).state_dict()
    model_directory.save(directory, config, state, directory)
    # What is exported is what was written.
    network, config = model_directory.load(directory)
    onnx_export.write(network, directory / "model.onnx")
    torchscript_export.write(network, directory / "model.pt")
    torchscript_export.write_peak(directory / "peak.pt")
    write_references(network, config, directory)
