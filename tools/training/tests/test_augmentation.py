"""What augmentation may and may not change."""

from __future__ import annotations

import pytest
import torch

from earshot_training import augmentation
from earshot_training.augmentation import Augmentation, SpecAugment
from earshot_training.data import TensorSet

CLASSES = 4


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(11)


def batch(count: int = 6, frames: int = 40) -> TensorSet:
    return TensorSet(
        torch.randn(count, frames, 8),
        torch.arange(count),
        torch.randn(count, 8),
        torch.arange(count) % CLASSES,
        tuple(map(str, range(count))),
    ).soft(CLASSES)


def test_crop_is_a_stretch_of_the_clip():
    clips = batch().features
    for clip, crop in zip(clips, augmentation.cropped(clips, 7), strict=True):
        windows = clip.unfold(0, 7, 1).transpose(1, 2)
        assert (windows == crop).all((1, 2)).sum() == 1


def test_a_clip_shorter_than_the_crop_stays_whole():
    clips = batch(frames=5).features
    assert torch.equal(augmentation.cropped(clips, 7), clips)


def test_rolling_keeps_the_frames_and_their_cyclic_order():
    clips = batch(200).features
    shifts = set()
    for clip, rolled in zip(clips, augmentation.rolled(clips, 3, 6), strict=True):
        fitting = [s for s in range(40) if torch.equal(clip.roll(s, 0), rolled)]
        assert len(fitting) == 1
        shifts.add(fitting[0] if fitting[0] < 20 else fitting[0] - 40)
    # Every shift from 3 to 6 frames, in both directions, and no other.
    assert shifts == {-6, -5, -4, -3, 3, 4, 5, 6}


def test_rolling_is_told_in_seconds():
    clips = batch(frames=40)
    options = Augmentation(roll=(0.1, 0.1))
    features = augmentation.augmented(clips, options, frames_per_second=50.0).features
    for clip, rolled in zip(clips.features, features, strict=True):
        assert any(torch.equal(clip.roll(s, 0), rolled) for s in (5, -5))


def test_masks_are_stretches_within_their_limits():
    clips = torch.randn(300, 40, 8)
    options = SpecAugment(time_masks=1, time_width=5, frequency_masks=1, frequency_width=3)
    masked = augmentation.masked(clips, options)
    changed = masked != clips
    widths = {0: set(), 1: set()}
    for clip, where, after in zip(clips, changed, masked, strict=True):
        for axis in (0, 1):
            # A whole frame, or a whole band, is masked.
            hit = where.all(1 - axis).nonzero()[:, 0]
            widths[axis].add(len(hit))
            if len(hit):
                assert hit[-1] - hit[0] + 1 == len(hit)
        frames, bands = where.all(1), where.all(0)
        assert torch.equal(where, frames[:, None] | bands[None, :])
        assert torch.allclose(after[where], clip.mean())
    assert widths == {0: set(range(6)), 1: set(range(4))}


def test_masks_wider_than_the_clip_fit_in_it():
    masked = augmentation.masked(torch.randn(50, 3, 8), SpecAugment(2, 40, 0, 0))
    assert masked.shape == (50, 3, 8)


def test_mixup_mixes_targets_as_it_mixes_features():
    clips = batch(30)
    mixed = augmentation.mixed(clips, 0.4)
    assert torch.allclose(mixed.target.sum(1), torch.ones(30))
    assert torch.equal(mixed.location, clips.location)
    # One share for all, and features that are the mixture their targets tell of.
    share = mixed.target.max(1).values.min().item()
    assert 0.5 <= share < 1
    for row in range(30):
        others = share * clips.features[row] + (1 - share) * clips.features
        fitting = (others - mixed.features[row]).abs().amax((1, 2)) < 1e-5
        other = fitting.nonzero()[0, 0]
        expected = share * clips.target[row] + (1 - share) * clips.target[other]
        assert torch.allclose(mixed.target[row], expected, atol=1e-6)


def test_context_is_forgotten_and_exchanged_for_the_share_asked_for():
    clips = batch(4000, frames=1)
    location, moment = augmentation.untold(clips.location, clips.time_features, 0.25)
    # Four standard deviations of a share of 4000 draws are 0.027.
    assert (location == -1).float().mean().item() == pytest.approx(0.25, abs=0.027)
    assert (moment == 0).all(1).float().mean().item() == pytest.approx(0.25, abs=0.027)

    location, moment = augmentation.shuffled(clips.location, clips.time_features, 0.25)
    assert (location != clips.location).float().mean().item() == pytest.approx(0.25, abs=0.027)
    # City and time go together.
    assert torch.equal(moment, clips.time_features[location])


def test_nothing_is_changed_unless_asked_for():
    clips = batch()
    same = augmentation.augmented(clips, Augmentation(), 50.0)
    for name in ("features", "location", "time_features", "target"):
        assert torch.equal(getattr(same, name), getattr(clips, name))
