"""Training of a small ASCMamba on synthetic soundscapes, on a CPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from earshot_reference.ascmamba import AscMamba, AscMambaSizes
from earshot_reference.context import UNKNOWN
from earshot_reference.dataset import Dataset
from earshot_reference.fast_scan import fast_selective_scan

_VALIDATE_EVERY = 4


@dataclass(frozen=True)
class Options:
    """How to train."""

    epochs: int = 12
    batch: int = 16
    crop: int = 64
    """Frames of the random part of each clip that an epoch sees."""
    rate: float = 6e-3
    weight_decay: float = 0.02
    dropout: float = 0.1
    label_smoothing: float = 0.05
    context_dropout: float = 0.15
    """Share of clips whose city, and of clips whose time, is not told."""
    context_shuffle: float = 0.35
    """Share of clips that are told another clip's city and time, so that sound decides."""
    seed: int = 0


@dataclass(frozen=True)
class Accuracy:
    """What a network answered on a labelled set."""

    confusion: Tensor
    """[classes, classes]: row the truth, column the answer."""

    @property
    def overall(self) -> float:
        """Share of right answers."""
        return (self.confusion.diag().sum() / self.confusion.sum()).item()

    @property
    def recall(self) -> Tensor:
        """Share of right answers in each class."""
        return self.confusion.diag() / self.confusion.sum(1)

    @property
    def macro(self) -> float:
        """Mean of the classes' recall."""
        return self.recall.mean().item()


def train(
    sizes: AscMambaSizes,
    data: Dataset,
    validation: Dataset,
    options: Options,
    log: Callable[[str], None],
) -> AscMamba:
    """Trains from scratch: AdamW, one cycle of the learning rate; the last epoch's weights win."""
    torch.manual_seed(options.seed)
    # Gradients through a forgetful state die away into denormals, which are very slow.
    torch.set_flush_denormal(True)
    network = AscMamba(sizes, fast_selective_scan, options.dropout)
    steps = options.epochs * -(-len(data) // options.batch)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=options.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, total_steps=steps)
    for epoch in range(1, options.epochs + 1):
        start = time.monotonic()
        network.train()
        losses = []
        for batch in data.batches(options.batch, torch.randperm(len(data))):
            batch = _augmented(batch, options)
            logits = network(batch.features, batch.location, batch.time_features)
            loss = F.cross_entropy(logits, batch.target, label_smoothing=options.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        line = f"epoch {epoch:3d}/{options.epochs}  loss {sum(losses) / len(losses):.3f}"
        line += f"  {time.monotonic() - start:.0f} s"
        if epoch % _VALIDATE_EVERY == 0 or epoch == options.epochs:
            line += f"  validation {100 * evaluate(network, validation).macro:.1f} %"
        log(line)
    return network.eval()


def _augmented(batch: Dataset, options: Options) -> Dataset:
    """A random crop in time, and a context that is now and then missing or another clip's."""
    frames = batch.features.shape[1]
    crop = min(options.crop, frames)
    starts = torch.randint(frames - crop + 1, (len(batch),))
    rows = starts[:, None] + torch.arange(crop)
    features = batch.features.gather(1, rows[:, :, None].expand(-1, -1, batch.features.shape[2]))
    shuffled = torch.where(
        torch.rand(len(batch)) < options.context_shuffle,
        torch.randperm(len(batch)),
        torch.arange(len(batch)),
    )
    location, moment = batch.location[shuffled], batch.time_features[shuffled]
    location = location.masked_fill(torch.rand(len(batch)) < options.context_dropout, UNKNOWN)
    moment = moment.masked_fill((torch.rand(len(batch)) < options.context_dropout)[:, None], 0)
    return Dataset(features, location, moment, batch.target)


@torch.no_grad()
def evaluate(network: AscMamba, data: Dataset, batch_size: int = 20) -> Accuracy:
    """The network's answers on whole clips, each with the context that the set gives it."""
    network.eval()
    classes = network.sizes.classes
    confusion = torch.zeros(classes, classes)
    for batch in data.batches(batch_size):
        answer = network(batch.features, batch.location, batch.time_features).argmax(1)
        confusion.index_put_((batch.target, answer), torch.ones(len(batch)), accumulate=True)
    return Accuracy(confusion)


def without_context(data: Dataset) -> Dataset:
    """The same clips, from nobody knows where and when."""
    return Dataset(
        data.features,
        torch.full_like(data.location, UNKNOWN),
        torch.zeros_like(data.time_features),
        data.target,
    )


def with_foreign_context(data: Dataset, seed: int) -> Dataset:
    """The same clips, each with the city and time of another clip drawn at random."""
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(seed))
    return Dataset(data.features, data.location[order], data.time_features[order], data.target)


def shortened(data: Dataset, frames: int) -> Dataset:
    """The beginning of each clip."""
    return Dataset(data.features[:, :frames], data.location, data.time_features, data.target)
