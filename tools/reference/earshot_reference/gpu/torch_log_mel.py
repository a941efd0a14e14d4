"""The log-mel features in PyTorch alone: what a peer would run on a GPU (spec/features.md)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from earshot_reference.configuration import FeatureParameters

_OFFSET = 2.0**-52
_FLOOR = 1e-10


def _mel(hertz: Tensor) -> Tensor:
    """Slaney's scale: linear below 1000 Hz, logarithmic above."""
    linear = hertz * 3 / 200
    return torch.where(hertz < 1000, linear, 15 + torch.log(hertz / 1000) * 27 / math.log(6.4))


def _hertz(mel: Tensor) -> Tensor:
    return torch.where(mel < 15, mel * 200 / 3, 1000 * torch.exp((mel - 15) * math.log(6.4) / 27))


def filter_bank(parameters: FeatureParameters) -> Tensor:
    """Triangles of Slaney's area on Slaney's scale, float32 [n_mels, n_fft // 2 + 1]."""
    ends = _mel(torch.tensor([parameters.fmin, parameters.fmax], dtype=torch.float64))
    points = torch.linspace(*ends.tolist(), parameters.n_mels + 2, dtype=torch.float64)
    edges = _hertz(points)[:, None]
    bins = torch.linspace(
        0, parameters.sample_rate / 2, parameters.n_fft // 2 + 1, dtype=torch.float64
    )
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return (triangles * 2 / (edges[2:] - edges[:-2])).float()


class LogMel(nn.Module):
    """Samples [B, n] at the parameters' rate to features in dB [B, T, F]."""

    def __init__(self, parameters: FeatureParameters = FeatureParameters()) -> None:
        super().__init__()
        self.parameters = parameters
        self.register_buffer("window", torch.hann_window(parameters.win_length))
        self.register_buffer("bank", filter_bank(parameters))

    def forward(self, pcm: Tensor) -> Tensor:
        """See the class."""
        p = self.parameters
        spectrum = torch.stft(
            pcm + _OFFSET,
            p.n_fft,
            p.hop_length,
            p.win_length,
            self.window,
            center=True,
            pad_mode=p.pad_mode,
            return_complex=True,
        )
        mel = self.bank @ spectrum.abs()
        decibels = 10 * torch.log10(mel.clamp(min=_FLOOR))
        loudest = decibels.amax((1, 2), keepdim=True)
        decibels = torch.maximum(decibels, loudest - p.top_db)
        return decibels.transpose(1, 2)[:, : p.frames]
