"""The experiment on synthetic soundscapes, as a page of Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch
from earshot_reference.soundscapes.signals import RATE
from torch import Tensor

from earshot_training import agreement
from earshot_training.recipe import TrainStage
from earshot_training.synthetic import (
    EVALUATION_SEED,
    REPEATS,
    SYSTEMS,
    Results,
)

_SETS = {"test": "Test", "evaluation": "Shifted test"}

_RESAMPLES = 2000
_BOOTSTRAP_SEED = 1


def markdown(results: Results, command: str) -> str:
    """The page."""
    parts = [
        _head(results, command),
        _stage_table(results),
        _strategies(results),
        _pseudo_labels(results),
        _robustness(results),
        _agreement(results),
        _training(results),
        _times(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def gain(before: Tensor, after: Tensor) -> tuple[float, float, float]:
    """Difference of two accuracies on the same clips, and the ends of its 95 % interval.

    Bootstrap over clips, both models on the same draw (Efron and Tibshirani 1993, chapter 13): what
    the models have in common does not widen it.
    """
    difference = after.double() - before.double()
    random = torch.Generator().manual_seed(_BOOTSTRAP_SEED)
    rows = torch.randint(len(difference), (_RESAMPLES, len(difference)), generator=random)
    means = difference[rows].mean(1)
    low, high = torch.quantile(means, torch.tensor([0.025, 0.975], dtype=torch.double)).tolist()
    return difference.mean().item(), low, high


def _head(results: Results, command: str) -> str:
    plan = results.plan
    classes = 10
    development = plan.development * classes
    trial = (
        " **A trial of the chain with a handful of clips and one epoch: its figures mean nothing.**"
    )
    return "".join(
        (
            "# The semi-supervised schedule on synthetic soundscapes\n\n",
            "**Synthetic.** Every recording was computed (`tools/training/earshot_training/data/",
            "synthetic.py`); nothing was recorded anywhere. ",
            "The networks are far smaller than the papers', and each was trained with one seed. ",
            "What follows shows that the whole loop works, and what it does on this corpus; it is ",
            "no comparison of the systems on real recordings.",
            trial if results.quick else "",
            f"\n\n- Command: `{command}`\n",
            f"- Machine: {_processor()}, {_memory()}, {platform.system()}; ",
            f"Python {platform.python_version()}, PyTorch {torch.__version__}; ",
            f"two systems at a time, one thread each. {datetime.now(UTC):%Y-%m-%d}.\n",
            f"- Clips of {plan.duration:g} s, corpus seed {plan.seed}. ",
            f"Pre-training: {plan.pretraining * classes} (TAU's ten classes in TAU's layout, no ",
            "times, cities that no network knows; the last quarter validates). ",
            f"Development: {development}, of which {round(plan.labelled_share * development)} ",
            f"have a label. Validation: {plan.validation * classes} labelled ones on top of these,",
            f" for the choice of the epoch. Test: {plan.test * classes}. ",
            f"Shifted test: {plan.evaluation * classes}, with rougher devices, half of the clips ",
            "from cities that the development set lacks, hours moved by up to four.\n",
            "- Nothing was chosen by the test sets. Sizes, rates and epochs are those of ",
            "`tools/training/recipes/synthetic/*.toml`.\n",
            "- Intervals are 95 % bootstrap intervals over the clips; they say nothing about ",
            "other training seeds.",
        )
    )


def _stage_table(results: Results) -> str:
    parts = ["## Each stage"]
    parts.append(
        "Accuracy, each clip with its own city and time; all classes have as many clips, so macro "
        "accuracy is the same. First stage: pre-trained, then trained on the labelled fifth. "
        "Second stage: on the union with the pseudo-labels. The second model of ASCMamba's "
        "two-step labelling is the improved SE-Trans after its first stage; the others label "
        "alone, MobileASCNet with soft targets."
    )
    for name, title in _SETS.items():
        rows = []
        for system, words in SYSTEMS.items():
            stages = results.answers[name][system]
            before, after = (stages[s].correct() for s in ("fine-tune", "second-stage"))
            difference, low, high = gain(before, after)
            rows.append(
                (
                    words,
                    f"{parameters(results, system):,}",
                    _percent(before.double().mean().item()),
                    _percent(after.double().mean().item()),
                    f"{100 * difference:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})",
                )
            )
        header = ("system", "parameters", "first stage", "second stage", "gain (95 %), points")
        parts.append(f"### {title}\n\n{table(header, rows)}")
    return "\n\n".join(parts)


def parameters(results: Results, system: str) -> int:
    """Of a system's last network."""
    return results.stages[system]["second-stage"]["parameters"]


def _strategies(results: Results) -> str:
    system = "mobile-asc-net-gated"
    stages = results.answers["test"][system]
    shifted = results.answers["evaluation"][system]
    words = {
        "from-scratch": "from scratch",
        "fine-tune": "pre-trained, all of it fine-tuned",
        "frozen-backbone": "pre-trained, backbone frozen",
        "second-stage": "second stage (after full fine-tuning)",
    }
    rows = [
        (
            text,
            _percent(stages[stage].correct().double().mean().item()),
            _percent(shifted[stage].correct().double().mean().item()),
        )
        for stage, text in words.items()
        if stage in stages
    ]
    header = ("MobileASCNet, gated fusion", "test", "shifted test")
    return f"## MobileASCNet's strategies\n\n{table(header, rows)}"


def _pseudo_labels(results: Results) -> str:
    rows = []
    for system, words in SYSTEMS.items():
        unlabelled, told, right = results.pseudo_labels[system]
        rows.append((words, f"{told} of {unlabelled}", _percent(right / told) if told else "none"))
    header = ("system", "clips labelled", "of them rightly")
    return f"## Pseudo-labels\n\nMade by `tools/earshot pseudo-label`.\n\n{table(header, rows)}"


def _robustness(results: Results) -> str:
    parts = [
        "## Wrong cities and times\n\nSecond stage, accuracy in percent by `tools/earshot "
        f"evaluate`, seed {EVALUATION_SEED}: mean and standard deviation over the draws "
        f"({REPEATS} of them where something is drawn). A model without context does not change."
    ]
    changes = {
        "SHUFFLED": "city and time of another clip",
        "UNSEEN_CITY": "a city that was not in the development set",
    }
    for name, title in _SETS.items():
        models = dict(zip(SYSTEMS, results.evaluations[name]["models"], strict=True))
        for change, words in changes.items():
            lines, header = [], None
            for system, model in models.items():
                points = _points(model, change)
                if points is None:
                    accuracy = 100 * model["accuracy"]["value"]
                    lines.append((SYSTEMS[system], f"{accuracy:.1f} throughout"))
                    continue
                header = ("system", *(f"{point['percent']} %" for point in points))
                lines.append((SYSTEMS[system], *map(_point, points)))
            if header is None:
                continue
            rows = [line + ("",) * (len(header) - len(line)) for line in lines]
            parts.append(f"### {title}: share told {words}\n\n{table(header, rows)}")
    return "\n\n".join(parts)


def _points(model: dict, change: str) -> list[dict] | None:
    for curve in model["curves"]:
        if curve["change"].upper() == change:
            return curve["points"]
    return None


def _point(point: dict) -> str:
    accuracy, spread = 100 * point["accuracy"], 100 * point["accuracy_spread"]
    return f"{accuracy:.1f}" + (f" ± {spread:.1f}" if point["runs"] > 1 else "")


def _agreement(results: Results) -> str:
    rows, every = [], []
    for name, by_system in results.answers.items():
        for system, stages in by_system.items():
            for stage, result in stages.items():
                every.append(result)
                rows.append(
                    (
                        _SETS[name],
                        SYSTEMS[system],
                        stage,
                        str(len(result.names)),
                        str(len(result.different)),
                        f"{result.largest_difference:.1e}",
                        f"{result.differences.median():.1e}",
                    )
                )
    header = ("set", "system", "stage", "clips", "other label", "largest difference", "median")
    clips = sum(len(result.names) for result in every)
    close = sum(result.close for result in every)
    parts = [
        "## PyTorch and Earshot",
        f"Both from the WAV files, which are resampled from {RATE / 1000:g} kHz, "
        f"{clips:,} answers in all. Differences are those of a clip's probabilities, of which the "
        f"largest counts ({agreement.TOLERANCE:g} is allowed). The two best probabilities of "
        f"{close} answers were closer than that.",
        table(header, rows),
    ]
    lines = [f"- {line}" for result in every for line in result.disagreements()]
    if lines:
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _training(results: Results) -> str:
    rows = []
    for system, recipe in results.recipes.items():
        for stage in recipe.stages:
            if not isinstance(stage, TrainStage):
                continue
            written = results.stages[system][stage.name]
            rows.append(
                (
                    SYSTEMS[system],
                    stage.name,
                    str(written["training_clips"]),
                    f"{written['kept']['epoch']} of {written['epochs']}",
                    _percent(written["kept"]["validation_accuracy"]),
                    f"{written['seconds']:.0f} s",
                )
            )
    header = ("system", "stage", "clips", "epoch kept", "validation accuracy", "time")
    sizes = [
        f"- {SYSTEMS[system]}: {recipe.network.sizes}, seed {recipe.seed}"
        for system, recipe in results.recipes.items()
    ]
    return f"## Training\n\n{table(header, rows)}\n\nSizes:\n\n" + "\n".join(sizes)


def _times(results: Results) -> str:
    rows = [(what, f"{seconds:.0f} s") for what, seconds in results.seconds.items()]
    return f"## Time\n\n{table(('step', 'wall clock'), rows)}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; numbers stand to the right of the first column."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _processor() -> str:
    """The processor's name where Linux tells it."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()}, {_cores()} cores"
    return f"{platform.machine()}, {_cores()} cores"


def _cores() -> int:
    return os.cpu_count() or 1


def _memory() -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{total / 2**30:.0f} GiB"
