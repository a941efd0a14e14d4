"""Networks as a recipe describes them, and weights carried from one stage into the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from earshot_reference.configuration import (
    COARSE_LABELS,
    DEFAULT_LOCATIONS,
    DEFAULT_SUPERSET,
    ContextParameters,
    FeatureParameters,
    ModelConfig,
    ReferenceError,
)
from earshot_reference.networks.architectures import NETWORKS, SIZES
from earshot_reference.networks.ascmamba import AscMamba, Mixer
from earshot_reference.networks.fast_scan import fast_selective_scan
from earshot_reference.networks.layers import SceneNetwork
from earshot_reference.networks.mobile_asc_net import MobileAscNet
from earshot_reference.networks.scan import Scan, selective_scan
from earshot_reference.networks.se_trans import SeTrans
from torch import Tensor

from earshot_training import strict
from earshot_training.augmentation import require

# What is not the recipe's to say: labels, cities and the context's being there decide it.
_DERIVED = ("classes", "locations", "coarse_classes", "superset", "bands", "pooled_bands")

_HEADS = ("classifier.", "fc.", "fc_coarse.")
_CONTEXT = ("context_encoder.", "location_embedding.", "time_mapping.")


@dataclass(frozen=True)
class NetworkSection:
    """The section ``network`` of a recipe."""

    architecture: Literal["ascmamba", "se-trans", "mobile-asc-net"]
    context: bool = True
    """Whether city and time are inputs."""
    coarse: bool = False
    """Whether SE-Trans has its second head, indoor or outdoor."""
    time_encoding: Literal["cyclic", "zeros"] = "cyclic"
    unknown_location: Literal["first", "mean", "error"] = "mean"
    sizes: dict[str, Any] = field(default_factory=dict)
    """Those that are not the paper's."""

    def __post_init__(self) -> None:
        for name in _DERIVED:
            require(name not in self.sizes, f"sizes.{name}", self.sizes.get(name), "no such key")
        two_heads = not self.coarse or self.architecture == SeTrans.architecture
        require(two_heads, "coarse", True, "false: only se-trans has a second head")
        sizes = strict.read(SIZES[self.architecture], self.sizes, where="", key="sizes")
        if self.architecture == MobileAscNet.architecture:
            expected = ("early", "gated") if self.context else ("none",)
            fits = sizes.fusion in expected
            require(
                fits, "sizes.fusion", sizes.fusion, f"{' or '.join(expected)} with this context"
            )


def config(section: NetworkSection, labels: tuple[str, ...], contextual_data: bool) -> ModelConfig:
    """The config of a network for a corpus with these labels.

    A corpus without city and time gives "zeros" as the time's encoding: nothing else was seen.
    """
    context = None
    if section.context:
        encoding = section.time_encoding if contextual_data else "zeros"
        context = ContextParameters(DEFAULT_LOCATIONS, encoding, section.unknown_location)
    model: dict[str, Any] = {}
    if section.architecture == SeTrans.architecture:
        sizes = _given(section)
        model["heads"] = sizes.heads
        if sizes.scales != (1,):
            model["se_scales"] = list(sizes.scales)
        if section.coarse and set(labels) <= set(DEFAULT_SUPERSET):
            superset = {label: DEFAULT_SUPERSET[label] for label in labels}
            model |= {"coarse_labels": list(COARSE_LABELS), "superset": superset}
    elif section.architecture == MobileAscNet.architecture:
        model["fusion"] = _given(section).fusion
    elif not _given(section).pre_norm:
        model["pre_norm"] = "none"
    return ModelConfig(section.architecture, tuple(labels), FeatureParameters(), context, model)


def build(section: NetworkSection, config: ModelConfig, seed: int) -> SceneNetwork:
    """A network with PyTorch's initial weights; the same seed gives the same."""
    sizes = _given(section)
    derived: dict[str, Any] = {"classes": len(config.labels)}
    if section.architecture == AscMamba.architecture:
        if config.context is None:
            derived["condition_width"] = None
        else:
            derived["locations"] = len(config.context.locations)
    else:
        derived["locations"] = None if config.context is None else len(config.context.locations)
    coarse = config.model.get("coarse_labels", ())
    if coarse:
        derived["coarse_classes"] = len(coarse)
        superset = config.model["superset"]
        derived["superset"] = tuple(coarse.index(superset[label]) for label in config.labels)
    if section.architecture == SeTrans.architecture:
        derived["bands"] = config.features.n_mels
    elif section.architecture == MobileAscNet.architecture:
        derived["pooled_bands"] = config.features.n_mels >> len(sizes.channels)
    sizes = replace(sizes, **derived)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        # The definition's scan, a loop over frames, is for other devices: see place_on.
        if section.architecture == AscMamba.architecture:
            return AscMamba(sizes, fast_selective_scan)
        return NETWORKS[section.architecture](sizes)


@dataclass(frozen=True)
class Trained:
    """Weights that an earlier stage left, and what they were trained for."""

    state: Mapping[str, Tensor]
    labels: tuple[str, ...]
    contextual_data: bool
    """Whether its corpus had cities and times."""


def transfer(
    network: SceneNetwork, config: ModelConfig, before: Trained, contextual_data: bool
) -> list[str]:
    """Loads earlier weights into a network, all but what belongs to another task.

    The heads stay new where the labels are others. The context's part stays new where the earlier
    corpus had no context and this one has: it then saw nothing but the unknown city and zeros.

    Returns:
        The names of the tensors that stayed new.

    Raises:
        ReferenceError: if what is left does not fit.
    """
    dropped: tuple[str, ...] = ()
    if before.labels != tuple(config.labels):
        dropped += _HEADS
    if contextual_data and not before.contextual_data:
        dropped += _CONTEXT
    own = network.state_dict()
    kept = {n: x for n, x in before.state.items() if not n.startswith(dropped or ("\0",))}
    for name, tensor in kept.items():
        if name not in own or own[name].shape != tensor.shape:
            expected = tuple(own[name].shape) if name in own else "no such tensor"
            raise ReferenceError(
                f"weights to start from: {name}: found {tuple(tensor.shape)}, expected {expected}"
            )
    network.load_state_dict(own | kept)
    fresh = sorted(set(own) - set(kept))
    for name in fresh:
        if not name.startswith(dropped or ("\0",)):
            raise ReferenceError(f"weights to start from: {name}: missing")
    return fresh


def place_on(network: SceneNetwork, device: torch.device) -> SceneNetwork:
    """Moves a network; off the CPU its scan is PyTorch's own, which has a gradient anywhere."""
    if device.type != "cpu":
        use_scan(network, selective_scan)
    return network.to(device)


def use_scan(network: SceneNetwork, scan: Scan) -> None:
    """Lets an ASCMamba compute its recurrence in another way; other networks have none."""
    for module in network.modules():
        if isinstance(module, Mixer):
            module.scan = scan


def _given(section: NetworkSection) -> Any:
    return strict.read(SIZES[section.architecture], section.sizes, where="", key="sizes")
