"""Checkpoints and model directories (``config.json`` beside ``model.safetensors``)."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from earshot_reference.configuration import ModelConfig, ReferenceError
from earshot_reference.networks import architectures
from earshot_reference.networks.layers import SceneNetwork, require_equal

CONFIG = "config.json"
WEIGHTS = "model.safetensors"

# Where trainers put the state dict inside of a checkpoint, in the order in which they are tried.
_STATE_KEYS = ("model_state_dict", "state_dict", "model", "model_ema", "net")
_PARALLEL_PREFIX = "module."
# What comes of bytes that are no pickle, and of tensors with other numbers of dimensions.
_UNREADABLE = (LookupError, ValueError, TypeError, AttributeError)


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The state dict of a ``.pth`` file; no code from the file runs.

    Raises:
        ReferenceError: if the file cannot be read or holds no state dict.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as e:
        raise ReferenceError(f"{path}: cannot be read: {e.strerror}") from e
    except (pickle.UnpicklingError, RuntimeError, EOFError, *_UNREADABLE) as e:
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


def recognise(state: Mapping[str, Tensor], source: Path) -> ModelConfig:
    """The config of weights that come without one (:func:`architectures.recognised`).

    Raises:
        ReferenceError: if they are of no known architecture; ``source`` is named in the message.
    """
    with _naming(source):
        return architectures.recognised(state)


def build(config: ModelConfig, state: Mapping[str, Tensor], source: Path) -> SceneNetwork:
    """The network that config and weights describe, ready for inference.

    Raises:
        ReferenceError: if they do not fit each other; ``source`` is named in the message.
    """
    with _naming(source):
        network = architectures.build(state, config)
        require_equal("labels, how many", len(config.labels), network.sizes.classes)
        if network.contextual != (config.context is not None):
            found = "a context" if config.context is not None else "no context"
            expected = "conditioned" if network.contextual else "unconditioned"
            raise ReferenceError(f"the config has {found}, the weights are {expected}")
        if config.context is not None:
            found = len(config.context.locations)
            require_equal("context.locations, how many", found, network.sizes.locations)
        return network


@contextmanager
def _naming(source: Path) -> Iterator[None]:
    """Turns what is wrong with weights into an error that names their file."""
    try:
        yield
    except KeyError as e:
        raise ReferenceError(f"{source}: tensor {e} is missing") from e
    except (RuntimeError, ReferenceError) as e:
        raise ReferenceError(f"{source}: {e}") from e
    except _UNREADABLE as e:
        raise ReferenceError(f"{source}: a tensor of other dimensions than its place: {e}") from e


def load(directory: Path) -> tuple[SceneNetwork, ModelConfig]:
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
    """Writes a model directory: what the network uses of the weights, and the config.

    Raises:
        ReferenceError: if they do not fit each other; nothing is written then.
    """
    used = build(config, state, source).state_dict()
    directory.mkdir(parents=True, exist_ok=True)
    write_tensors({name: x.contiguous() for name, x in used.items()}, directory / WEIGHTS)
    config.write(directory / CONFIG)


def write_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Writes a safetensors file.

    Raises:
        ReferenceError: naming the file, if it cannot be written.
    """
    try:
        save_file(dict(tensors), path)
    except SafetensorError as e:
        raise ReferenceError(f"{path}: cannot be written: {e}") from e
