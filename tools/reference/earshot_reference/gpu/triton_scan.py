"""The selective scan with softplus, D and gate in one Triton kernel: a fair peer on a GPU.

A program owns a tile of one sequence's channels, keeps their states in registers and walks the
sequence; inputs are read once, the output is written once. Needs Triton.
"""

from __future__ import annotations

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from earshot_reference.networks.ascmamba import AscMamba, Mixer


@triton.autotune(
    configs=[
        triton.Config({"TILE": tile}, num_warps=warps)
        for tile, warps in ((8, 1), (16, 1), (32, 1), (32, 2), (64, 2), (64, 4))
    ],
    key=["sequences", "channels", "LENGTH"],
)
@triton.jit
def _gated_scan(
    u,
    dt,
    z,
    b,
    c,
    a,
    d,
    y,
    sequences,
    channels,
    us,
    ut,
    ue,
    ds,
    dtt,
    de,
    zs,
    zt,
    ze,
    bs,
    bt,
    bn,
    cs,
    ct,
    cn,
    LENGTH: tl.constexpr,
    STATES: tl.constexpr,
    PADDED: tl.constexpr,
    TILE: tl.constexpr,
):
    s = tl.program_id(0).to(tl.int64)
    e = tl.program_id(1) * TILE + tl.arange(0, TILE)
    n = tl.arange(0, PADDED)
    here = e < channels
    state = n < STATES
    # exp(delta A) = 2^(delta A log2(e)); ``a`` comes with the factor.
    rates = tl.load(a + e[:, None] * STATES + n[None, :], here[:, None] & state[None, :], 0.0)
    skip = tl.load(d + e, here, 0.0)
    h = tl.zeros([TILE, PADDED], tl.float32)
    for t in range(LENGTH):
        # Under autocast they are of 16 bits; the state and all that makes it stay float32.
        x = tl.load(u + s * us + t * ut + e * ue, here, 0.0).to(tl.float32)
        raw = tl.load(dt + s * ds + t * dtt + e * de, here, 0.0).to(tl.float32)
        gate = tl.load(z + s * zs + t * zt + e * ze, here, 0.0).to(tl.float32)
        into = tl.load(b + s * bs + t * bt + n * bn, state, 0.0).to(tl.float32)
        out = tl.load(c + s * cs + t * ct + n * cn, state, 0.0).to(tl.float32)
        # As PyTorch: beyond 20 the softplus is the identity in float32.
        delta = tl.where(raw > 20.0, raw, tl.log(1.0 + tl.exp(raw)))
        h = tl.exp2(delta[:, None] * rates) * h + (delta * x)[:, None] * into[None, :]
        value = tl.sum(h * out[None, :], 1) + skip * x
        value = value * gate / (1.0 + tl.exp(-gate))
        tl.store(y + (s * LENGTH + t) * channels + e, value, here)


def gated_scan(
    u: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor, z: Tensor
) -> Tensor:
    """y * SiLU(z) with the y of :func:`earshot_reference.networks.scan.selective_scan`.

    delta = softplus(dt); ``a`` [E, N] is A log2(e), contiguous; the other shapes are as there.
    """
    sequences, length, channels = u.shape
    states = a.shape[1]
    y = torch.empty(u.shape, dtype=u.dtype, device=u.device)

    def grid(meta: dict[str, int]) -> tuple[int, int]:
        return sequences, triton.cdiv(channels, meta["TILE"])

    _gated_scan[grid](
        u,
        dt,
        z,
        b,
        c,
        a,
        d,
        y,
        sequences,
        channels,
        *u.stride(),
        *dt.stride(),
        *z.stride(),
        *b.stride(),
        *c.stride(),
        LENGTH=length,
        STATES=states,
        PADDED=triton.next_power_of_2(states),
    )
    return y


def rates(mixer: Mixer) -> Tensor:
    """A log2(e) of a mixer: [E, N]."""
    return -torch.exp(mixer.A_log) / math.log(2)


@torch.no_grad()
def fuse(network: AscMamba) -> AscMamba:
    """Lets every mixer of a network scan by the kernel; returns the network."""

    def fused(mixer: Mixer):
        a, d = rates(mixer).contiguous(), mixer.D.detach()
        return lambda u, dt, b, c, z: gated_scan(u, dt, a, b, c, d, z)

    for module in network.modules():
        if isinstance(module, Mixer):
            module.gated_scan = fused(module)
    return network
