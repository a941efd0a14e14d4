"""SE-Trans, the challenge's baseline, and its improved form (spec/models.md).

``B`` batch, ``T`` frames, ``F`` mel bands, ``C`` channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from earshot_reference.configuration import (
    COARSE_LABELS,
    DEFAULT_SUPERSET,
    ModelConfig,
    ReferenceError,
)
from earshot_reference.networks.layers import (
    EPSILON,
    LateFusionNetwork,
    context_sizes,
    count,
    require_equal,
)

AdaptivePool = Callable[[Tensor, tuple[int, int]], Tensor]
"""[B, C, T, F] and (t, f) to [B, C, t, f]: means over PyTorch's adaptive bins."""

BASELINE_HEADS = 8
IMPROVED_SCALES = (1, 2, 3)

UNUSED = "encoder_layer."
"""The baseline registers the layer that PyTorch's encoder then copies: never run, but saved."""


@dataclass(frozen=True)
class SeTransSizes:
    """The sizes of one network; weights tell all but ``heads``, ``scales``, ``superset``."""

    classes: int = 10
    bands: int = 64
    channels: tuple[int, int] = (64, 128)
    squeezed: tuple[int, int] = (4, 8)
    """Width between the two linear maps of each block's squeeze-and-excitation."""
    layers: int = 1
    feed_forward: int = 32
    locations: int | None = 22
    """None for a network that only hears."""
    location_width: int = 16
    time_width: int = 16
    heads: int = BASELINE_HEADS
    scales: tuple[int, ...] = (1,)
    coarse_classes: int = 0
    """0 without the second head."""
    superset: tuple[int, ...] = ()
    """For each class the coarse one that contains it."""

    @staticmethod
    def of(state: Mapping[str, Tensor], config: ModelConfig) -> SeTransSizes:
        """Reads the sizes off a state dict and a config.

        Raises:
            KeyError: if a tensor that every SE-Trans has is missing.
            ReferenceError: if the config contradicts the weights or itself.
        """
        blocks = ("SE_block1", "SE_block2")
        return SeTransSizes(
            classes=state["fc.weight"].shape[0],
            bands=state["bn0.weight"].shape[0],
            channels=tuple(state[f"{block}.conv1.weight"].shape[0] for block in blocks),
            squeezed=tuple(state[f"{block}.se1.fc.0.weight"].shape[0] for block in blocks),
            layers=count(state, "encoder.layers."),
            feed_forward=state["encoder.layers.0.linear1.weight"].shape[0],
            **(context_sizes(state) if "fusion_layer.weight" in state else {"locations": None}),
            heads=config.model.get("heads", BASELINE_HEADS),
            scales=tuple(config.model.get("se_scales", (1,))),
            coarse_classes=len(state.get("fc_coarse.weight", ())),
            superset=_superset(config),
        )

    def __post_init__(self) -> None:
        width = self.channels[1]
        if width % self.heads != 0:
            raise ReferenceError(f"model.heads: found {self.heads}, expected a divisor of {width}")


def _superset(config: ModelConfig) -> tuple[int, ...]:
    """The coarse label's index for each label; empty where there are no coarse labels."""
    coarse = list(config.model.get("coarse_labels", ()))
    if not coarse:
        return ()
    mapped = config.model.get("superset", {})
    for label in config.labels:
        if mapped.get(label) not in coarse:
            raise ReferenceError(
                f"model.superset: found {mapped.get(label)!r} for {label!r}, "
                f"expected one of {', '.join(coarse)}"
            )
    return tuple(coarse.index(mapped[label]) for label in config.labels)


def squeezed_numbers(channels: int, scales: tuple[int, ...]) -> int:
    """How many numbers a clip is squeezed to."""
    return channels * sum(scale * scale for scale in scales)


class SqueezeExcitation(nn.Module):
    """Scales each channel by what the whole clip holds, looked at on one or more scales."""

    def __init__(
        self, channels: int, squeezed: int, scales: tuple[int, ...], pool: AdaptivePool
    ) -> None:
        super().__init__()
        self.scales = scales
        self.pool = pool
        self.fc = nn.Sequential(
            nn.Linear(squeezed_numbers(channels, scales), squeezed, bias=False),
            nn.ReLU(),
            nn.Linear(squeezed, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, F] to the same."""
        # Channel-major within a scale: channel, row, column.
        squeezed = [self.pool(x, (scale, scale)).flatten(1) for scale in self.scales]
        return x * self.fc(torch.cat(squeezed, 1))[:, :, None, None]


class SqueezeExcitationBlock(nn.Module):
    """Two convolutions, each with batch norm, squeeze-and-excitation and ReLU; then 2x2 means."""

    def __init__(
        self, inputs: int, outputs: int, squeezed: int, scales: tuple[int, ...], pool: AdaptivePool
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs, eps=EPSILON)
        self.se1 = SqueezeExcitation(outputs, squeezed, scales, pool)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs, eps=EPSILON)
        self.se2 = SqueezeExcitation(outputs, squeezed, scales, pool)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, F] to [B, C', T // 2, F // 2]."""
        x = F.relu(self.se1(self.bn1(self.conv1(x))))
        x = F.relu(self.se2(self.bn2(self.conv2(x))))
        return F.avg_pool2d(x, 2)


def fused(logits: Tensor, coarse_logits: Tensor, superset: Tensor) -> Tensor:
    """P_fine(c) P_coarse(superset of c), renormalised: [B, classes] (paper, equation 2)."""
    scores = logits.softmax(1) * coarse_logits.softmax(1)[:, superset]
    return scores / scores.sum(1, keepdim=True)


class SeTrans(LateFusionNetwork):
    """The network.

    Args:
        sizes: its sizes.
        pool: how adaptive means are taken; same numbers whichever is given.
    """

    architecture = "se-trans"
    mark = "SE_block1.conv1.weight"
    TOKENS = 16

    def __init__(self, sizes: SeTransSizes, pool: AdaptivePool = F.adaptive_avg_pool2d) -> None:
        super().__init__()
        self.sizes = sizes
        self.pool = pool
        first, width = sizes.channels
        self.bn0 = nn.BatchNorm2d(sizes.bands, eps=EPSILON)
        self.SE_block1 = SqueezeExcitationBlock(1, first, sizes.squeezed[0], sizes.scales, pool)
        self.SE_block2 = SqueezeExcitationBlock(first, width, sizes.squeezed[1], sizes.scales, pool)
        layer = nn.TransformerEncoderLayer(
            width,
            sizes.heads,
            sizes.feed_forward,
            dropout=0.0,
            layer_norm_eps=EPSILON,
            batch_first=True,
        )
        self.encoder = nn.TransformerEncoder(layer, sizes.layers, enable_nested_tensor=False)
        if sizes.locations is not None:
            self.add_context(sizes.locations, sizes.location_width, sizes.time_width)
            joined = width + sizes.location_width + sizes.time_width
            self.fusion_layer = nn.Linear(joined, width)
        self.fc = nn.Linear(width, sizes.classes)
        if sizes.coarse_classes > 0:
            self.fc_coarse = nn.Linear(width, sizes.coarse_classes)
            self.register_buffer("superset", torch.tensor(sizes.superset), persistent=False)

    @staticmethod
    def of(state: Mapping[str, Tensor], config: ModelConfig) -> SeTrans:
        """See :meth:`SceneNetwork.of`; the baseline's unused copy of a layer is left out."""
        sizes = SeTransSizes.of(state, config)
        require_equal("features.n_mels", config.features.n_mels, sizes.bands)
        coarse = len(config.model.get("coarse_labels", ()))
        require_equal("model.coarse_labels", coarse, sizes.coarse_classes)
        network = SeTrans(sizes)
        used = {name: x for name, x in state.items() if not name.startswith(UNUSED)}
        network.load_state_dict(used)
        return network.eval()

    @staticmethod
    def section(state: Mapping[str, Tensor]) -> dict[str, Any]:
        """See :meth:`SceneNetwork.section`; the heads are the baseline's, weights hide them."""
        numbers = state["SE_block1.se1.fc.0.weight"].shape[1]
        section: dict[str, Any] = {"heads": BASELINE_HEADS}
        for scales in ((1,), IMPROVED_SCALES):
            if numbers == squeezed_numbers(state[SeTrans.mark].shape[0], scales):
                break
        else:
            raise ReferenceError(f"{numbers} numbers are squeezed: say in a config of which scales")
        if scales != (1,):
            section["se_scales"] = list(scales)
        if "fc_coarse.weight" in state:
            section |= {"coarse_labels": list(COARSE_LABELS), "superset": dict(DEFAULT_SUPERSET)}
        return section

    def listen(self, features: Tensor) -> Tensor:
        """[B, T, F] to [B, 128]."""
        # The bands are what bn0 takes for channels.
        x = self.bn0(features[:, None].transpose(1, 3)).transpose(1, 3)
        x = self.SE_block2(self.SE_block1(x))
        tokens = self.pool(x, (self.TOKENS, 1))[..., 0].transpose(1, 2)
        return self.encoder(tokens).amax(1)

    def fuse(self, x: Tensor) -> Tensor:
        """[B, 160] to [B, 128]; the identity without context."""
        return F.relu(self.fusion_layer(x)) if self.contextual else x

    def classify(self, embedding: Tensor) -> dict[str, Tensor]:
        """``logits``; with two heads also ``coarse_logits`` and the fused ``probabilities``."""
        logits = self.fc(embedding)
        if self.sizes.coarse_classes == 0:
            return {"logits": logits}
        coarse = self.fc_coarse(embedding)
        return {
            "logits": logits,
            "coarse_logits": coarse,
            "probabilities": fused(logits, coarse, self.superset),
        }
