"""Networks with random weights, and inputs to try them on: for tests, benchmarks and fixtures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from earshot_reference import model_directory
from earshot_reference.configuration import ReferenceError
from earshot_reference.networks.architectures import NETWORKS
from earshot_reference.networks.layers import SceneNetwork

NOISE = 0.2


@torch.no_grad()
def disturb(module: nn.Module) -> nn.Module:
    """Adds noise to weights wherever PyTorch's initial ones have a special form.

    A_log repeats log(1..N) in every row, D and the norms are ones and biases zeros: an engine could
    come to rely on that by mistake.
    """
    for name, parameter in module.named_parameters():
        if name.endswith(("A_log", ".D")) or parameter.unique().numel() == 1:
            parameter.add_(NOISE * torch.randn_like(parameter))
    return module


@torch.no_grad()
def observe(module: nn.Module, *inputs: Tensor) -> nn.Module:
    """Gives the batch norms the statistics of what reaches them; back for inference."""
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if norms:
        module.train()
        for norm in norms:
            # The whole of what is seen now, nothing of the initial zeros and ones.
            norm.momentum = None
        module(*inputs)
    return module.eval()


def network(architecture: str, sizes: Any, seed: int) -> SceneNetwork:
    """A network with PyTorch's initial weights, disturbed; the same seed gives the same.

    Raises:
        ReferenceError: if there is no network of these sizes.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            made = disturb(NETWORKS[architecture](sizes))
        except (RuntimeError, ValueError, ArithmeticError) as e:
            raise ReferenceError(f"no {architecture} of these sizes: {e}") from e
    return observe(made, *example(made, batch=4, frames=64))


def write(directory: Path, architecture: str, sizes: Any, seed: int) -> None:
    """Writes a model directory of a random network.

    Raises:
        ReferenceError: if its config cannot be told from its weights.
    """
    state = network(architecture, sizes, seed).state_dict()
    config = model_directory.recognise(state, directory)
    config = replace(config, labels=names(config.labels, sizes.classes))
    if config.context is not None:
        locations = names(config.context.locations, sizes.locations)
        config = replace(config, context=replace(config.context, locations=locations))
    model_directory.save(directory, config, state, directory)


def names(usual: tuple[str, ...], count: int) -> tuple[str, ...]:
    """The usual names where they are so many, else numbers."""
    return usual if count == len(usual) else tuple(str(i) for i in range(count))


def example(network: SceneNetwork, batch: int, frames: int) -> tuple[Tensor, ...]:
    """Features like log-mel in dB, and cities and times if asked for; the same ones every time."""
    random = torch.Generator().manual_seed(batch * 10_000 + frames)
    inputs = [20 * torch.randn(batch, frames, 64, generator=random) - 40]
    if network.contextual:
        inputs.append(torch.randint(network.sizes.locations, (batch,), generator=random))
        inputs.append(torch.randn(batch, 8, generator=random))
    return tuple(inputs)


@torch.no_grad()
def check_agreement(
    engine: str, network: SceneNetwork, run: Callable[..., dict[str, Tensor]]
) -> None:
    """Raises ReferenceError unless ``run`` agrees to 1e-4 of the spread of each output it gives."""
    for batch, frames in ((1, 29), (3, 8)):
        inputs = example(network, batch, frames)
        expected = network.outputs(*inputs)
        for name, actual in run(*inputs).items():
            difference = (actual - expected[name]).abs().max().item()
            spread = expected[name].std().item()
            # NaN is not within bounds either.
            if not difference <= 1e-4 * spread:
                raise ReferenceError(
                    f"{engine}: {name} differ by {difference:.1e} at batch {batch}, "
                    f"{frames} frames; their spread is {spread:.1e}"
                )
