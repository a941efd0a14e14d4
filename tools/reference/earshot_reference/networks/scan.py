"""The selective scan of Mamba, as its formula is written."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Scan = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


def selective_scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """h_t = exp(delta_t A) h_{t-1} + delta_t B_t u_t, y_t = C_t h_t + D u_t, from h = 0.

    Shapes: ``u``, ``delta`` [S, L, E] (delta after its softplus), ``a`` [E, N], ``b``, ``c``
    [S, L, N], ``d`` [E]. Returns y [S, L, E].
    """
    return scan_with_state(u, delta, a, b, c, d)[0]


def scan_with_state(
    u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor
) -> tuple[Tensor, Tensor]:
    """As :func:`selective_scan`; also returns the last state [S, E, N]."""
    h = u.new_zeros(u.shape[0], *a.shape)
    outputs = []
    for t in range(u.shape[1]):
        decay = torch.exp(delta[:, t, :, None] * a)
        h = decay * h + (delta[:, t] * u[:, t])[:, :, None] * b[:, t, None, :]
        outputs.append((h * c[:, t, None, :]).sum(-1))
    return torch.stack(outputs, 1) + d * u, h
