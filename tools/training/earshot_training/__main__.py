"""Command line: ``python -m earshot_training run|conditions|agree|synthetic``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from earshot_reference.configuration import ReferenceError


def _run(arguments: argparse.Namespace) -> int:
    import torch

    from earshot_training.corpora import Corpora
    from earshot_training.recipe import Recipe
    from earshot_training.stages import Run

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recipe = Recipe.read(arguments.recipe)
    corpora = Corpora(arguments.data_root, arguments.cache or arguments.output / "cache")
    device = torch.device(arguments.device)
    run = Run(recipe, arguments.output, corpora, arguments.resume, arguments.epochs, device)
    run.all(arguments.stage)
    return 0


def _conditions(arguments: argparse.Namespace) -> int:
    from earshot_training import conditions

    print("\n".join(conditions.lines(arguments.model, arguments.metadata, arguments.audio)))
    return 0


def _agree(arguments: argparse.Namespace) -> int:
    from earshot_training import agreement

    result = agreement.compare(arguments.model, arguments.metadata, arguments.audio)
    print("\n".join(result.lines()))
    return 0 if result.agrees else 1


def _synthetic(arguments: argparse.Namespace) -> int:
    from earshot_training import synthetic, synthetic_report

    results = synthetic.run(
        arguments.output, arguments.quick, arguments.seed, lambda line: print(line, flush=True)
    )
    page = arguments.results or arguments.output / "synthetic-semi-supervised.md"
    words = ["tools/train synthetic --output DIR", f"--seed {arguments.seed}"]
    if arguments.quick:
        words.append("--quick")
    page.write_text(synthetic_report.markdown(results, " ".join(words)), encoding="utf-8")
    print(f"wrote {page}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m earshot_training", description="Trains Earshot's networks by recipes."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    sub = commands.add_parser("run", help="run the stages of a recipe")
    sub.set_defaults(run=_run)
    sub.add_argument("recipe", type=Path, help="the TOML file")
    sub.add_argument("--output", type=Path, required=True, help="folder for all that is made")
    sub.add_argument(
        "--data-root", type=Path, default=Path(), help="folder that the recipe's paths start from"
    )
    sub.add_argument("--cache", type=Path, help="folder for features (OUTPUT/cache if not given)")
    sub.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    sub.add_argument(
        "--stage",
        action="append",
        default=[],
        help="only this stage, those before it must be done; repeatable",
    )
    sub.add_argument("--epochs", type=int, help="most epochs of any stage, to try a recipe out")
    sub.add_argument("--device", default="cpu", help="where PyTorch trains: cpu, cuda (cpu)")
    sub.add_argument("--threads", type=int, default=0, help="PyTorch's threads (its own choice)")

    sub = commands.add_parser(
        "conditions", help="a model's accuracy when it is told less, wrong things, or hears less"
    )
    sub.set_defaults(run=_conditions)
    _add_recordings(sub)

    sub = commands.add_parser(
        "agree", help="compare PyTorch's and Earshot's answers, both from the recordings"
    )
    sub.set_defaults(run=_agree)
    _add_recordings(sub)

    sub = commands.add_parser(
        "synthetic", help="train and evaluate all systems on synthetic soundscapes"
    )
    sub.set_defaults(run=_synthetic)
    sub.add_argument("--output", type=Path, required=True, help="folder for all that is made")
    sub.add_argument("--quick", action="store_true", help="the whole chain with few clips")
    sub.add_argument("--seed", type=int, default=1, help="of the soundscapes (1)")
    sub.add_argument(
        "--results", type=Path, help="the Markdown file (OUTPUT/synthetic-semi-supervised.md)"
    )
    return parser


def _add_recordings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="the model directory")
    parser.add_argument("--metadata", type=Path, required=True, help="CSV of the recordings")
    parser.add_argument("--audio", type=Path, required=True, help="folder with the recordings")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    parsed = _parser().parse_args(arguments)
    try:
        return parsed.run(parsed)
    except (ReferenceError, OSError) as e:
        print(f"error: {e}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
