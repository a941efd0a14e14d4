"""ASCMamba as an ONNX file, its scans as ONNX ``Scan``: for comparisons with ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor
from torch._higher_order_ops.scan import scan

from earshot_reference.ascmamba import AscMamba
from earshot_reference.peers import check_agreement, conditioned, example

INPUTS = ("features", "location", "time_features")


def operator_scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """As :func:`earshot_reference.scan.selective_scan`, with PyTorch's ``scan`` operator.

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


@torch.no_grad()
def write(network: AscMamba, path: Path) -> None:
    """Writes a conditioned network: inputs ``INPUTS``, output ``logits``, any batch and T.

    Raises:
        ReferenceError: if the network is unconditioned, or ONNX Runtime's result differs.
    """
    conditioned(network)
    exported = AscMamba(network.sizes, operator_scan).eval()
    exported.load_state_dict(network.state_dict())
    batch, frames = torch.export.Dim("batch"), torch.export.Dim("frames")
    program = torch.onnx.export(
        exported,
        example(network, batch=2, frames=17),
        dynamo=True,
        verbose=False,
        input_names=list(INPUTS),
        output_names=["logits"],
        dynamic_shapes={
            "features": {0: batch, 1: frames},
            "location": {0: batch},
            "time_features": {0: batch},
        },
    )
    model = program.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(model)

    def run(*inputs: Tensor) -> Tensor:
        arrays: list[np.ndarray] = [x.numpy() for x in inputs]
        return torch.from_numpy(session.run(None, dict(zip(INPUTS, arrays, strict=True)))[0])

    check_agreement("ONNX Runtime", network, run)
    path.write_bytes(model)
