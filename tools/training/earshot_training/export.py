"""A trained network as a model directory that Earshot reads, with golden files to check it by."""

from __future__ import annotations

import shutil
from pathlib import Path

from earshot_reference import golden, model_directory
from earshot_reference.configuration import ModelConfig
from earshot_reference.networks.layers import SceneNetwork

_GOLDEN_SEED = 2025
_CLIPS = 2
_SECONDS = 2.4


def write(network: SceneNetwork, config: ModelConfig, directory: Path) -> None:
    """Writes the directory: config, weights, and goldens from features and from samples.

    It appears when it is whole; one that was there is replaced.
    """
    part = directory.with_name(directory.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    state = {name: x.detach().cpu() for name, x in network.state_dict().items()}
    model_directory.save(part, config, state, directory)
    golden.write(part, part / "golden.safetensors", _CLIPS, _SECONDS, _GOLDEN_SEED)
    golden.write(part, part / "golden-pcm.safetensors", 1, _SECONDS, _GOLDEN_SEED, from_pcm=True)
    shutil.rmtree(directory, ignore_errors=True)
    part.rename(directory)
