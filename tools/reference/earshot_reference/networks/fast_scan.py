"""The selective scan with its gradient, compiled with Numba, for training on a CPU.

:func:`earshot_reference.networks.scan.selective_scan` is the definition; this module gives the same
numbers (``tests/test_scan.py``) several times faster because a sequence's state stays in the cache
and nothing of size L x E x N is kept for the backward pass: it is computed again, one sequence at a
time. One thread: the scan is a small part of a training step, and Numba's idle threads would spin
beside PyTorch's.
"""

from __future__ import annotations

import numba
import numpy as np
import torch
from torch import Tensor

_LOG2_E = np.float32(1.4426950408889634)
# ln 2 in two parts, so that x - k ln 2 keeps its low bits (Cody and Waite).
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
# Below this exp underflows to a denormal; the state is then forgotten either way.
_LOWEST = np.float32(-87.0)


@numba.njit(fastmath=True, inline="always")
def _exp(x):
    """exp for x <= 0 in float32: 2^k times a polynomial, branch-free so that LLVM vectorises it.

    The coefficients are those of Cephes' ``expf``.
    """
    x = max(x, _LOWEST)
    k = np.floor(x * _LOG2_E + np.float32(0.5))
    r = x - k * _LN2_HIGH - k * _LN2_LOW
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + np.float32(1.0)
    return p * np.int32((np.int32(k) + np.int32(127)) << np.int32(23)).view(np.float32)


@numba.njit(fastmath=True, cache=True)
def _forward(u, delta, a, b, c, y):
    """y_t = C_t h_t with h_t = exp(delta_t A) h_{t-1} + delta_t B_t u_t; ``a`` is [N, E]."""
    sequences, length, channels = u.shape
    states = a.shape[0]
    for s in range(sequences):
        h = np.zeros((states, channels), np.float32)
        for t in range(length):
            dt = delta[s, t]
            x = u[s, t]
            out = y[s, t]
            for n in range(states):
                b_n = b[s, t, n]
                c_n = c[s, t, n]
                h_n = h[n]
                a_n = a[n]
                for e in range(channels):
                    h_n[e] = _exp(dt[e] * a_n[e]) * h_n[e] + dt[e] * x[e] * b_n
                    out[e] += c_n * h_n[e]


@numba.njit(fastmath=True, cache=True)
def _backward(u, delta, a, b, c, grad_y, grad_u, grad_delta, grad_a, grad_b, grad_c):
    """The gradients, each sequence on its own; ``grad_a`` is [S, N, E], to be summed over S."""
    sequences, length, channels = u.shape
    states = a.shape[0]
    for s in range(sequences):
        decay = np.empty((length, states, channels), np.float32)
        h = np.zeros((length + 1, states, channels), np.float32)
        for t in range(length):
            dt = delta[s, t]
            x = u[s, t]
            for n in range(states):
                b_n = b[s, t, n]
                a_n = a[n]
                decay_n = decay[t, n]
                before = h[t, n]
                after = h[t + 1, n]
                for e in range(channels):
                    decay_n[e] = _exp(dt[e] * a_n[e])
                    after[e] = decay_n[e] * before[e] + dt[e] * x[e] * b_n
        grad_h = np.zeros((states, channels), np.float32)
        for t in range(length - 1, -1, -1):
            dt = delta[s, t]
            x = u[s, t]
            gy = grad_y[s, t]
            g_u = grad_u[s, t]
            g_delta = grad_delta[s, t]
            for n in range(states):
                b_n = b[s, t, n]
                c_n = c[s, t, n]
                a_n = a[n]
                decay_n = decay[t, n]
                before = h[t, n]
                after = h[t + 1, n]
                g_h = grad_h[n]
                g_a = grad_a[s, n]
                sum_b = np.float32(0.0)
                sum_c = np.float32(0.0)
                for e in range(channels):
                    g = g_h[e] + c_n * gy[e]
                    sum_c += gy[e] * after[e]
                    sum_b += g * dt[e] * x[e]
                    through_decay = g * before[e] * decay_n[e]
                    g_a[e] += through_decay * dt[e]
                    g_delta[e] += through_decay * a_n[e] + g * x[e] * b_n
                    g_u[e] += g * dt[e] * b_n
                    g_h[e] = g * decay_n[e]
                grad_b[s, t, n] = sum_b
                grad_c[s, t, n] = sum_c


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        inputs = [x.detach().contiguous() for x in (u, delta, a.t(), b, c)]
        ctx.save_for_backward(*inputs)
        y = torch.zeros_like(inputs[0])
        _forward(*(x.numpy() for x in inputs), y.numpy())
        return y

    @staticmethod
    def backward(ctx, grad_y: Tensor) -> tuple[Tensor, ...]:
        u, delta, a, b, c = ctx.saved_tensors
        grad_u, grad_delta = torch.zeros_like(u), torch.zeros_like(delta)
        grad_a = torch.zeros(u.shape[0], *a.shape)
        grad_b, grad_c = torch.empty_like(b), torch.empty_like(c)
        arrays = (
            u,
            delta,
            a,
            b,
            c,
            grad_y.contiguous(),
            grad_u,
            grad_delta,
            grad_a,
            grad_b,
            grad_c,
        )
        _backward(*(x.numpy() for x in arrays))
        return grad_u, grad_delta, grad_a.sum(0).t(), grad_b, grad_c


def fast_selective_scan(
    u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor
) -> Tensor:
    """As :func:`earshot_reference.networks.scan.selective_scan`, float32 on the CPU only.

    Shapes: ``u``, ``delta`` [S, L, E] with delta >= 0; ``a`` [E, N] with A <= 0; ``b``, ``c``
    [S, L, N]; ``d`` [E]. Returns [S, L, E].
    """
    return _Scan.apply(u, delta, a, b, c) + d * u
