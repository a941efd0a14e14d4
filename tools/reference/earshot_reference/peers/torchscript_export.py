"""Networks as TorchScript: for comparisons with PyTorch from a JVM (DJL)."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from torch import Tensor, nn

from earshot_reference.networks.ascmamba import AscMamba
from earshot_reference.networks.layers import SceneNetwork
from earshot_reference.random_model import check_agreement, example


@torch.jit.script
def scripted_scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """:func:`earshot_reference.networks.scan.selective_scan` as a loop over time in TorchScript.

    In-place updates together with a product of matrices in place of the last sum were slower
    (one thread, T = 60).
    """
    h = torch.zeros([u.shape[0], a.shape[0], a.shape[1]], dtype=u.dtype)
    outputs = torch.jit.annotate(list[Tensor], [])
    for t in range(u.shape[1]):
        decay = torch.exp(delta[:, t, :, None] * a)
        h = decay * h + (delta[:, t] * u[:, t])[:, :, None] * b[:, t, None, :]
        outputs.append((h * c[:, t, None, :]).sum(-1))
    return torch.stack(outputs, 1) + d * u


@torch.no_grad()
def write(network: SceneNetwork, path: Path) -> None:
    """Writes a network, its inputs to its logits, for any batch and T.

    The layers are traced, ASCMamba's scan is scripted: tracing would unroll its loop.

    Raises:
        ReferenceError: if the loaded file's result differs.
    """
    substitutes = {"scan": scripted_scan} if isinstance(network, AscMamba) else {}
    scripted = type(network)(network.sizes, **substitutes).eval()
    scripted.load_state_dict(network.state_dict())
    # The tracer's own check runs the same inputs again; ours runs other sizes.
    traced = torch.jit.trace(scripted, example(network, batch=2, frames=17), check_trace=False)
    content = io.BytesIO()
    torch.jit.save(traced, content)
    content.seek(0)
    loaded = torch.jit.load(content)
    check_agreement("TorchScript", network, lambda *inputs: {"logits": loaded(*inputs)})
    path.write_bytes(content.getvalue())


class _Peak(nn.Module):
    """The convolution of the dense encoder that oneDNN runs fastest, on a buffer of ones."""

    def __init__(self) -> None:
        super().__init__()
        convolution = nn.Conv2d(256, 64, 3, padding=1, bias=False)
        nn.init.ones_(convolution.weight)
        self.convolution = convolution.to(memory_format=torch.channels_last)
        ones = torch.ones(1, 256, 500, 64).contiguous(memory_format=torch.channels_last)
        self.register_buffer("ones", ones)

    def forward(self, zero: Tensor) -> Tensor:
        """An inner value of the convolution, which is 9 * 256, plus ``zero``."""
        return self.convolution(self.ones)[0, 0, 1, 1] + zero


@torch.no_grad()
def write_peak(path: Path) -> None:
    """Writes a convolution to measure a machine's rate of multiply-adds with."""
    torch.jit.save(torch.jit.trace(_Peak().eval(), torch.zeros(())), path)
