"""What a training needs to go on where it was interrupted, on disk after every epoch."""

from __future__ import annotations

import csv
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from earshot_reference.configuration import ReferenceError
from torch import Tensor, nn

from earshot_training import curves

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
CURVES = "curves.svg"


class Checkpoint:
    """The moving parts of a training, and the best weights so far."""

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        fingerprint: str,
    ) -> None:
        self.network = network
        self.optimizer = optimizer
        self.schedule = schedule
        self.fingerprint = fingerprint
        self.best: dict[str, Tensor] = {}

    def remember_best(self) -> None:
        """Keeps a copy of the weights as they are."""
        self.best = {name: x.detach().clone() for name, x in self.network.state_dict().items()}

    def content(self) -> dict[str, Any]:
        """All of it, for :func:`torch.save`."""
        return {
            "fingerprint": self.fingerprint,
            "model_state_dict": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "best": self.best,
            "random": torch.get_rng_state(),
            "random_devices": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }

    def restore(self, content: dict[str, Any]) -> None:
        """Takes over what :meth:`content` gave."""
        self.network.load_state_dict(content["model_state_dict"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.schedule.load_state_dict(content["schedule"])
        self.best = content["best"]
        torch.set_rng_state(content["random"])
        if content["random_devices"]:
            torch.cuda.set_rng_state_all(content["random_devices"])


class Place:
    """A folder with the checkpoint, the log and its picture."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def restore(self, state: Checkpoint) -> list[dict[str, Any]]:
        """Continues what is there; returns the log's rows, none where nothing is there.

        Raises:
            ReferenceError: if the checkpoint cannot be read or is of another run.
        """
        path = self.folder / CHECKPOINT
        if not path.exists():
            return []
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
            if content["fingerprint"] != state.fingerprint:
                raise ReferenceError(
                    f"{path}: found the checkpoint of a run with other settings "
                    f"({content['fingerprint']}), expected {state.fingerprint}; delete it to "
                    "begin anew"
                )
            state.restore(content)
            return content["log"]
        except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, TypeError) as e:
            raise ReferenceError(f"{path}: found no checkpoint of this network: {e}") from e

    def save(self, state: Checkpoint, rows: list[dict[str, Any]]) -> None:
        """Writes all three; an interruption leaves the old or the new checkpoint, never half one.

        The log is part of the checkpoint, so that after an interruption no epoch is in it twice.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        content = state.content() | {"log": rows}
        replace(self.folder / CHECKPOINT, lambda path: torch.save(content, path))
        replace(self.folder / LOG, lambda path: _write_rows(path, rows))
        picture = curves.svg(rows)
        replace(self.folder / CURVES, lambda path: path.write_text(picture, encoding="utf-8"))


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Lets ``write`` make a file beside the path, then puts it in the path's place at once."""
    beside = path.with_name(path.name + ".part")
    write(beside)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(path)


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
