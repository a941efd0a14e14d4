"""MobileASCNet (spec/models.md).

``B`` batch, ``T`` frames, ``F`` mel bands, ``C`` channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from earshot_reference.configuration import ModelConfig
from earshot_reference.networks.layers import (
    EPSILON,
    LateFusionNetwork,
    context_sizes,
    count,
    require_equal,
)


@dataclass(frozen=True)
class MobileAscNetSizes:
    """The sizes of one network; all of them can be read back from its weights."""

    classes: int = 10
    channels: tuple[int, ...] = (32, 64, 128)
    pooled_bands: int = 8
    """F' behind the last block: F halved once in each block, rounded down."""
    hidden: int = 64
    fusion: str = "gated"
    locations: int | None = 22
    """None where the fusion is "none"."""
    location_width: int = 16
    time_width: int = 16

    @staticmethod
    def of(state: Mapping[str, Tensor]) -> MobileAscNetSizes:
        """Reads the sizes off a state dict.

        Raises:
            KeyError: if a tensor that every MobileASCNet has is missing.
        """
        channels = tuple(
            state[f"blocks.{i}.conv.weight"].shape[0]
            for i in range(max(1, count(state, "blocks.")))
        )
        fusion = "none"
        if "carry_gate.weight" in state:
            fusion = "gated"
        elif "early_fusion.0.weight" in state:
            fusion = "early"
        return MobileAscNetSizes(
            classes=state["fc.weight"].shape[0],
            channels=channels,
            pooled_bands=state["gru.weight_ih_l0"].shape[1] // channels[-1],
            hidden=state["gru.weight_hh_l0"].shape[1],
            fusion=fusion,
            **({"locations": None} if fusion == "none" else context_sizes(state)),
        )

    @property
    def joined(self) -> int:
        """Width of what enters the last layer."""
        if self.locations is None:
            return self.hidden
        return self.hidden + self.location_width + self.time_width


class ResidualSeparableBlock(nn.Module):
    """A convolution, a depthwise separable one, a shortcut around both; then 2x2 means."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs, eps=EPSILON)
        self.depthwise = nn.Conv2d(outputs, outputs, 3, padding=1, groups=outputs, bias=False)
        self.pointwise = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs, eps=EPSILON)
        self.shortcut = nn.Sequential()
        if inputs != outputs:
            self.shortcut.append(nn.Conv2d(inputs, outputs, 1, bias=False))
            self.shortcut.append(nn.BatchNorm2d(outputs, eps=EPSILON))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, F] to [B, C', T // 2, F // 2]."""
        y = F.relu(self.bn1(self.conv(x)))
        y = self.bn2(self.pointwise(self.depthwise(y)))
        return F.avg_pool2d(F.relu(y + self.shortcut(x)), 2)


Recurrence = Callable[[nn.GRU, Tensor], Tensor]
"""A GRU and its input [B, T, W] to its output [B, T, H]."""


def pytorch_gru(gru: nn.GRU, x: Tensor) -> Tensor:
    """The GRU as PyTorch runs it."""
    return gru(x)[0]


class MobileAscNet(LateFusionNetwork):
    """The network.

    Args:
        sizes: its sizes.
        recurrence: how the GRU is computed; same numbers whichever is given.
    """

    architecture = "mobile-asc-net"
    mark = "gru.weight_ih_l0"

    def __init__(self, sizes: MobileAscNetSizes, recurrence: Recurrence = pytorch_gru) -> None:
        super().__init__()
        self.sizes = sizes
        self.recurrence = recurrence
        inputs = (1, *sizes.channels[:-1])
        self.blocks = nn.ModuleList(map(ResidualSeparableBlock, inputs, sizes.channels))
        self.gru = nn.GRU(sizes.channels[-1] * sizes.pooled_bands, sizes.hidden, batch_first=True)
        width = sizes.joined
        if sizes.locations is not None:
            self.add_context(sizes.locations, sizes.location_width, sizes.time_width)
        if sizes.fusion == "early":
            self.early_fusion = nn.Sequential(
                nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
            )
        elif sizes.fusion == "gated":
            self.transform = nn.Linear(width, width)
            self.transform_gate = nn.Linear(width, width)
            self.carry_gate = nn.Linear(width, width)
        self.fc = nn.Linear(width, sizes.classes)

    @staticmethod
    def of(state: Mapping[str, Tensor], config: ModelConfig) -> MobileAscNet:
        """See :meth:`SceneNetwork.of`."""
        sizes = MobileAscNetSizes.of(state)
        require_equal("model.fusion", config.model.get("fusion", sizes.fusion), sizes.fusion)
        pooled = config.features.n_mels >> len(sizes.channels)
        require_equal("features.n_mels, halved in each block", pooled, sizes.pooled_bands)
        network = MobileAscNet(sizes)
        network.load_state_dict(state)
        return network.eval()

    @staticmethod
    def section(state: Mapping[str, Tensor]) -> dict[str, Any]:
        """See :meth:`SceneNetwork.section`."""
        return {"fusion": MobileAscNetSizes.of(state).fusion}

    def gated_fusion(self, x: Tensor) -> Tensor:
        """[B, W] to the same: a mixture of x and a map of it, by two gates of their own."""
        carried = x * (1 - torch.sigmoid(self.carry_gate(x)))
        return carried + self.transform(x) * torch.sigmoid(self.transform_gate(x))

    def listen(self, features: Tensor) -> Tensor:
        """[B, T, F] to [B, 64]."""
        x = features[:, None]
        for block in self.blocks:
            x = block(x)
        # Channel-major: the GRU reads [B, T', C * F'].
        sequence = x.transpose(1, 2).flatten(2)
        return self.recurrence(self.gru, sequence).mean(1)

    def fuse(self, x: Tensor) -> Tensor:
        """[B, 96] to the same; [B, 64] without context."""
        if self.sizes.fusion == "early":
            return self.early_fusion(x)
        return self.gated_fusion(x) if self.sizes.fusion == "gated" else x

    def classify(self, embedding: Tensor) -> dict[str, Tensor]:
        """``logits``."""
        return {"logits": self.fc(embedding)}
