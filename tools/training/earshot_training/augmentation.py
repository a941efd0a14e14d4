"""What a training step does to a batch before the network sees it.

All randomness is PyTorch's global generator, whose state a checkpoint keeps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from earshot_reference.context import UNKNOWN
from torch import Tensor

from earshot_training.data import TensorSet


@dataclass(frozen=True)
class SpecAugment:
    """Masks over time and frequency (Park et al. 2019), each of a width drawn from 0 to a limit."""

    time_masks: int = 2
    time_width: int = 40
    """Most frames of one mask."""
    frequency_masks: int = 2
    frequency_width: int = 8
    """Most bands of one mask."""

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")


@dataclass(frozen=True)
class Augmentation:
    """Everything is off unless asked for."""

    crop: int = 0
    """Frames of a random stretch of each clip; 0 takes the whole."""
    roll: tuple[float, float] | None = None
    """Seconds, least and most, by which a clip is rotated in time, forward or backward."""
    mixup: float = 0.0
    """alpha of Beta(alpha, alpha) from which the share of the first clip is drawn; 0 mixes none."""
    spec_augment: SpecAugment | None = None
    context_dropout: float = 0.0
    """Share of clips whose city, and of clips whose time, is not told."""
    context_shuffle: float = 0.0
    """Share of clips that are told another clip's city and time, so that sound decides."""

    def __post_init__(self) -> None:
        require(self.crop >= 0, "crop", self.crop, "0 or more frames")
        require(self.mixup >= 0, "mixup", self.mixup, "0 or more")
        for name in ("context_dropout", "context_shuffle"):
            share = getattr(self, name)
            require(0 <= share <= 1, name, share, "a share from 0 to 1")
        if self.roll is not None:
            ordered = 0 <= self.roll[0] <= self.roll[1]
            require(ordered, "roll", list(self.roll), "least and most seconds, not negative")


def require(condition: bool, name: str, found: object, expected: str) -> None:
    """Raises ValueError with a message that begins with the field's name."""
    if not condition:
        raise ValueError(f"{name}: found {found!r}, expected {expected}")


def augmented(batch: TensorSet, options: Augmentation, frames_per_second: float) -> TensorSet:
    """A batch, with soft targets, as the network is to see it in this step."""
    features, location, moment = batch.features, batch.location, batch.time_features
    if options.crop:
        features = cropped(features, options.crop)
    if options.roll is not None:
        least, most = (round(seconds * frames_per_second) for seconds in options.roll)
        features = rolled(features, least, most)
    if options.context_shuffle:
        location, moment = shuffled(location, moment, options.context_shuffle)
    if options.context_dropout:
        location, moment = untold(location, moment, options.context_dropout)
    if options.spec_augment is not None:
        features = masked(features, options.spec_augment)
    batch = replace(batch, features=features, location=location, time_features=moment)
    return mixed(batch, options.mixup) if options.mixup else batch


def cropped(features: Tensor, frames: int) -> Tensor:
    """A random stretch of each clip [B, T, F]; a shorter clip stays whole."""
    length = features.shape[1]
    frames = min(frames, length)
    starts = torch.randint(length - frames + 1, (len(features),))
    return _rows(features, starts[:, None] + torch.arange(frames))


def rolled(features: Tensor, least: int, most: int) -> Tensor:
    """Each clip rotated in time by least to most frames, in either direction."""
    count, length = features.shape[:2]
    shift = torch.randint(least, most + 1, (count,)) * (2 * torch.randint(2, (count,)) - 1)
    return _rows(features, (torch.arange(length) - shift[:, None]) % length)


def masked(features: Tensor, options: SpecAugment) -> Tensor:
    """Stretches of time and of frequency replaced by the clip's mean."""
    covered = _masks(features.shape, 1, options.time_masks, options.time_width)
    covered = covered | _masks(features.shape, 2, options.frequency_masks, options.frequency_width)
    return torch.where(covered.to(features.device), features.mean((1, 2), keepdim=True), features)


def _masks(shape: torch.Size, axis: int, masks: int, width: int) -> Tensor:
    """[B, T, 1] or [B, 1, F]: true where one of the masks lies."""
    count, length = shape[0], shape[axis]
    widths = torch.randint(min(width, length) + 1, (masks, count, 1))
    starts = (torch.rand(masks, count, 1) * (length - widths + 1)).long()
    places = torch.arange(length)
    covered = ((places >= starts) & (places < starts + widths)).any(0)
    return covered.unsqueeze(3 - axis)


def mixed(batch: TensorSet, alpha: float) -> TensorSet:
    """Mixup (Zhang et al. 2018): features and targets of two clips, in one proportion a batch.

    City and time cannot be mixed: they stay those of the clip with the larger share.
    """
    share = torch.distributions.Beta(alpha, alpha).sample().item()
    share = max(share, 1 - share)
    other = torch.randperm(len(batch))
    return replace(
        batch,
        features=share * batch.features + (1 - share) * batch.features[other],
        target=share * batch.target + (1 - share) * batch.target[other],
    )


def shuffled(location: Tensor, moment: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """A share of the clips with the city and time of another clip of the batch."""
    count = len(location)
    chosen = torch.rand(count) < share
    order = torch.where(chosen, torch.randperm(count), torch.arange(count))
    return location[order], moment[order]


def untold(location: Tensor, moment: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """A share of the clips without city, and a share without time."""
    count = len(location)
    city, time = ((torch.rand(count) < share).to(location.device) for _ in range(2))
    return location.masked_fill(city, UNKNOWN), moment.masked_fill(time[:, None], 0)


def _rows(features: Tensor, rows: Tensor) -> Tensor:
    """Frames of each clip by their numbers [B, T']."""
    rows = rows.to(features.device)
    return features.gather(1, rows[:, :, None].expand(-1, -1, features.shape[2]))
