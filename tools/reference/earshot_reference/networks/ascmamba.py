"""ASCMamba as PyTorch modules, with the tensor names and shapes of spec/models.md.

``B`` batch, ``T`` frames, ``F`` mel bands, ``C`` channels, ``K`` width of the condition.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from earshot_reference.configuration import ModelConfig
from earshot_reference.networks.layers import (
    EPSILON,
    SceneNetwork,
    WithContext,
    context_sizes,
    count,
    require_equal,
)
from earshot_reference.networks.scan import Scan, selective_scan


@dataclass(frozen=True)
class AscMambaSizes:
    """The sizes of one network; all of them can be read back from its weights."""

    classes: int = 10
    channels: int = 64
    blocks: int = 4
    layers_per_direction: int = 1
    d_state: int = 16
    d_conv: int = 4
    expand: int = 4
    locations: int = 22
    location_width: int = 16
    time_width: int = 16
    condition_width: int | None = 32
    """K, or None for a network without context."""
    pre_norm: bool = True
    """False: nothing stands in front of the Mamba paths (``"pre_norm": "none"``)."""

    @staticmethod
    def of(state: Mapping[str, Tensor]) -> AscMambaSizes:
        """Reads the sizes off a state dict.

        Raises:
            KeyError: if a tensor that every ASCMamba has is missing.
        """
        mixer = "blocks.0.time_mamba.forward_blocks.0.mixer"
        classes, channels = state["classifier.weight"].shape
        inner, d_state = state[f"{mixer}.A_log"].shape
        projection = state.get("context_encoder.projection.weight")
        return AscMambaSizes(
            classes=classes,
            channels=channels,
            blocks=count(state, "blocks."),
            layers_per_direction=count(state, "blocks.0.time_mamba.forward_blocks."),
            d_state=d_state,
            d_conv=state[f"{mixer}.conv1d.weight"].shape[2],
            expand=inner // channels,
            **({} if projection is None else context_sizes(state, "context_encoder.")),
            condition_width=None if projection is None else projection.shape[0],
            pre_norm=any(
                n.startswith(("blocks.0.time_cln.", "blocks.0.time_norm.")) for n in state
            ),
        )


def normalized_convolution(inputs: int, outputs: int, kernel: tuple[int, int], **options):
    """Convolution, instance norm over T x F, PReLU: the unit the dense encoder is made of."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, **options),
        nn.InstanceNorm2d(outputs, eps=EPSILON, affine=True),
        nn.PReLU(outputs),
    )


class DenseBlock(nn.Module):
    """Four dilated convolutions, each over all that came before, newest first."""

    DEPTH = 4

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dense_block = nn.ModuleList(
            normalized_convolution(
                channels * (i + 1), channels, (3, 3), dilation=(2**i, 1), padding=(2**i, 1)
            )
            for i in range(self.DEPTH)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, F] to [B, C, T, F]."""
        history = x
        y = x
        for unit in self.dense_block:
            y = unit(history)
            history = torch.cat([y, history], 1)
        return y


class DenseEncoder(nn.Module):
    """Spectrogram to C planes of half its frequency resolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dense_conv_1 = normalized_convolution(1, channels, (1, 1))
        self.dense_block = DenseBlock(channels)
        self.dense_conv_2 = normalized_convolution(channels, channels, (1, 3), stride=(1, 2))

    def forward(self, x: Tensor) -> Tensor:
        """[B, 1, T, F] to [B, C, T, (F - 3) // 2 + 1]."""
        return self.dense_conv_2(self.dense_block(self.dense_conv_1(x)))


class ContextEncoder(WithContext):
    """City and time of the recording to the condition c [B, K]."""

    def __init__(self, sizes: AscMambaSizes) -> None:
        super().__init__()
        self.add_context(sizes.locations, sizes.location_width, sizes.time_width)
        self.projection = nn.Linear(sizes.location_width + sizes.time_width, sizes.condition_width)

    def forward(self, location: Tensor, time_features: Tensor) -> Tensor:
        """Arguments as for :meth:`WithContext.context`."""
        return self.projection(self.context(location, time_features))


class ConditionalLayerNorm(nn.Module):
    """Layer norm over C whose scale and shift are linear in the condition."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.gamma = nn.Linear(condition, channels)
        self.beta = nn.Linear(condition, channels)
        # Starts as a plain layer norm that the condition only nudges.
        for layer, bias in ((self.gamma, 1.0), (self.beta, 0.0)):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.constant_(layer.bias, bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """``x`` [B, T, F, C], ``condition`` [B, K]."""
        gamma = self.gamma(condition)[:, None, None, :]
        beta = self.beta(condition)[:, None, None, :]
        return F.layer_norm(x, x.shape[-1:], eps=EPSILON) * gamma + beta


class PlainLayerNorm(nn.LayerNorm):
    """Layer norm over C, for a network without context: the condition is not looked at."""

    def forward(self, x: Tensor, condition: Tensor | None) -> Tensor:
        """``x`` [B, T, F, C]."""
        return super().forward(x)


class RmsNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) * weight, over the last axis."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Any shape ending in C."""
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPSILON) * self.weight


class Mixer(nn.Module):
    """The Mamba-1 mixer: gated, convolved, selectively scanned."""

    def __init__(self, sizes: AscMambaSizes, scan: Scan) -> None:
        super().__init__()
        channels, states = sizes.channels, sizes.d_state
        inner = sizes.expand * channels
        self.rank = math.ceil(channels / 16)
        self.states = states
        self.scan = scan
        self.in_proj = nn.Linear(channels, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, sizes.d_conv, groups=inner, padding=sizes.d_conv - 1)
        self.x_proj = nn.Linear(inner, self.rank + 2 * states, bias=False)
        self.dt_proj = nn.Linear(self.rank, inner)
        self.A_log = nn.Parameter(torch.log(torch.arange(1.0, states + 1)).repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, channels, bias=False)
        self._initialise_time_step()

    def _initialise_time_step(self) -> None:
        """As the public code: softplus(bias) is log-uniform between 0.001 and 0.1."""
        bound = self.rank**-0.5
        nn.init.uniform_(self.dt_proj.weight, -bound, bound)
        dt = torch.exp(torch.empty_like(self.dt_proj.bias).uniform_(math.log(1e-3), math.log(0.1)))
        with torch.no_grad():
            self.dt_proj.bias.copy_(dt + torch.log(-torch.expm1(-dt)))

    def forward(self, x: Tensor) -> Tensor:
        """[S, L, C] to [S, L, C]."""
        length = x.shape[1]
        u, z = self.in_proj(x).chunk(2, -1)
        # Padded on both sides by PyTorch; what lies beyond L would look ahead and is cut off.
        u = F.silu(self.conv1d(u.transpose(1, 2))[..., :length].transpose(1, 2))
        dt, b, c = self.x_proj(u).split([self.rank, self.states, self.states], -1)
        return self.out_proj(self.gated_scan(u, self.dt_proj(dt), b, c, z))

    def gated_scan(self, u: Tensor, dt: Tensor, b: Tensor, c: Tensor, z: Tensor) -> Tensor:
        """Scan and gate: what kernels fuse. ``u``, ``dt``, ``z`` [S, L, E], ``b``, ``c`` [S, L, N].

        Returns [S, L, E]; ``dt`` is delta before its softplus.
        """
        y = self.scan(u, F.softplus(dt), -torch.exp(self.A_log), b, c, self.D)
        return y * F.silu(z)


class MambaLayer(nn.Module):
    """x + mixer(RMSNorm(x))."""

    def __init__(self, sizes: AscMambaSizes, scan: Scan) -> None:
        super().__init__()
        self.norm = RmsNorm(sizes.channels)
        self.mixer = Mixer(sizes, scan)

    def forward(self, x: Tensor) -> Tensor:
        """[S, L, C] to [S, L, C]."""
        return x + self.mixer(self.norm(x))


class BidirectionalMamba(nn.Module):
    """One stack of layers forward in the sequence, one backward; forward channels first."""

    def __init__(self, sizes: AscMambaSizes, scan: Scan) -> None:
        super().__init__()

        def stack() -> nn.ModuleList:
            return nn.ModuleList(MambaLayer(sizes, scan) for _ in range(sizes.layers_per_direction))

        self.forward_blocks = stack()
        self.backward_blocks = stack()

    def forward(self, x: Tensor) -> Tensor:
        """[S, L, C] to [S, L, 2C]."""
        forward, backward = x, x.flip(1)
        for layer in self.forward_blocks:
            forward = layer(forward)
        for layer in self.backward_blocks:
            backward = layer(backward)
        return torch.cat([forward, backward.flip(1)], -1)


class DualPathBlock(nn.Module):
    """Mamba along time for every bin, then along frequency for every frame."""

    def __init__(self, sizes: AscMambaSizes, scan: Scan, dropout: float) -> None:
        super().__init__()
        channels = sizes.channels
        self.norm_suffix = "cln" if sizes.condition_width is not None else "norm"
        for path in ("time", "freq"):
            if sizes.pre_norm and sizes.condition_width is not None:
                norm: nn.Module = ConditionalLayerNorm(channels, sizes.condition_width)
                self.add_module(f"{path}_cln", norm)
            elif sizes.pre_norm:
                self.add_module(f"{path}_norm", PlainLayerNorm(channels, eps=EPSILON))
            self.add_module(f"{path}_mamba", BidirectionalMamba(sizes, scan))
        self.tlinear = nn.ConvTranspose1d(2 * channels, channels, 1)
        self.flinear = nn.ConvTranspose1d(2 * channels, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def _path(self, x: Tensor, condition: Tensor | None, path: str, linear: nn.Module) -> Tensor:
        """One path over axis 2 of ``x`` [B, G, L, C]: G sequences of length L for each clip."""
        norm = getattr(self, f"{path}_{self.norm_suffix}", None)
        h = x if norm is None else norm(x, condition)
        h = getattr(self, f"{path}_mamba")(h.flatten(0, 1))
        h = linear(h.transpose(1, 2)).transpose(1, 2)
        return self.dropout(h).unflatten(0, x.shape[:2]) + x

    def forward(self, x: Tensor, condition: Tensor | None) -> Tensor:
        """[B, T, F, C] to [B, T, F, C]."""
        x = self._path(x.transpose(1, 2), condition, "time", self.tlinear).transpose(1, 2)
        return self._path(x, condition, "freq", self.flinear)


class AscMamba(SceneNetwork):
    """The network.

    Args:
        sizes: its sizes.
        scan: how the recurrence is computed; same numbers whichever is given.
        dropout: share dropped, while training, from each path's output and from the embedding.
    """

    architecture = "ascmamba"
    mark = "classifier.weight"

    def __init__(
        self, sizes: AscMambaSizes, scan: Scan = selective_scan, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.sizes = sizes
        self.dense_encoder = DenseEncoder(sizes.channels)
        if sizes.condition_width is not None:
            self.context_encoder = ContextEncoder(sizes)
        self.blocks = nn.ModuleList(
            DualPathBlock(sizes, scan, dropout) for _ in range(sizes.blocks)
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(sizes.channels, sizes.classes)

    @staticmethod
    def of(
        state: Mapping[str, Tensor], config: ModelConfig, scan: Scan = selective_scan
    ) -> AscMamba:
        """See :meth:`SceneNetwork.of`; ``scan`` as for the constructor."""
        sizes = AscMambaSizes.of(state)
        expected = "auto" if sizes.pre_norm else "none"
        require_equal("model.pre_norm", config.model.get("pre_norm", "auto"), expected)
        network = AscMamba(sizes, scan)
        network.load_state_dict(state)
        return network.eval()

    @staticmethod
    def section(state: Mapping[str, Tensor]) -> dict[str, Any]:
        """See :meth:`SceneNetwork.section`."""
        return {} if AscMambaSizes.of(state).pre_norm else {"pre_norm": "none"}

    @property
    def contextual(self) -> bool:
        """Whether city and time are inputs."""
        return self.sizes.condition_width is not None

    def embed(
        self,
        features: Tensor,
        location: Tensor | None = None,
        time_features: Tensor | None = None,
        condition: Tensor | None = None,
    ) -> Tensor:
        """The vector [B, C] that enters the classifier.

        Args:
            features: as for :meth:`forward`.
            location: as for :meth:`forward`.
            time_features: as for :meth:`forward`.
            condition: [B, K], in place of location and time.
        """
        if condition is None and self.contextual:
            condition = self.context_encoder(location, time_features)
        x = self.dense_encoder(features[:, None]).permute(0, 2, 3, 1)
        for block in self.blocks:
            x = block(x, condition)
        return x.mean((1, 2))

    def classify(self, embedding: Tensor) -> dict[str, Tensor]:
        """``logits``."""
        return {"logits": self.classifier(self.dropout(embedding))}
