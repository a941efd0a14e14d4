import numpy as np
import pytest

from earshot_reference.segment_measures import Segment, measure, read, table
from earshot_reference.soundscapes import journeys
from earshot_reference.soundscapes.signals import RATE


def _segments(*parts):
    return [Segment(*part) for part in parts]


TRUTH = {
    "a": _segments((0, 12.4, "Bus"), (12.4, 30.0, "Metro"), (30.0, 47.7, "Bar")),
    "b": _segments((0, 20.5, "Bar"), (20.5, 33.3, "Bus")),
}
FOUND = {
    "a": _segments(
        (0, 11.0, "Bus"), (11.0, 31.5, "Metro"), (31.5, 40.0, "Bus"), (40.0, 47.7, "Bar")
    ),
    "b": _segments((2.5, 22.5, "Bar"), (25.0, 36.1, "Bus")),
}


@pytest.mark.parametrize(
    ("resolution", "f1", "error_rate"),
    # What sed_eval 0.2.1 makes of these: SegmentBasedMetrics, overall, by time_resolution.
    [
        (1.0, 0.783132530120482, 0.27380952380952384),
        (0.1, 0.7834793491864831, 0.2617283950617284),
    ],
)
def test_measures_are_sed_evals(resolution, f1, error_rate):
    m = measure(TRUTH, FOUND, resolution)
    assert m.f1 == pytest.approx(f1, abs=1e-12)
    assert m.error_rate == pytest.approx(error_rate, abs=1e-12)


def test_the_error_rate_of_sed_evals_own_example():
    """The lists and the expected value of its test_direct_use_segment."""
    truth = {"f": _segments((0, 2.5, "car"), (2.8, 4.5, "car"), (6.0, 10.0, "car"))}
    found = {"f": _segments((1.0, 3.5, "car"), (7.0, 8.0, "car"))}
    assert measure(truth, found).error_rate == pytest.approx(0.555555555555, abs=1e-7)


def test_time_and_boundaries():
    m = measure(TRUTH, FOUND)
    right = 11.0 + 17.6 + 7.7 + 18.0 + 8.3
    assert m.accuracy == pytest.approx(right / (47.7 + 33.3))
    assert m.boundary_error == pytest.approx(1.5)  # of 1.4, 1.5 and 4.5
    assert m.changes_found == pytest.approx(4 / 3)
    nothing = measure(TRUTH, {})
    assert (nothing.f1, nothing.error_rate, nothing.accuracy) == (0, 1, 0)
    assert measure(TRUTH, TRUTH).error_rate == 0


def test_a_journey_is_what_its_truth_says(tmp_path, monkeypatch):
    monkeypatch.setattr(journeys, "_STAY", (3.0, 5.0))  # which takes less time to make
    journey = journeys.generate(7, 0, 3)
    again = journeys.generate(7, 0, 3)
    np.testing.assert_array_equal(journey.pcm, again.pcm)
    assert np.abs(journey.pcm).max() <= 1
    assert len(journey.truth) == 3
    assert journey.truth[0].start == 0
    assert journey.truth[-1].end == len(journey.pcm) / RATE
    for before, after in zip(journey.truth, journey.truth[1:], strict=False):
        assert before.end == after.start
        assert before.label != after.label
    for part in journey.truth:
        # Of the crossfade of 2 s behind a scene half is its own, of the last one's all.
        assert 3 - 0.001 <= part.end - part.start <= 5 + 1.001

    assert journeys.write_set(tmp_path, [("one.wav", journey)]) == 1
    written = read(tmp_path / "truth.csv")
    assert [s.label for s in written["one.wav"]] == [s.label for s in journey.truth]
    np.testing.assert_allclose(
        [s.end for s in written["one.wav"]], [s.end for s in journey.truth], atol=5e-4
    )
    row = table(tmp_path / "truth.csv", [tmp_path / "truth.csv"]).splitlines()[-1]
    assert row == "| truth | 1.000 | 0.000 | 100.0 % | 0.00 s | 1.00 |"
