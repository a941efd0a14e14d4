import numpy as np
import pytest

from earshot_reference.__main__ import main
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


HEAD = b"file,start,end,label\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column file, start, end, label"),
        (b"file,begin,end,label\nx,0,1,Bus\n", "no column start"),
        (HEAD + b"x,0\n", "bad.csv:2: no end"),
        (HEAD + b"x,0,one,Bus\n", "bad.csv:2: start or end: could not convert"),
        (HEAD + b"x,0,1,Bus\nx,nan,1,Bus\n", "bad.csv:3: from nan to 1.0 s"),
        (HEAD + b"x,3,1,Bus\n", "bad.csv:2: from 3.0 to 1.0 s"),
        (HEAD + b"x,0,1e15,Bus\n", "bad.csv:2: from 0.0 to 1000000000000000.0 s"),
        (HEAD + b"\xff,0,1,Bus\n", "bad.csv: not UTF-8"),
        (HEAD + b'"' + b"x" * 200_000 + b'",0,1,Bus\n', "bad.csv: not CSV"),
    ],
)
def test_a_table_that_is_none_is_refused_by_its_line(tmp_path, capsys, content, message):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_bytes(HEAD + b"x,0,1,Bus\n")
    bad.write_bytes(content)
    for files in ((bad, good), (good, bad)):
        assert main(["segments", *map(str, files)]) == 1
        assert message in capsys.readouterr().err


def test_a_truth_has_sound(tmp_path, capsys):
    truth = tmp_path / "truth.csv"
    for content in (HEAD, HEAD + b"x,1,1,Bus\n"):
        truth.write_bytes(content)
        assert main(["segments", str(truth), str(truth)]) == 1
        assert "truth.csv: no segment that lasts" in capsys.readouterr().err
    found = tmp_path / "found.csv"
    found.write_bytes(HEAD)
    truth.write_bytes(HEAD + b"x,0,1,Bus\n")
    assert main(["segments", str(truth), str(found)]) == 0
    assert "| found | 0.000 | 1.000 | 0.0 % |" in capsys.readouterr().out
