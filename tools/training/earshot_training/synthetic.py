"""The papers' whole schedule for all systems, small enough for a CPU, on synthetic soundscapes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from earshot_reference.configuration import DEFAULT_LABELS, ReferenceError

from earshot_training import agreement, earshot, engine, networks
from earshot_training.augmentation import augmented
from earshot_training.corpora import Corpora
from earshot_training.data import TensorSet, load_cas
from earshot_training.data.synthetic import Plan, corpus
from earshot_training.recipe import Recipe, TrainStage
from earshot_training.stages import LABELS, MODEL, SUMMARY

RECIPES = Path(__file__).resolve().parents[1] / "recipes" / "synthetic"

SYSTEMS = {
    "se-trans": "SE-Trans",
    "improved-se-trans": "Improved SE-Trans",
    "ascmamba": "ASCMamba",
    "ascmamba-without-context": "ASCMamba w/o L&RT",
    "mobile-asc-net-none": "MobileASCNet, no fusion",
    "mobile-asc-net-early": "MobileASCNet, early fusion",
    "mobile-asc-net-gated": "MobileASCNet, gated fusion",
}

# Two at a time, in this order. ASCMamba's labelling waits for the improved SE-Trans of the third
# entry's model, and begins while others still train.
_TASKS = (
    ("improved-se-trans", ("pre-train", "fine-tune"), ()),
    ("ascmamba", ("pre-train", "fine-tune"), ()),
    ("ascmamba-without-context", ("pre-train", "fine-tune"), ()),
    ("ascmamba", ("pseudo-label", "second-stage"), (0, 1)),
    ("ascmamba-without-context", ("pseudo-label", "second-stage"), (0, 2)),
    ("improved-se-trans", ("pseudo-label", "second-stage"), (0,)),
    ("se-trans", (), ()),
    ("mobile-asc-net-gated", (), ()),
    ("mobile-asc-net-early", (), ()),
    ("mobile-asc-net-none", (), ()),
)

SHARES = "5,10,20,50,70,100"
REPEATS = 5
EVALUATION_SEED = 1

FULL = Plan(pretraining=30, development=60, validation=8, test=40, evaluation=20, duration=3.0)
QUICK = Plan(pretraining=4, development=8, validation=2, test=2, evaluation=2, duration=2.0)
QUICK_EPOCHS = 1


@dataclass(frozen=True)
class Cost:
    """What a system's training is expected to take, in seconds of one core."""

    step: float
    """Of a batch in training."""
    clip: float
    """Of a clip in validation."""
    total: float


@dataclass(frozen=True)
class Results:
    """All that was measured."""

    plan: Plan
    quick: bool
    recipes: dict[str, Recipe]
    costs: dict[str, Cost]
    stages: dict[str, dict[str, dict]]
    """By system and stage: what the stage wrote down."""
    pseudo_labels: dict[str, tuple[int, int, int]]
    """By system: clips without label, of them labelled, of them rightly."""
    answers: dict[str, dict[str, dict[str, agreement.Agreement]]]
    """By set, system and stage."""
    evaluations: dict[str, dict]
    """By set: what ``earshot evaluate --json`` wrote of the second stage's models."""
    seconds: dict[str, float]
    """By step of the experiment."""


def run(output: Path, quick: bool, seed: int, log: Callable[[str], None]) -> Results:
    """Makes the corpora, trains, labels and evaluates; what is there of an earlier run is kept.

    Args:
        output: folder for all of it.
        quick: few clips and one epoch, to try the chain.
        seed: of the corpora; training's seeds are in the recipes.
        log: gets a line now and then.
    """
    plan = replace(QUICK if quick else FULL, seed=seed)
    clock = _Clock(log)
    recipes = {name: Recipe.read(RECIPES / f"{name}.toml") for name in SYSTEMS}
    output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    costs = {name: _cost(recipe, plan, quick) for name, recipe in recipes.items()}
    _show(plan, costs, log)
    clock.lap("measuring a step of each system")

    workers = os.cpu_count() or 1
    data = output / "data"
    sets = corpus(data, plan, workers)
    clock.lap("making the recordings")
    corpora = Corpora(data, output / "cache", workers=workers)
    for clips in (sets.pretraining, sets.development, sets.validation, sets.test, sets.evaluation):
        corpora.tensors(clips)
    clock.lap("librosa's features")

    _train(output, data, quick, log)
    clock.lap("training and pseudo-labelling")

    stages = {name: _summaries(recipe, output / name) for name, recipe in recipes.items()}
    answers = {
        name: _answers(recipes, output, data, name, corpora.cache)
        for name in ("test", "evaluation")
    }
    clock.lap("PyTorch beside Earshot on every test clip")
    evaluations = {name: _evaluate(output, data, name) for name in ("test", "evaluation")}
    clock.lap("robustness curves and reports")
    labels = {name: _pseudo_labels(output / name, data) for name in SYSTEMS}
    clock.seconds["in all"] = clock.total()
    return Results(plan, quick, recipes, costs, stages, labels, answers, evaluations, clock.seconds)


class _Clock:
    def __init__(self, log: Callable[[str], None]) -> None:
        self.log = log
        self.start = self.last = time.monotonic()
        self.seconds: dict[str, float] = {}

    def lap(self, what: str) -> None:
        now = time.monotonic()
        self.seconds[what] = now - self.last
        self.last = now
        self.log(f"{what}: {self.seconds[what]:.0f} s")

    def total(self) -> float:
        return time.monotonic() - self.start


def _cost(recipe: Recipe, plan: Plan, quick: bool) -> Cost:
    """Measures a step and a validation, and reckons from them what all stages take."""
    classes = len(DEFAULT_LABELS)
    config = networks.config(recipe.network, DEFAULT_LABELS, contextual_data=True)
    network = networks.build(recipe.network, config, seed=0)
    frames = round(50 * plan.duration)
    options = next(s for s in recipe.stages if isinstance(s, TrainStage)).training
    data = TensorSet(
        20 * torch.randn(options.batch, frames, 64) - 50,
        torch.zeros(options.batch, dtype=torch.int64),
        torch.zeros(options.batch, 8),
        torch.arange(options.batch) % classes,
        ("",) * options.batch,
    ).soft(classes)
    optimizer = torch.optim.Adam(network.parameters())

    def step() -> None:
        batch = augmented(data, options.augmentation, 50.0)
        inputs = [getattr(batch, name) for name in network.inputs]
        network.outputs(*inputs)["logits"].sum().backward()
        optimizer.step()

    network.train()
    seconds = _fastest(step)
    clip = _fastest(lambda: engine.validate(network, data)) / options.batch
    development = plan.development * classes
    total = 0.0
    for stage in recipe.stages:
        if isinstance(stage, TrainStage):
            clips = {
                "pretraining": round(0.75 * plan.pretraining * classes),
                "target": round(plan.labelled_share * development),
            }[stage.corpus]
            held = plan.validation * classes
            if stage.corpus == "pretraining":
                held = plan.pretraining * classes - clips
            if stage.pseudo_labels is not None:
                clips = development
            steps = -(-clips // stage.training.batch)
            epochs = min(stage.training.epochs, QUICK_EPOCHS if quick else stage.training.epochs)
            total += epochs * (steps * seconds + held * clip)
    return Cost(seconds, clip, total)


def _fastest(action: Callable[[], object], times: int = 3) -> float:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _show(plan: Plan, costs: dict[str, Cost], log: Callable[[str], None]) -> None:
    log(f"plan: {plan}")
    for name, cost in costs.items():
        log(
            f"plan: {name:26} {1000 * cost.step:6.1f} ms a step, {1000 * cost.clip:5.1f} ms a "
            f"clip in validation, {cost.total:5.0f} s in all"
        )
    total = sum(cost.total for cost in costs.values())
    log(f"plan: training {total:.0f} s of one core, {total / 120:.1f} minutes on two")


def _train(output: Path, data: Path, quick: bool, log: Callable[[str], None]) -> None:
    """Two systems at a time, one thread each, each in a process of its own."""
    with ThreadPoolExecutor(2) as pool:
        futures: list[Future] = []
        for system, stages, after in _TASKS:
            waits = [futures[i] for i in after]
            futures.append(pool.submit(_task, system, stages, waits, output, data, quick, log))
        try:
            for future in futures:
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _task(
    system: str,
    stages: tuple[str, ...],
    waits: list[Future],
    output: Path,
    data: Path,
    quick: bool,
    log: Callable[[str], None],
) -> None:
    for future in waits:
        future.result()
    start = time.monotonic()
    folder = output / system
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "earshot_training", "run", RECIPES / f"{system}.toml"]
    command += ["--output", folder, "--data-root", data, "--cache", output / "cache"]
    command += ["--resume", "--threads", "1"]
    for stage in stages:
        command += ["--stage", stage]
    if quick:
        command += ["--epochs", str(QUICK_EPOCHS)]
    record = folder / "run.log"
    # One core each: libraries that would start a thread for every core are told so.
    environment = os.environ | dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )
    with record.open("a", encoding="utf-8") as file:
        done = subprocess.run(
            list(map(str, command)),
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
    if done.returncode != 0:
        last = record.read_text(encoding="utf-8").splitlines()[-3:]
        raise ReferenceError(f"{system}: training failed, see {record}: {' '.join(last)}")
    log(f"{system}: {', '.join(stages) or 'all stages'}: {time.monotonic() - start:.0f} s")


def _summaries(recipe: Recipe, folder: Path) -> dict[str, dict]:
    return {
        stage.name: json.loads((folder / stage.name / SUMMARY).read_text(encoding="utf-8"))
        for stage in recipe.stages
    }


def target_stages(recipe: Recipe) -> list[str]:
    """The stages that leave a model of the target's classes."""
    return [s.name for s in recipe.stages if isinstance(s, TrainStage) and s.corpus == "target"]


def _answers(
    recipes: dict[str, Recipe], output: Path, data: Path, name: str, cache: Path
) -> dict[str, dict[str, agreement.Agreement]]:
    """Every model's answers on a set, by both engines."""
    jobs = [
        (system, stage) for system, recipe in recipes.items() for stage in target_stages(recipe)
    ]

    def compare(job: tuple[str, str]) -> agreement.Agreement:
        model = output / job[0] / job[1] / MODEL
        return agreement.compare(model, data / f"{name}.csv", data / name, cache / "python")

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(compare, jobs))
    answers: dict[str, dict[str, agreement.Agreement]] = {}
    for (system, stage), result in zip(jobs, results, strict=True):
        answers.setdefault(system, {})[stage] = result
    return answers


def _evaluate(output: Path, data: Path, name: str) -> dict:
    """The second stage's models side by side, by Earshot."""
    models = [output / system / "second-stage" / MODEL for system in SYSTEMS]
    result = output / f"{name}.json"
    earshot.run(
        *("evaluate", *models),
        *("--metadata", data / f"{name}.csv", "--audio", data / name),
        *("--cache", output / "cache" / f"{name}.features"),
        *("--metadata-shuffle", SHARES, "--unseen-cities"),
        *("--seed", str(EVALUATION_SEED), "--repeats", str(REPEATS)),
        *("--json", result, "--report", output / f"{name}.html"),
    )
    return json.loads(result.read_text(encoding="utf-8"))


def _pseudo_labels(folder: Path, data: Path) -> tuple[int, int, int]:
    """How many of the unlabelled clips were labelled, and how many of those rightly."""
    unlabelled = load_cas(data / "development.csv", data / "development").unlabelled()
    truth = {c.name: c.label for c in load_cas(data / "truth.csv", data / "development").clips}
    told = load_cas(folder / "pseudo-label" / LABELS, data / "development").labelled()
    right = sum(clip.label == truth[clip.name] for clip in told.clips)
    return len(unlabelled), len(told), right
