"""One training loop for all networks: seeded, logged, resumable after every epoch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F
from earshot_reference.configuration import ReferenceError
from earshot_reference.networks.layers import SceneNetwork
from torch import Tensor, nn

from earshot_training.augmentation import Augmentation, augmented, require
from earshot_training.checkpoint import Checkpoint, Place
from earshot_training.data import TensorSet


@dataclass(frozen=True)
class Training:
    """How to train; the defaults are what ASCMamba's paper says where it says something."""

    epochs: int = 50
    batch: int = 4
    rate: float = 1e-4
    """Learning rate; with the schedule "one-cycle" its highest."""
    optimizer: Literal["adam", "adamw"] = "adam"
    weight_decay: float = 0.0
    schedule: Literal["constant", "step", "one-cycle"] = "constant"
    step_epochs: int = 2
    """Epochs between two steps of the schedule "step"."""
    step_factor: float = 0.9
    dropout: float = 0.1
    early_stopping: int = 0
    """Epochs without a better validation after which to stop; 0 never stops."""
    keep: Literal["best", "last"] = "best"
    """Whose weights count: those of the best epoch on the validation set, or the last one's."""
    frozen: tuple[str, ...] = ()
    """Prefixes of the names of parameters that stay as they are, with their batch norms."""
    coarse_weight: float = 1.0
    """Weight of the second head's loss, in a network that has one."""
    clip_gradient: float = 0.0
    """Largest norm of the gradient; 0 leaves it alone."""
    label_smoothing: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "step_epochs"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        for name in ("rate", "step_factor"):
            require(getattr(self, name) > 0, name, getattr(self, name), "more than 0")
        for name in ("weight_decay", "early_stopping", "coarse_weight", "clip_gradient"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        for name in ("dropout", "label_smoothing"):
            require(0 <= getattr(self, name) < 1, name, getattr(self, name), "from 0 to below 1")


@dataclass(frozen=True)
class Epoch:
    """A row of the log."""

    epoch: int
    rate: float
    """Of the epoch's first step."""
    training_loss: float
    validation_loss: float
    validation_accuracy: float
    validation_macro_accuracy: float
    seconds: float

    @property
    def quality(self) -> tuple[float, float]:
        """What "best" compares: macro accuracy, and of equal ones the smaller loss."""
        return self.validation_macro_accuracy, -self.validation_loss


@dataclass(frozen=True)
class Validation:
    """A network's answers on a labelled set."""

    loss: float
    accuracy: float
    recall: dict[int, float]
    """Share of right answers in each class that the set has clips of, by the class's number."""

    @property
    def macro_accuracy(self) -> float:
        """Mean of the recalls."""
        return sum(self.recall.values()) / len(self.recall)


def fit(
    network: SceneNetwork,
    training: TensorSet,
    validation: TensorSet,
    options: Training,
    seed: int,
    place: Place,
    frames_per_second: float,
    log: Callable[[str], None] = lambda line: None,
) -> list[Epoch]:
    """Trains, writing a checkpoint and the log after each epoch; leaves the kept weights in.

    What ``place`` holds of an interrupted run is continued, to the same weights that a run without
    interruption ends with (same machine, same number of threads).

    Args:
        network: with its initial weights; on return with the kept ones, ready for inference.
        training: what is learned from, targets soft.
        validation: likewise; what early stopping and the choice of the best epoch look at.
        options: how.
        seed: of order, dropout and augmentation.
        place: where checkpoint and log lie.
        frames_per_second: of the features, for augmentations told in seconds.
        log: gets a line an epoch.

    Raises:
        ReferenceError: if the checkpoint there is of another run.
    """
    device = next(network.parameters()).device
    # Gradients through a forgetful state die away into denormals, which are very slow.
    torch.set_flush_denormal(True)
    torch.manual_seed(seed)
    set_dropout(network, options.dropout)
    freeze(network, options.frozen)
    steps = -(-len(training) // options.batch)
    optimizer, schedule = _optimizer(network, options, steps)
    state = Checkpoint(
        network, optimizer, schedule, _fingerprint(options, seed, training, validation)
    )
    rows = [Epoch(**row) for row in place.restore(state)]
    while len(rows) < options.epochs and not _exhausted(rows, options.early_stopping):
        start, rate = time.monotonic(), optimizer.param_groups[0]["lr"]
        loss = _epoch(network, training, options, optimizer, schedule, frames_per_second, device)
        result = validate(network, validation, options.coarse_weight)
        row = Epoch(
            len(rows) + 1,
            rate,
            loss,
            result.loss,
            result.accuracy,
            result.macro_accuracy,
            time.monotonic() - start,
        )
        if not rows or row.quality > max(r.quality for r in rows):
            state.remember_best()
        rows.append(row)
        place.save(state, [asdict(r) for r in rows])
        log(_line(row, options.epochs))
    if options.keep == "best":
        network.load_state_dict(state.best)
    return rows


def validate(
    network: SceneNetwork, data: TensorSet, coarse_weight: float = 1.0, batch: int = 16
) -> Validation:
    """The network's answers on whole clips, each with the context that the set gives it."""
    network.eval()
    device = next(network.parameters()).device
    total, answers = 0.0, []
    with torch.no_grad():
        for part in data.batches(batch):
            outputs = _outputs(network, part, device)
            target = part.target.to(device)
            total += _loss(network, outputs, target, coarse_weight).item() * len(part)
            answers.append(probabilities(outputs).argmax(1).cpu())
    right = torch.cat(answers) == data.target.argmax(1)
    truth = data.target.argmax(1)
    recall = {x: right[truth == x].float().mean().item() for x in truth.unique().tolist()}
    return Validation(total / len(data), right.float().mean().item(), recall)


def probabilities(outputs: dict[str, Tensor]) -> Tensor:
    """[B, classes]: after score fusion where the network has two heads."""
    return outputs["probabilities"] if "probabilities" in outputs else outputs["logits"].softmax(1)


def set_dropout(network: nn.Module, share: float) -> None:
    """Gives every dropout of a network, those inside of attention too, the same share."""
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = share
        elif isinstance(module, nn.MultiheadAttention):
            module.dropout = share


def freeze(network: nn.Module, prefixes: tuple[str, ...]) -> None:
    """Takes the gradients of parameters whose names begin so.

    Raises:
        ReferenceError: for a prefix that no parameter has.
    """
    names = [name for name, _ in network.named_parameters()]
    for prefix in prefixes:
        if not any(_begins(name, prefix) for name in names):
            raise ReferenceError(f"frozen: no parameter of the network begins with {prefix!r}")
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not any(_begins(name, prefix) for prefix in prefixes))


def _begins(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def _epoch(
    network: SceneNetwork,
    data: TensorSet,
    options: Training,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    frames_per_second: float,
    device: torch.device,
) -> float:
    """One pass over all clips; returns the mean loss."""
    network.train()
    for module in network.modules():
        # What is frozen keeps its statistics too.
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and not module.weight.requires_grad:
            module.eval()
    total = 0.0
    for batch in data.batches(options.batch, torch.randperm(len(data))):
        batch = augmented(batch, options.augmentation, frames_per_second)
        outputs = _outputs(network, batch, device)
        target = batch.target.to(device)
        loss = _loss(network, outputs, target, options.coarse_weight, options.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        if options.clip_gradient:
            torch.nn.utils.clip_grad_norm_(network.parameters(), options.clip_gradient)
        optimizer.step()
        if options.schedule == "one-cycle":
            schedule.step()
        total += loss.item() * len(batch)
    if options.schedule != "one-cycle":
        schedule.step()
    return total / len(data)


def _outputs(network: SceneNetwork, batch: TensorSet, device: torch.device) -> dict[str, Tensor]:
    return network.outputs(*(getattr(batch, name).to(device) for name in network.inputs))


def _loss(
    network: SceneNetwork,
    outputs: dict[str, Tensor],
    target: Tensor,
    coarse_weight: float,
    smoothing: float = 0.0,
) -> Tensor:
    """Cross entropy with a distribution; with two heads the sum of both heads' losses."""
    loss = F.cross_entropy(outputs["logits"], target, label_smoothing=smoothing)
    if "coarse_logits" not in outputs:
        return loss
    coarse = torch.zeros_like(outputs["coarse_logits"]).index_add_(1, network.superset, target)
    return loss + coarse_weight * F.cross_entropy(outputs["coarse_logits"], coarse)


def _optimizer(
    network: nn.Module, options: Training, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[options.optimizer]
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = kind(trained, lr=options.rate, weight_decay=options.weight_decay)
    schedules = torch.optim.lr_scheduler
    if options.schedule == "one-cycle":
        return optimizer, schedules.OneCycleLR(
            optimizer, options.rate, total_steps=options.epochs * steps
        )
    factor = options.step_factor if options.schedule == "step" else 1.0
    return optimizer, schedules.StepLR(optimizer, options.step_epochs, factor)


def _exhausted(rows: list[Epoch], patience: int) -> bool:
    """Whether the best epoch lies as far back as patience reaches."""
    if patience == 0 or not rows:
        return False
    best = max(rows, key=lambda row: row.quality)
    return len(rows) - best.epoch >= patience


def _fingerprint(options: Training, seed: int, training: TensorSet, validation: TensorSet) -> str:
    """Changes with all that decides the weights but the network's initial ones."""
    shapes = [list(data.features.shape) for data in (training, validation)]
    return f"{options} seed={seed} data={shapes}"


def _line(row: Epoch, epochs: int) -> str:
    return (
        f"epoch {row.epoch:3d}/{epochs}  loss {row.training_loss:.3f}"
        f"  validation {row.validation_loss:.3f}, {100 * row.validation_accuracy:.1f} %"
        f" (macro {100 * row.validation_macro_accuracy:.1f} %)  {row.seconds:.0f} s"
    )
