"""The stages of a recipe, run one after the other, each in a folder of its own.

``OUTPUT/<stage>`` holds checkpoint.pt, log.csv, curves.svg, model/ and, written last, stage.json of
a training stage; metadata.csv and stage.json of a labelling one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import torch
from earshot_reference import model_directory
from earshot_reference.configuration import ReferenceError

from earshot_training import earshot, export, networks
from earshot_training.checkpoint import CHECKPOINT, Place, replace
from earshot_training.corpora import Corpora, contextual, pseudo_labelled
from earshot_training.data import ClipSet, TensorSet
from earshot_training.engine import fit
from earshot_training.recipe import PseudoLabelStage, Recipe, Stage, TrainStage

SUMMARY = "stage.json"
MODEL = "model"
LABELS = "metadata.csv"


@dataclass(frozen=True)
class Run:
    """A recipe on its way."""

    recipe: Recipe
    output: Path
    corpora: Corpora
    resume: bool = False
    most_epochs: int | None = None
    """Of any stage, to try a recipe out."""
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    log: Callable[[str], None] = lambda line: print(line, flush=True)

    def folder(self, stage: str) -> Path:
        """Where a stage keeps what it makes."""
        return self.output / stage

    def all(self, only: Sequence[str] = ()) -> None:
        """Runs all stages, or some whose predecessors are done.

        Raises:
            ReferenceError: if a stage's folder holds something and ``resume`` is not asked for, if
                a predecessor of ``only`` is not done, or if something in a stage fails.
        """
        chosen = [self.recipe.stage(name) for name in only] or self.recipe.stages
        if not self.resume:
            for stage in chosen:
                folder = self.folder(stage.name)
                if (folder / CHECKPOINT).exists() or (folder / SUMMARY).exists():
                    raise ReferenceError(
                        f"{folder}: found an earlier run, expected an empty folder; --resume goes "
                        "on with it"
                    )
        for stage in chosen:
            if (self.folder(stage.name) / SUMMARY).exists():
                self.log(f"{self.recipe.name}: {stage.name}: done before")
                continue
            self.log(f"{self.recipe.name}: {stage.name}")
            start = time.monotonic()
            summary = self._stage(stage)
            summary["seconds"] = round(time.monotonic() - start, 1)
            text = json.dumps(summary, indent=1, ensure_ascii=False) + "\n"
            replace(self.folder(stage.name) / SUMMARY, lambda p, t=text: p.write_text(t, "utf-8"))

    def summary(self, stage: str) -> dict[str, Any]:
        """What a finished stage wrote down.

        Raises:
            ReferenceError: if it is not finished.
        """
        path = self.folder(stage) / SUMMARY
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except OSError as e:
            raise ReferenceError(f"{path}: missing: stage {stage!r} has not been run yet") from e
        except ValueError as e:
            raise ReferenceError(f"{path}: not JSON: {e}") from e

    def _stage(self, stage: Stage) -> dict[str, Any]:
        self.folder(stage.name).mkdir(parents=True, exist_ok=True)
        return self._train(stage) if isinstance(stage, TrainStage) else self._label(stage)

    def _train(self, stage: TrainStage) -> dict[str, Any]:
        recipe = self.recipe
        clips = self.corpora.clips(recipe.corpora[stage.corpus])
        with_context = contextual(clips)
        config = networks.config(recipe.network, clips.labels, with_context)
        training, validation = self._sets(stage, clips)
        network = networks.build(recipe.network, config, recipe.seed)
        fresh: list[str] = []
        if stage.initial is not None:
            fresh = networks.transfer(network, config, self._trained(stage.initial), with_context)
        network = networks.place_on(network, self.device)
        options = stage.training
        if self.most_epochs is not None:
            options = changed(options, epochs=min(options.epochs, self.most_epochs))
        rows = fit(
            network,
            training,
            validation,
            options,
            recipe.seed,
            Place(self.folder(stage.name)),
            self.corpora.frames_per_second,
            lambda line: self.log(f"{recipe.name}: {stage.name}: {line}"),
        )
        export.write(network, config, self.folder(stage.name) / MODEL)
        best = max(rows, key=lambda row: row.quality)
        return {
            "labels": list(clips.labels),
            "contextual_data": with_context,
            "training_clips": len(training),
            "validation_clips": len(validation),
            "parameters": sum(p.numel() for p in network.parameters()),
            "new_tensors": fresh if stage.initial is not None else "all",
            "epochs": len(rows),
            "kept": asdict(best if stage.training.keep == "best" else rows[-1]),
        }

    def _sets(self, stage: TrainStage, clips: ClipSet) -> tuple[TensorSet, TensorSet]:
        """What to train on and what to validate on.

        Validation is a share of the clips that came with labels, the same in all stages; labels of
        our own making are for training only.
        """
        corpus = self.recipe.corpora[stage.corpus]
        if corpus.validation_corpus is None:
            training, validation = clips.labelled().split(corpus.validation, self.recipe.seed)
        else:
            training = clips.labelled()
            validation = self.corpora.clips(
                self.recipe.corpora[corpus.validation_corpus]
            ).labelled()
            if validation.labels != training.labels:
                raise ReferenceError(
                    f"{self.recipe.file}: corpora.{corpus.validation_corpus}: found the classes "
                    f"{', '.join(validation.labels)}, expected {', '.join(training.labels)}"
                )
        training.require_every_class(f"{self.recipe.file}: corpora.{stage.corpus}")
        if stage.pseudo_labels is not None:
            soft = self.summary(stage.pseudo_labels)["soft"]
            file = self.folder(stage.pseudo_labels) / LABELS
            training = training.joined(pseudo_labelled(clips, file, soft))
        return self.corpora.tensors(training), self.corpora.tensors(validation)

    def _trained(self, stage: str) -> networks.Trained:
        summary = self.summary(stage)
        network, _ = model_directory.load(self.folder(stage) / MODEL)
        return networks.Trained(
            network.state_dict(), tuple(summary["labels"]), summary["contextual_data"]
        )

    def _label(self, stage: PseudoLabelStage) -> dict[str, Any]:
        corpus = self.recipe.corpora[stage.corpus]
        self.summary(stage.first)
        output = self.folder(stage.name) / LABELS
        metadata, audio = self.corpora.challenge_files(corpus)
        # Of what has a label, only the rest is to be labelled.
        clips = self.corpora.clips(corpus)
        models: list[str | Path] = ["--first", self.folder(stage.first) / MODEL]
        if stage.second is not None:
            models += ["--second", self.output / stage.second]
        if stage.share is not None:
            models += ["--share", str(stage.share)]
        if stage.soft:
            models.append("--soft")
        earshot.run(
            "pseudo-label",
            *models,
            # What an unfinished stage left is in the way.
            "--force",
            *("--metadata", metadata, "--audio", audio, "--output", output),
            *("--cache", self.corpora.cache / f"{self.recipe.name}-{stage.corpus}.features"),
        )
        added = pseudo_labelled(clips, output, stage.soft)
        return {
            "soft": stage.soft,
            "unlabelled_clips": len(clips.unlabelled()),
            "labelled_clips": len(added),
            "classes": added.class_counts(),
        }
