"""``python -m earshot_reference``: what works on models from the command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from itertools import repeat
from pathlib import Path

from earshot_reference.configuration import (
    ARCHITECTURES,
    DEFAULT_LABELS,
    GPU_PEER_SECTIONS,
    TIME_ENCODINGS,
    UNKNOWN_LOCATION_POLICIES,
    ModelConfig,
    ReferenceError,
)

# What needs PyTorch or librosa is imported where it is used: --help answers at once.

_PARALLEL_CHUNK = 4


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def _duration(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not within 0 to 3600 seconds")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return value


def _export(arguments: argparse.Namespace) -> None:
    from earshot_reference import model_directory

    state = model_directory.read_checkpoint(arguments.checkpoint)
    if arguments.config is not None:
        config = ModelConfig.read(arguments.config)
    else:
        config = model_directory.recognise(state, arguments.checkpoint)
    if config.context is not None:
        chosen = {
            "time_encoding": arguments.time_encoding,
            "unknown_location": arguments.unknown_location,
        }
        given = {name: value for name, value in chosen.items() if value is not None}
        config = replace(config, context=replace(config.context, **given))
    model_directory.save(arguments.output, config, state, arguments.checkpoint)
    print(f"{arguments.output}: {len(state)} tensors")


def _golden(arguments: argparse.Namespace) -> None:
    from earshot_reference import golden

    output = arguments.output or arguments.model / "golden.safetensors"
    golden.write(
        arguments.model,
        output,
        batch=arguments.batch,
        duration=arguments.duration,
        seed=arguments.seed,
        from_pcm=arguments.pcm,
        ready_condition=arguments.condition,
    )
    print(f"{output}: {output.stat().st_size} bytes")


def _soundscapes(arguments: argparse.Namespace) -> None:
    from earshot_reference.soundscapes import generator

    scenes = arguments.label or DEFAULT_LABELS
    indices = range(arguments.first, arguments.first + arguments.clips)
    keys = [(label, index) for index in indices for label in scenes]

    def name(label: str, index: int) -> str:
        stem = generator.file_stem(label)
        return f"{stem}.wav" if arguments.clips == 1 else f"{stem}-{index:04d}.wav"

    with ProcessPoolExecutor(arguments.workers) as pool:
        clips = pool.map(
            generator.generate,
            (label for label, _ in keys),
            repeat(arguments.seed),
            (index for _, index in keys),
            repeat(arguments.duration),
            chunksize=_PARALLEL_CHUNK,
        )
        named = ((name(*key), clip) for key, clip in zip(keys, clips, strict=True))
        written = generator.write_set(arguments.output, named)
    print(f"{arguments.output}: {written} clips")


def _journeys(arguments: argparse.Namespace) -> None:
    from earshot_reference.soundscapes import journeys

    indices = range(arguments.journeys)
    with ProcessPoolExecutor(arguments.workers) as pool:
        made = pool.map(
            journeys.generate, repeat(arguments.seed), indices, repeat(arguments.scenes)
        )
        named = ((f"journey-{i:03d}.wav", one) for i, one in zip(indices, made, strict=True))
        written = journeys.write_set(arguments.output, named)
    print(f"{arguments.output}: {written} journeys")


def _segments(arguments: argparse.Namespace) -> None:
    from earshot_reference import segment_measures

    print(segment_measures.table(arguments.truth, arguments.found))


def _onnx(arguments: argparse.Namespace) -> None:
    from earshot_reference import model_directory
    from earshot_reference.peers import onnx_export

    output = arguments.output or arguments.model / "model.onnx"
    network, _ = model_directory.load(arguments.model)
    onnx_export.write(network, output)
    print(f"{output}: {output.stat().st_size} bytes")


def _sizes(architecture: str, settings: Sequence[str]):
    """The paper's sizes with some replaced: ``NAME=NUMBER`` or ``NAME=NUMBER,NUMBER,...``."""
    from earshot_reference.networks.architectures import SIZES

    sizes = SIZES[architecture]()
    known = asdict(sizes)
    replaced = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in known:
            raise ReferenceError(f"--size {name}: expected one of {', '.join(known)}")
        try:
            if text == "none":
                replaced[name] = text if isinstance(known[name], str) else None
            elif isinstance(known[name], tuple):
                replaced[name] = tuple(int(number) for number in text.split(","))
            else:
                replaced[name] = type(known[name])(text)
        except ValueError as e:
            raise ReferenceError(f"--size {name}: found {text!r}, expected numbers") from e
    return replace(sizes, **replaced)


def _random(arguments: argparse.Namespace) -> None:
    from earshot_reference import random_model

    sizes = _sizes(arguments.architecture, arguments.size)
    random_model.write(arguments.output, arguments.architecture, sizes, arguments.seed)
    print(f"{arguments.output}: {arguments.architecture}")


def _peers(arguments: argparse.Namespace) -> None:
    from earshot_reference.peers import benchmark_model

    sizes = _sizes(arguments.architecture, arguments.size)
    benchmark_model.write(arguments.output, arguments.architecture, sizes, arguments.seed)
    print(f"{arguments.output}: {len(list(arguments.output.iterdir()))} files")


def _gpu_peers(arguments: argparse.Namespace) -> None:
    from earshot_reference.gpu import pytorch_peer
    from earshot_reference.gpu.timing import Options

    options = Options(
        device=arguments.device,
        repeats=arguments.repeats,
        **({"sections": tuple(arguments.only)} if arguments.only else {}),
        **({"batches": tuple(arguments.batch)} if arguments.batch else {}),
    )
    pytorch_peer.write(arguments.models, arguments.output, options)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes")


def _gpu_profile(arguments: argparse.Namespace) -> None:
    from earshot_reference.gpu import nsight

    nsight.write([(path.stem, path) for path in arguments.files], arguments.output)
    print(f"{arguments.output}: {len(arguments.files)} tables")


def _gpu_timeline(arguments: argparse.Namespace) -> None:
    from earshot_reference.gpu import timeline

    files = [(path.stem, path) for path in arguments.files]
    timeline.write(files, arguments.output, arguments.predicted)
    print(f"{arguments.output}: {len(arguments.files)} tables")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m earshot_reference",
        description="Earshot's networks in PyTorch: export, golden files, synthetic soundscapes.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=help,
            description=help,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        sub.set_defaults(run=run)
        return sub

    sub = command("export", _export, "turn a PyTorch checkpoint into a model directory")
    sub.add_argument("checkpoint", type=Path, help="the .pth file")
    sub.add_argument("--output", type=Path, required=True, help="the directory to write")
    sub.add_argument("--config", type=Path, help="a config.json to start from")
    sub.add_argument("--time-encoding", choices=TIME_ENCODINGS, help="overrides the config")
    sub.add_argument(
        "--unknown-location", choices=UNKNOWN_LOCATION_POLICIES, help="overrides the config"
    )

    sub = command("golden", _golden, "write a golden file for a model directory")
    sub.add_argument("model", type=Path, help="the model directory")
    sub.add_argument("--output", type=Path, help="the file (MODEL/golden.safetensors if not given)")
    sub.add_argument("--batch", type=_positive, default=2, help="clips")
    sub.add_argument("--duration", type=_duration, default=2.4, help="seconds of each clip")
    sub.add_argument("--seed", type=_seed, default=0, help="of the soundscapes")
    sub.add_argument("--pcm", action="store_true", help="begin from samples, not from features")
    sub.add_argument(
        "--condition", action="store_true", help="condition vectors in place of city and time"
    )

    sub = command("soundscapes", _soundscapes, "write synthetic soundscapes and metadata.csv")
    sub.add_argument("--output", type=Path, required=True, help="the folder to write")
    sub.add_argument("--clips", type=_positive, default=1, help="clips of each scene")
    sub.add_argument("--first", type=_seed, default=0, help="index of the first clip")
    sub.add_argument("--duration", type=_duration, default=10.0, help="seconds of each clip")
    sub.add_argument("--seed", type=_seed, default=0, help="same seed, same clips")
    sub.add_argument(
        "--label", action="append", choices=DEFAULT_LABELS, help="only this scene; repeatable"
    )
    sub.add_argument(
        "--workers", type=_positive, default=os.cpu_count() or 1, help="processes making clips"
    )

    sub = command("journeys", _journeys, "write recordings that pass through several scenes")
    sub.add_argument("--output", type=Path, required=True, help="the folder to write")
    sub.add_argument("--seed", type=_seed, default=1, help="the same seed gives the same files")
    sub.add_argument("--journeys", type=_positive, default=4, help="how many")
    sub.add_argument("--scenes", type=_positive, default=8, help="scenes of each")
    sub.add_argument("--workers", type=_positive, default=os.cpu_count(), help="processes")

    sub = command("segments", _segments, "compare segments with the truth, as a table")
    sub.add_argument("truth", type=Path, help="CSV: file, start, end, label")
    sub.add_argument("found", type=Path, nargs="+", help="likewise, as classify --segments writes")

    sub = command("onnx", _onnx, "write a model directory's network as an ONNX file")
    sub.add_argument("model", type=Path, help="the model directory")
    sub.add_argument("--output", type=Path, help="the file (MODEL/model.onnx if not given)")

    for name, run, help in (
        ("random", _random, "write a model directory with random weights"),
        ("peers", _peers, "write a random model with exports for the benchmarks' peers"),
    ):
        sub = command(name, run, help)
        sub.add_argument("--output", type=Path, required=True, help="the directory to write")
        sub.add_argument(
            "--architecture", choices=ARCHITECTURES, default=ARCHITECTURES[0], help="which"
        )
        sub.add_argument("--seed", type=_seed, default=1, help="of the weights")
        sub.add_argument(
            "--size",
            action="append",
            default=[],
            metavar="NAME=NUMBER[,NUMBER...]",
            help="a size other than the paper's; repeatable",
        )

    sub = command("gpu-peers", _gpu_peers, "measure PyTorch on a GPU beside which Earshot is put")
    sub.add_argument("models", type=Path, nargs="+", help="model directories with golden files")
    sub.add_argument("--output", type=Path, required=True, help="the JSON file to write")
    sub.add_argument("--device", default="cuda", choices=("cuda", "cpu"), help="where it runs")
    sub.add_argument("--repeats", type=_positive, default=200, help="timed calls of one clip")
    sub.add_argument("--batch", type=_positive, action="append", help="clips at once; repeatable")
    sub.add_argument(
        "--only", action="append", choices=GPU_PEER_SECTIONS, help="a part of it; repeatable"
    )

    sub = command("gpu-profile", _gpu_profile, "turn what ncu measured of a run into a table")
    sub.add_argument("files", type=Path, nargs="+", help="CSV files of ncu's raw page")
    sub.add_argument("--output", type=Path, required=True, help="the Markdown file to write")

    sub = command("gpu-timeline", _gpu_timeline, "turn when kernels began and ended into a table")
    sub.add_argument("files", type=Path, nargs="+", help="what cuda/bench/kernel_trace.cpp wrote")
    sub.add_argument("--output", type=Path, required=True, help="the Markdown file to write")
    sub.add_argument("--predicted", type=Path, help="lines of title, kernel, microseconds")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except (ReferenceError, OSError) as e:
        print(f"error: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
