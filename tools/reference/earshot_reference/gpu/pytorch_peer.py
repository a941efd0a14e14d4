"""PyTorch's own speed on a GPU, which Earshot's CUDA backend is compared with, as JSON.

``network``: one clip's latency and the throughput of each network in eager mode and as a CUDA
graph; ASCMamba's scan is a fused Triton kernel or mamba_ssm's, so that the peer is a fair one.
``compiled``: ASCMamba by torch.compile. ``kernels``: ASCMamba's convolutions, products and scans
alone, and what the card reaches on a copy and a large product; ``giga_per_second`` counts 1e9
floating-point operations, state updates or bytes. On a CPU the same logic runs without what needs
a GPU.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from earshot_reference import model_directory
from earshot_reference.configuration import ReferenceError
from earshot_reference.gpu.timing import (
    Graphed,
    Options,
    Report,
    Run,
    latency,
    precision_of,
    throughput,
)
from earshot_reference.gpu.torch_log_mel import LogMel
from earshot_reference.networks.ascmamba import AscMamba, Mixer
from earshot_reference.networks.layers import SceneNetwork

_COMPILED_BATCHES = (1, 32)
_COMPILE_MODES = ("max-autotune-no-cudagraphs", "reduce-overhead")
_PRECISIONS = ("float32", "tf32", "bf16")
_SPREADS = {"float32": 1e-3, "tf32": 0.05, "bf16": 0.5}
"""How far logits may be from the golden ones before a time means nothing, in their spread."""
_LARGEST_GRAPH = 8
"""From here on in eager mode too the device is what is waited for."""

Make = Callable[[tuple[Tensor, ...]], Run]
"""Inputs on the device to what runs inputs of their shapes."""


def _mamba_ssm(network: AscMamba) -> AscMamba:
    """Lets every mixer scan by the public CUDA kernel."""
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn

    def fused(mixer: Mixer):
        def scan(u: Tensor, dt: Tensor, b: Tensor, c: Tensor, z: Tensor) -> Tensor:
            u, dt, b, c, z = (x.transpose(1, 2).contiguous() for x in (u, dt, b, c, z))
            a = -torch.exp(mixer.A_log)
            y = selective_scan_fn(u, dt, a, b, c, mixer.D, z, delta_softplus=True)
            return y.transpose(1, 2)

        return scan

    for module in network.modules():
        if isinstance(module, Mixer):
            module.gated_scan = fused(module)
    return network


def networks(directory: Path, options: Options) -> dict[str, SceneNetwork]:
    """The model once for each scan that there is here, by the scan's name; "" without a scan."""

    def load() -> SceneNetwork:
        network, _ = model_directory.load(directory)
        if not network.contextual:
            raise ReferenceError(f"{directory}: expected a network with city and time")
        return network.to(options.device)

    network = load()
    if not isinstance(network, AscMamba):
        return {"": network}
    if not options.on_gpu:
        return {"loop": network}
    from earshot_reference.gpu import triton_scan

    made = {"triton": triton_scan.fuse(network)}
    with contextlib.suppress(ImportError):
        made["mamba_ssm"] = _mamba_ssm(load())
    return made


def _variants(network: SceneNetwork, options: Options) -> dict[str, Callable[[], Make]]:
    """Ways to run a network, each prepared once for a precision, then made for given shapes."""
    made: dict[str, Callable[[], Make]] = {"eager": lambda: lambda inputs: network}
    if options.on_gpu:
        made["cuda graph"] = lambda: lambda inputs: Graphed(network, inputs)
    return made


def _compiled(network: SceneNetwork) -> dict[str, Callable[[], Make]]:
    """As :func:`_variants`, by torch.compile."""

    def variant(mode: str) -> Callable[[], Make]:
        def prepare() -> Make:
            torch.compiler.reset()
            run = torch.compile(network, mode=mode, dynamic=False)
            return lambda inputs: run

        return prepare

    return {f"torch.compile {mode}": variant(mode) for mode in _COMPILE_MODES}


def _golden(directory: Path, options: Options) -> dict[str, Tensor]:
    tensors = load_file(directory / "golden.safetensors")
    expected = ("input.features", "input.location", "input.time_features", "output.logits")
    missing = [name for name in expected if name not in tensors]
    if missing:
        raise ReferenceError(f"{directory}/golden.safetensors: {', '.join(missing)} missing")
    return {name: tensors[name] for name in expected}


def _one_clip(
    run: Run, host: tuple[Tensor, ...], golden: Tensor, spread: float, options: Options
) -> dict:
    """Latency from memory of the host to logits there, after a check of them."""
    logits = run(*(x.to(options.device) for x in host)).float().cpu()
    difference = (logits - golden).abs().max().item() / golden.std().item()
    # NaN is not within bounds either.
    if not difference <= spread:
        raise ReferenceError(f"logits differ by {difference:.2g} of their spread")

    def call() -> Tensor:
        if isinstance(run, Graphed):
            return run(*host).cpu()
        return run(*(x.to(options.device, non_blocking=True) for x in host)).cpu()

    return {"difference_of_spread": difference, **latency(call, options)}


@torch.no_grad()
def measure_network(directory: Path, options: Options, report: Report, compiled: bool) -> None:
    """One clip from features and from samples, then batches; rows of ``network``."""
    golden = _golden(directory, options)
    host = [golden[f"input.{name}"][:1] for name in ("features", "location", "time_features")]
    logits = golden["output.logits"][:1]
    pcm = directory / "golden-pcm.safetensors"
    samples = load_file(pcm)["input.pcm"][:1] if pcm.exists() else None
    if options.on_gpu:
        host = [x.pin_memory() for x in host]
        samples = samples if samples is None else samples.pin_memory()
    log_mel = LogMel().to(options.device)
    section = "compiled" if compiled else "network"
    for scan, network in networks(directory, options).items():
        variants = _compiled(network) if compiled else _variants(network, options)
        for precision in _PRECISIONS if options.on_gpu else ("float32",):
            for name, prepare in variants.items():
                row = {"model": directory.name, "scan": scan, "run": name, "precision": precision}
                with precision_of(precision):
                    make = prepare()
                    report.attempt(
                        section,
                        row | {"what": "one clip from features"},
                        lambda make=make, precision=precision: _one_clip(
                            make(_moved(host, 1, options)),
                            tuple(host),
                            logits,
                            _SPREADS[precision],
                            options,
                        ),
                    )
                    if samples is not None and not compiled:
                        report.attempt(
                            section,
                            row | {"what": "one clip from samples"},
                            lambda network=network, name=name, precision=precision: _one_clip(
                                _from_samples(network, log_mel, name, (samples, *host[1:])),
                                (samples, *host[1:]),
                                logits,
                                _SPREADS[precision],
                                options,
                            ),
                        )
                    for batch in _batches(name, compiled, options):
                        report.attempt(
                            section,
                            row | {"what": "clips one batch behind the other", "batch": batch},
                            lambda make=make, batch=batch: _batch(
                                make, _moved(host, batch, options), options
                            ),
                        )


def _batches(run: str, compiled: bool, options: Options) -> tuple[int, ...]:
    """Each batch once: as a graph while the launches are what takes time."""
    if compiled:
        return _COMPILED_BATCHES
    if not options.on_gpu:
        return options.batches
    graph = run == "cuda graph"
    return tuple(b for b in options.batches if (b <= _LARGEST_GRAPH) == graph)


def _from_samples(
    network: SceneNetwork, log_mel: LogMel, name: str, host: tuple[Tensor, ...]
) -> Run:
    def run(pcm: Tensor, location: Tensor, time_features: Tensor) -> Tensor:
        # Decibels in bfloat16 would be off by whole ones.
        with torch.autocast("cuda", enabled=False):
            features = log_mel(pcm)
        return network(features, location, time_features)

    if name == "cuda graph":
        return Graphed(run, tuple(x.cuda() for x in host))
    return run


def _moved(host: list[Tensor], batch: int, options: Options) -> tuple[Tensor, ...]:
    return tuple(x.to(options.device).repeat(batch, *[1] * (x.dim() - 1)) for x in host)


def _batch(make: Make, inputs: tuple[Tensor, ...], options: Options) -> dict:
    run = make(inputs)
    seconds = throughput(lambda: run(*inputs), options)
    return {"ms": 1e3 * seconds, "clips_per_second": inputs[0].shape[0] / seconds}


def _types(options: Options) -> dict[str, tuple[torch.dtype, str]]:
    """Precisions of products: type of the numbers, and TF32 or not."""
    types = {"float32": (torch.float32, "float32")}
    if options.on_gpu:
        types |= {"tf32": (torch.float32, "tf32"), "bfloat16": (torch.bfloat16, "float32")}
    return types


@torch.no_grad()
def measure_kernels(directory: Path, options: Options, report: Report) -> None:
    """Convolutions, products and scans of the network alone, and the card's limits."""
    network = next(iter(networks(directory, options).values()))
    if not isinstance(network, AscMamba):
        return
    for precision, (dtype, switch) in _types(options).items():
        with precision_of(switch):
            for batch in options.kernel_batches:
                _convolutions(network, batch, dtype, precision, options, report)
                _products(network, batch, dtype, precision, options, report)
            n = options.large
            square = torch.randn(n, n, device=options.device, dtype=dtype)
            report.attempt(
                "limits",
                {"what": f"product of {n} x {n}", "precision": precision},
                lambda x=square, n=n: _rate(lambda: x @ x, 2.0 * n**3, options),
            )
    for batch in options.kernel_batches:
        _scans(network, batch, options, report)
    source = torch.empty(options.large**2 * 4, device=options.device)
    target = torch.empty_like(source)
    moved = 2.0 * source.numel() * source.element_size()
    report.attempt(
        "limits",
        {"what": "copy", "bytes": moved},
        lambda: _rate(lambda: target.copy_(source), moved, options),
    )


def _rate(run: Callable[[], object], work: float, options: Options) -> dict[str, float]:
    seconds = throughput(run, options)
    return {"us": 1e6 * seconds, "giga_per_second": work / seconds / 1e9}


def _planes(options: Options) -> tuple[int, int, int]:
    """Frames, bands, and bands behind the encoder."""
    return options.frames, 64, 31


def _convolutions(
    network: AscMamba,
    batch: int,
    dtype: torch.dtype,
    precision: str,
    options: Options,
    report: Report,
) -> None:
    frames, bands, _ = _planes(options)
    encoder = network.dense_encoder
    for unit in [*encoder.dense_block.dense_block, encoder.dense_conv_2]:
        reference = unit[0]
        convolution = nn.Conv2d(
            reference.in_channels,
            reference.out_channels,
            reference.kernel_size,
            reference.stride,
            reference.padding,
            reference.dilation,
        ).to(device=options.device, dtype=dtype, memory_format=torch.channels_last)
        x = torch.randn(
            batch, reference.in_channels, frames, bands, device=options.device, dtype=dtype
        ).contiguous(memory_format=torch.channels_last)
        positions = frames * ((bands + 2 * reference.padding[1] - 3) // reference.stride[1] + 1)
        row = {
            "what": "convolution, channels last",
            "inputs": reference.in_channels,
            "kernel": list(reference.kernel_size),
            "dilation": list(reference.dilation),
            "batch": batch,
            "precision": precision,
        }
        report.attempt(
            "kernels",
            row,
            lambda f=convolution, x=x, positions=positions: _rate(
                lambda: f(x), 2.0 * batch * positions * f.weight.numel(), options
            ),
        )


def _products(
    network: AscMamba,
    batch: int,
    dtype: torch.dtype,
    precision: str,
    options: Options,
    report: Report,
) -> None:
    frames, _, bins = _planes(options)
    mixer = network.blocks[0].time_mamba.forward_blocks[0].mixer
    shapes = {
        name: getattr(mixer, name).weight.shape
        for name in ("in_proj", "x_proj", "dt_proj", "out_proj")
    }
    shapes["tlinear"] = network.blocks[0].tlinear.weight.shape[1::-1]
    rows = batch * frames * bins
    for name, (outputs, inputs) in shapes.items():
        linear = nn.Linear(inputs, outputs, bias=False).to(options.device, dtype)
        x = torch.randn(rows, inputs, device=options.device, dtype=dtype)
        report.attempt(
            "kernels",
            {
                "what": f"product, {name}",
                "rows": rows,
                "inputs": inputs,
                "outputs": outputs,
                "batch": batch,
                "precision": precision,
            },
            lambda f=linear, x=x: _rate(lambda: f(x), 2.0 * x.shape[0] * f.weight.numel(), options),
        )


def _scans(network: AscMamba, batch: int, options: Options, report: Report) -> None:
    frames, _, bins = _planes(options)
    mixer = network.blocks[0].time_mamba.forward_blocks[0].mixer
    channels, states = mixer.A_log.shape
    for path, sequences, length in (("time", bins, frames), ("frequency", frames, bins)):

        def random(width: int, extents=(batch * sequences, length)) -> Tensor:
            return torch.randn(*extents, width, device=options.device)

        u, dt, z = random(channels), random(channels), random(channels)
        b, c = random(states), random(states)
        updates = float(batch * sequences * length * channels * states)
        report.attempt(
            "kernels",
            {
                "what": f"scan with softplus and gate, {path}",
                "batch": batch,
                "precision": "float32",
            },
            lambda x=(u, dt, b, c, z), n=updates: _rate(lambda: mixer.gated_scan(*x), n, options),
        )


def write(directories: Sequence[Path], output: Path, options: Options) -> None:
    """Measures what ``options`` asks for of model directories with golden files.

    Raises:
        ReferenceError: if a directory is none with city and time, or there is no such device.
    """
    if options.on_gpu and not torch.cuda.is_available():
        raise ReferenceError("device cuda: PyTorch sees no GPU")
    torch.backends.cudnn.benchmark = True
    report = Report(output)
    report.content["machine"] = {
        "device": torch.cuda.get_device_name() if options.on_gpu else "cpu",
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
    }
    # What can take minutes, or fail, comes last.
    for directory in directories:
        if "network" in options.sections:
            measure_network(directory, options, report, compiled=False)
    for directory in directories:
        if "kernels" in options.sections:
            measure_kernels(directory, options, report)
    for directory in directories:
        if "compiled" in options.sections and options.on_gpu:
            measure_network(directory, options, report, compiled=True)
