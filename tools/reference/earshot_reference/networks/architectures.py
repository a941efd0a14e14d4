"""The networks by the names that their configs give them."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from earshot_reference.configuration import ContextParameters, ModelConfig, ReferenceError
from earshot_reference.networks.ascmamba import AscMamba, AscMambaSizes
from earshot_reference.networks.layers import SceneNetwork
from earshot_reference.networks.mobile_asc_net import MobileAscNet, MobileAscNetSizes
from earshot_reference.networks.se_trans import SeTrans, SeTransSizes

NETWORKS: dict[str, type[SceneNetwork]] = {
    network.architecture: network for network in (AscMamba, SeTrans, MobileAscNet)
}

SIZES: dict[str, type] = {
    AscMamba.architecture: AscMambaSizes,
    SeTrans.architecture: SeTransSizes,
    MobileAscNet.architecture: MobileAscNetSizes,
}
"""What the networks' sizes are made of; without arguments those of the papers."""


def build(state: Mapping[str, Tensor], config: ModelConfig) -> SceneNetwork:
    """The network that weights and a config describe: see :meth:`SceneNetwork.of`.

    Raises:
        ReferenceError: also for an architecture that is not known.
    """
    network = NETWORKS.get(config.architecture)
    if network is None:
        raise ReferenceError(
            f"architecture {config.architecture!r} is not one of: {', '.join(NETWORKS)}"
        )
    return network.of(state, config)


def recognised(state: Mapping[str, Tensor]) -> ModelConfig:
    """The config of weights that come without one, with the papers' labels and cities.

    Raises:
        KeyError: if tensors that the architecture must have are missing.
        ReferenceError: if the weights are of no known architecture.
    """
    for network in NETWORKS.values():
        if network.mark in state:
            contextual = any(name.endswith("location_embedding.weight") for name in state)
            return ModelConfig(
                architecture=network.architecture,
                context=ContextParameters() if contextual else None,
                model=network.section(state),
            )
    marks = ", ".join(f"{x.mark} ({name})" for name, x in NETWORKS.items())
    raise ReferenceError(f"weights of no known architecture: expected one of {marks}")
