"""What counts as agreement of two engines, and how a gain's interval is drawn."""

from __future__ import annotations

import math

import pytest
import torch

from earshot_training.agreement import TOLERANCE, Agreement
from earshot_training.synthetic_report import gain


def agreement(ours, theirs) -> Agreement:
    ours, theirs = torch.tensor(ours), torch.tensor(theirs)
    names = tuple(f"clip{i}" for i in range(len(ours)))
    return Agreement(names, ("Bus", "Bar"), ("Bus",) * len(ours), ours, theirs)


def test_small_differences_agree():
    result = agreement([[0.8, 0.2], [0.3, 0.7]], [[0.8004, 0.1996], [0.3, 0.7]])
    assert result.agrees
    assert result.largest_difference == pytest.approx(4e-4, rel=1e-3)
    assert result.correct().tolist() == [True, False]
    assert result.lines()[-1] == "they agree"


def test_a_large_difference_does_not_agree_though_the_label_does():
    result = agreement([[0.8, 0.2]], [[0.81, 0.19]])
    assert not result.different
    assert not result.agrees


def test_another_label_is_told_with_how_close_it_was():
    result = agreement([[0.5001, 0.4999], [0.9, 0.1]], [[0.4999, 0.5001], [0.9, 0.1]])
    assert result.largest_difference < TOLERANCE
    assert not result.agrees
    assert result.close == 1
    assert any("clip0: PyTorch Bus, Earshot Bar" in line for line in result.lines())
    assert result.lines()[-1] == "they do NOT agree"


def test_not_a_number_does_not_agree():
    assert not agreement([[0.8, 0.2]], [[math.nan, 0.2]]).agrees


def test_the_gains_interval_is_that_of_pairs():
    # 1000 clips of which the second model gets 60 more right and 20 others wrong: the mean gain is
    # 0.04, and its standard error sqrt((80 / 1000 - 0.04^2) / 1000) = 0.00885.
    before = torch.zeros(1000, dtype=torch.bool)
    before[:500] = True
    after = before.clone()
    after[500:560] = True
    after[:20] = False
    mean, low, high = gain(before, after)
    assert mean == pytest.approx(0.04)
    # 2000 resamples: the ends are known to a few hundredths of their distance.
    assert low == pytest.approx(0.04 - 1.96 * 0.00885, abs=0.002)
    assert high == pytest.approx(0.04 + 1.96 * 0.00885, abs=0.002)
    assert gain(before, before) == (0.0, 0.0, 0.0)
