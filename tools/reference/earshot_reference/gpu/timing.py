"""How the peers on a GPU are timed, and where the results go."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from earshot_reference.configuration import GPU_PEER_SECTIONS

BATCHES = (1, 8, 64, 256)
Run = Callable[..., Tensor]
_LONG_CALL = 0.3


@dataclass(frozen=True)
class Options:
    """How much is measured."""

    device: str = "cuda"
    repeats: int = 200
    """Timed calls of one clip; larger work is repeated less."""
    batches: tuple[int, ...] = BATCHES
    sections: tuple[str, ...] = GPU_PEER_SECTIONS
    kernel_batches: tuple[int, ...] = (1, 16)
    frames: int = 500
    large: int = 8192
    """Rows and columns of the product that shows the card's limit."""

    @property
    def on_gpu(self) -> bool:
        """Whether CUDA is what is measured."""
        return self.device.startswith("cuda")


@dataclass
class Report:
    """What was measured so far; each row is written at once, as a later one may fail."""

    path: Path
    content: dict[str, Any] = field(default_factory=dict)

    def add(self, section: str, row: dict[str, Any]) -> None:
        """Adds a row and writes the file."""
        self.content.setdefault(section, []).append(row)
        self.path.write_text(json.dumps(self.content, indent=1) + "\n", encoding="utf-8")

    def attempt(self, section: str, row: dict[str, Any], measure: Callable[[], dict]) -> None:
        """Adds a row with what ``measure`` returns, or with why it failed: the others go on."""
        try:
            row = row | measure()
        except Exception as e:  # whatever stops a peer, a compiler's own kinds too, is a result
            row = row | {"failed": f"{type(e).__name__}: {str(e).strip()[:400]}"}
        self.add(section, row)


@contextmanager
def precision_of(name: str) -> Iterator[None]:
    """TF32 in products and convolutions, autocast to bfloat16, or neither; as it was afterwards.

    What autocast made of the weights lives as long as this: a graph that was captured within is
    replayed within.
    """
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = name == "tf32"
    try:
        with torch.autocast("cuda", torch.bfloat16, enabled=name == "bf16"):
            yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def wait(options: Options) -> None:
    """Until the device has done what it was given."""
    if options.on_gpu:
        torch.cuda.synchronize()


def latency(run: Callable[[], object], options: Options) -> dict[str, float]:
    """Wall time of single calls, each waited for: median and 99th percentile, milliseconds."""
    for _ in range(max(3, options.repeats // 10)):
        run()
    wait(options)
    times = []
    for _ in range(options.repeats):
        start = time.perf_counter()
        run()
        wait(options)
        times.append(1e3 * (time.perf_counter() - start))
    quantiles = torch.tensor(times, dtype=torch.float64).quantile(
        torch.tensor([0.5, 0.99], dtype=torch.float64)
    )
    return {"median_ms": quantiles[0].item(), "p99_ms": quantiles[1].item(), "calls": len(times)}


def throughput(run: Callable[[], object], options: Options) -> float:
    """Seconds a call, one behind the other: the best of three runs of about a third of a second.

    Of calls that take longer than such a run one is timed.
    """
    run()
    wait(options)
    start = time.perf_counter()
    run()
    wait(options)
    once = time.perf_counter() - start
    calls = max(1, min(options.repeats, int(0.3 / max(once, 1e-6))))
    best = float("inf")
    for _ in range(3 if once < _LONG_CALL else 1):
        start = time.perf_counter()
        for _ in range(calls):
            run()
        wait(options)
        best = min(best, (time.perf_counter() - start) / calls)
    return best


class Graphed:
    """A function captured as a CUDA graph for inputs of given shapes.

    Called with tensors there or, pinned, on the host: they are copied to where the graph reads.
    """

    def __init__(self, run: Run, inputs: tuple[Tensor, ...]) -> None:
        self._inputs = tuple(x.clone() for x in inputs)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            # Tuning and plans, which a capture must not see.
            for _ in range(3):
                run(*self._inputs)
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._output = run(*self._inputs)

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The output, overwritten by the next call."""
        for held, given in zip(self._inputs, inputs, strict=True):
            held.copy_(given, non_blocking=True)
        self._graph.replay()
        return self._output
