"""Recipes: what is trained on what, in which stages; one TOML file each."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from earshot_reference.configuration import ReferenceError

from earshot_training import strict
from earshot_training.augmentation import require
from earshot_training.corpora import Corpus
from earshot_training.engine import Training
from earshot_training.networks import NetworkSection

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class TrainStage:
    """Trains the network on a corpus; leaves checkpoint, log, curves and model directory."""

    name: str
    kind: Literal["train"]
    corpus: str
    initial: str | None = None
    """The earlier stage whose weights it starts from; None begins with new ones."""
    pseudo_labels: str | None = None
    """The earlier stage whose labels join the corpus's own."""
    training: Training = field(default_factory=Training)


@dataclass(frozen=True)
class PseudoLabelStage:
    """Lets Earshot label what has no label; leaves a metadata file."""

    name: str
    kind: Literal["pseudo-label"]
    corpus: str
    first: str
    """The stage whose model labels."""
    second: str | None = None
    """Model directory of the second model of the two-step scheme, relative to the output folder;
    None lets the first one label alone."""
    share: float | None = None
    """Share of the clips, the surest first, that keep the first model's label unasked; None leaves
    it to Earshot: the paper's with two models, all with one."""
    soft: bool = False
    """Whether the targets are the first model's probabilities, not its answers."""

    def __post_init__(self) -> None:
        valid = self.share is None or 0 < self.share <= 1
        require(valid, "share", self.share, "more than 0, at most 1")


Stage = TrainStage | PseudoLabelStage
_KINDS = {"train": TrainStage, "pseudo-label": PseudoLabelStage}


@dataclass(frozen=True)
class _Head:
    """The recipe but for the stages, which are read by their kind."""

    name: str
    network: NetworkSection
    corpora: dict[str, Corpus]
    stages: tuple[Any, ...]
    seed: int = 1
    training: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """A whole recipe."""

    file: Path
    name: str
    network: NetworkSection
    corpora: dict[str, Corpus]
    stages: tuple[Stage, ...]
    seed: int

    @staticmethod
    def read(file: Path) -> Recipe:
        """Reads a recipe.

        Raises:
            ReferenceError: naming the file, the key, what was found and what is expected.
        """
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as e:
            raise ReferenceError(f"{file}: cannot be read: {e.strerror}") from e
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
            raise ReferenceError(f"{file}: not TOML: {e}") from e
        head = strict.read(_Head, table, str(file))
        # On its own first, so that a mistake in it is not reported as a stage's.
        strict.read(Training, head.training, str(file), "training")
        stages = tuple(
            _stage(stage, head.training, str(file), f"stages[{number}]")
            for number, stage in enumerate(head.stages)
        )
        _check_references(stages, head.corpora, str(file))
        return Recipe(file, head.name, head.network, head.corpora, stages, head.seed)

    def stage(self, name: str) -> Stage:
        """A stage by its name.

        Raises:
            ReferenceError: if there is none of that name.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        names = ", ".join(stage.name for stage in self.stages)
        raise ReferenceError(f"{self.file}: stage {name!r}: expected one of {names}")


def _stage(table: Any, training: dict[str, Any], file: str, key: str) -> Stage:
    kind = table.get("kind") if isinstance(table, dict) else None
    if kind not in _KINDS:
        expected = " or ".join(map(repr, _KINDS))
        raise ReferenceError(f"{file}: {key}.kind: found {kind!r}, expected {expected}")
    if kind == "train":
        own = table.get("training", {})
        if isinstance(own, dict):
            table = table | {"training": _merged(training, own)}
    return strict.read(_KINDS[kind], table, file, key)


def _merged(common: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """``own`` over ``common``, tables within tables likewise."""
    merged = common | own
    for name in common.keys() & own.keys():
        if isinstance(common[name], dict) and isinstance(own[name], dict):
            merged[name] = _merged(common[name], own[name])
    return merged


def _check_references(stages: tuple[Stage, ...], corpora: dict[str, Corpus], file: str) -> None:
    """Stages may name corpora, and stages before them of the right kind; corpora other corpora."""
    if not stages:
        raise ReferenceError(f"{file}: stages: found none, expected at least one")
    for name, corpus in corpora.items():
        found = corpus.validation_corpus
        if found is not None and (found not in corpora or found == name):
            others = ", ".join(other for other in corpora if other != name)
            raise ReferenceError(
                f"{file}: corpora.{name}.validation_corpus: found {found!r}, expected another "
                f"corpus ({others})"
            )
    before: dict[str, list[str]] = {"train": [], "pseudo-label": []}
    for number, stage in enumerate(stages):
        key = f"{file}: stages[{number}]"
        taken = before["train"] + before["pseudo-label"]
        if not _NAME.fullmatch(stage.name) or stage.name in taken:
            raise ReferenceError(
                f"{key}.name: found {stage.name!r}, expected words of small letters and digits "
                "joined by '-', another one for each stage"
            )
        if stage.corpus not in corpora:
            raise ReferenceError(
                f"{key}.corpus: found {stage.corpus!r}, expected one of {', '.join(corpora)}"
            )
        if isinstance(stage, TrainStage):
            references = {"initial": "train", "pseudo_labels": "pseudo-label"}
        else:
            references = {"first": "train"}
        for name, kind in references.items():
            found = getattr(stage, name)
            if found is not None and found not in before[kind]:
                expected = ", ".join(before[kind]) or "none, there is none"
                raise ReferenceError(
                    f"{key}.{name}: found {found!r}, expected an earlier {kind} stage ({expected})"
                )
        before[stage.kind].append(stage.name)
