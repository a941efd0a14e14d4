"""Networks as ONNX files: for comparisons with ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan

from earshot_reference.networks.ascmamba import AscMamba
from earshot_reference.networks.layers import SceneNetwork
from earshot_reference.networks.mobile_asc_net import MobileAscNet
from earshot_reference.networks.se_trans import SeTrans
from earshot_reference.random_model import check_agreement, example


def operator_scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """As :func:`earshot_reference.networks.scan.selective_scan`, with PyTorch's ``scan`` operator.

    The exporter keeps the operator as one ONNX node; a Python loop would be unrolled.
    """

    def step(h: Tensor, x: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        u, delta, b, c = x
        decay = torch.exp(delta[:, :, None] * a)
        h = decay * h + (delta * u)[:, :, None] * b[:, None, :]
        return h, (h * c[:, None, :]).sum(-1)

    start = u.new_zeros(u.shape[0], *a.shape)
    _, y = scan(step, start, tuple(x.transpose(0, 1) for x in (u, delta, b, c)))
    return y.transpose(0, 1) + d * u


def matrix_pool(x: Tensor, bins: tuple[int, int]) -> Tensor:
    """As ``torch.nn.functional.adaptive_avg_pool2d``, by two matrices of shares.

    ONNX has no adaptive pooling, and the exporter's own substitute is wrong where the length is
    not that of the example.
    """
    rows, columns = bins
    # A mean is one node of ONNX, and faster.
    x = x.mean(3, keepdim=True) if columns == 1 else x @ _shares(x.shape[3], columns).T
    return x.mean(2, keepdim=True) if rows == 1 else _shares(x.shape[2], rows) @ x


def _shares(length: int, bins: int) -> Tensor:
    """[bins, L]: bin i holds the positions from floor(i L / bins) to ceil((i + 1) L / bins)."""
    position = torch.arange(length)
    bin = torch.arange(bins)[:, None]
    inside = (position >= bin * length // bins) & (position * bins < (bin + 1) * length)
    return inside / inside.sum(1, keepdim=True)


def operator_gru(gru: nn.GRU, x: Tensor) -> Tensor:
    """As :func:`earshot_reference.networks.mobile_asc_net.pytorch_gru`, with ONNX's ``GRU``.

    The exporter has the same, but not for a length that is a quotient: T halved in each block.
    """

    def reordered(weight: Tensor) -> Tensor:
        reset, update, new = weight.chunk(3)
        return torch.cat([update, reset, new])[None]

    weights = [reordered(x) for x in (gru.weight_ih_l0, gru.weight_hh_l0)]
    bias = torch.cat([reordered(x) for x in (gru.bias_ih_l0, gru.bias_hh_l0)], 1)
    y = torch.onnx.ops.symbolic(
        "GRU",
        (x.transpose(0, 1), *weights, bias),
        {"hidden_size": gru.hidden_size, "linear_before_reset": 1},
        dtype=x.dtype,
        shape=(x.shape[1], 1, x.shape[0], gru.hidden_size),
    )
    return y[:, 0].transpose(0, 1)


# What stands in for operations that ONNX cannot express as the reference writes them.
_SUBSTITUTES = {
    AscMamba.architecture: {"scan": operator_scan},
    SeTrans.architecture: {"pool": matrix_pool},
    MobileAscNet.architecture: {"recurrence": operator_gru},
}


class _Heads(nn.Module):
    """All that a network says of an embedding, as a tuple."""

    def __init__(self, network: SceneNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        features: Tensor,
        location: Tensor | None = None,
        time_features: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        embedding = self.network.embed(features, location, time_features)
        return tuple(self.network.classify(embedding).values())


@torch.no_grad()
def write(network: SceneNetwork, path: Path) -> None:
    """Writes a network with the inputs it has, for any batch and T.

    The outputs are ``logits`` and, of a network with two heads, ``coarse_logits`` and
    ``probabilities``.

    Raises:
        ReferenceError: if ONNX Runtime's result differs.
    """
    substitutes = _SUBSTITUTES.get(network.architecture, {})
    exported = type(network)(network.sizes, **substitutes).eval()
    exported.load_state_dict(network.state_dict())
    inputs = example(network, batch=2, frames=17)
    batch, frames = torch.export.Dim("batch"), torch.export.Dim("frames", min=8)
    shapes = {name: {0: batch} for name in network.inputs}
    shapes["features"][1] = frames
    names = list(network.outputs(*inputs))[1:]
    program = torch.onnx.export(
        _Heads(exported),
        inputs,
        dynamo=True,
        verbose=False,
        input_names=list(network.inputs),
        output_names=names,
        dynamic_shapes=shapes,
    )
    model = program.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(model)

    def run(*inputs: Tensor) -> dict[str, Tensor]:
        arrays: list[np.ndarray] = [x.numpy() for x in inputs]
        results = session.run(names, dict(zip(network.inputs, arrays, strict=True)))
        return {name: torch.from_numpy(x) for name, x in zip(names, results, strict=True)}

    check_agreement("ONNX Runtime", network, run)
    path.write_bytes(model)
