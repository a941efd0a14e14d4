"""Checkpoints and model directories (``config.json`` beside ``model.safetensors``)."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from earshot_reference.ascmamba import AscMamba
from earshot_reference.configuration import ModelConfig, ReferenceError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"

# Where trainers put the state dict inside of a checkpoint, in the order in which they are tried.
_STATE_KEYS = ("model_state_dict", "state_dict", "model", "model_ema", "net")
_PARALLEL_PREFIX = "module."


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The state dict of a ``.pth`` file; no code from the file runs.

    Raises:
        ReferenceError: if the file cannot be read or holds no state dict.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as e:
        raise ReferenceError(f"{path}: cannot be read: {e.strerror}") from e
    except (pickle.UnpicklingError, RuntimeError, EOFError) as e:
        raise ReferenceError(f"{path}: not a checkpoint of tensors alone: {e}") from e
    candidates = [content]
    if isinstance(content, Mapping):
        candidates += [content[key] for key in _STATE_KEYS if key in content]
    for state in candidates:
        if _is_state_dict(state):
            return {name.removeprefix(_PARALLEL_PREFIX): tensor for name, tensor in state.items()}
    raise ReferenceError(
        f"{path}: no state dict, neither at the top nor under {', '.join(_STATE_KEYS)}"
    )


def _is_state_dict(content: object) -> bool:
    return (
        isinstance(content, Mapping)
        and len(content) > 0
        and all(isinstance(n, str) and isinstance(t, Tensor) for n, t in content.items())
    )


def build(config: ModelConfig, state: Mapping[str, Tensor], source: Path) -> AscMamba:
    """The network that config and weights describe, ready for inference.

    Raises:
        ReferenceError: if they do not fit each other; ``source`` is named in the message.
    """
    if config.architecture != "ascmamba":
        raise ReferenceError(
            f"{source}: architecture {config.architecture!r} is not one of: ascmamba"
        )
    try:
        network = AscMamba.of(state)
    except KeyError as e:
        raise ReferenceError(f"{source}: not ASCMamba's weights: tensor {e} is missing") from e
    except RuntimeError as e:
        raise ReferenceError(f"{source}: {e}") from e
    sizes = network.sizes
    _require(source, "labels", len(config.labels), sizes.classes)
    conditioned = sizes.condition_width is not None
    if conditioned != (config.context is not None):
        found = "a context" if config.context is not None else "no context"
        expected = "conditioned" if conditioned else "unconditioned"
        raise ReferenceError(f"{source}: the config has {found}, the weights are {expected}")
    if config.context is not None:
        _require(source, "context.locations", len(config.context.locations), sizes.locations)
    pre_norm = config.model.get("pre_norm") != "none"
    if pre_norm != sizes.pre_norm:
        raise ReferenceError(f"{source}: model.pre_norm contradicts the norms in the weights")
    return network


def _require(source: Path, field: str, found: int, expected: int) -> None:
    if found != expected:
        raise ReferenceError(
            f"{source}: {field} has {found} entries, the weights are for {expected}"
        )


def load(directory: Path) -> tuple[AscMamba, ModelConfig]:
    """Reads a model directory.

    Raises:
        ReferenceError: naming the file and what is wrong with it.
    """
    config = ModelConfig.read(directory / CONFIG)
    weights = directory / WEIGHTS
    try:
        state = load_file(weights)
    except OSError as e:
        raise ReferenceError(f"{weights}: cannot be read: {e}") from e
    except SafetensorError as e:
        raise ReferenceError(f"{weights}: {e}") from e
    return build(config, state, weights), config


def save(directory: Path, config: ModelConfig, state: Mapping[str, Tensor], source: Path) -> None:
    """Writes a model directory, after a check that config and weights fit each other.

    Raises:
        ReferenceError: if they do not; nothing is written then.
    """
    build(config, state, source)
    directory.mkdir(parents=True, exist_ok=True)
    # Without copies, tensors that share a storage would be refused.
    save_file({n: t.detach().clone().contiguous() for n, t in state.items()}, directory / WEIGHTS)
    config.write(directory / CONFIG)
