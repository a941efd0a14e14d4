"""A trace of two kinds of runs: what each kernel of the common one costs."""

from pathlib import Path

import pytest

from earshot_reference.configuration import ReferenceError
from earshot_reference.gpu import timeline


def _run(begin: int, names, long: int = 0) -> list[str]:
    """Kernels of 10 us each, of which every other one begins 4 us before the one in front ends."""
    lines = []
    end = begin
    for i, name in enumerate(names):
        start = end - 4000 if i % 2 else end
        end = end + 10_000 + (long if i == 2 else 0)
        lines.append(f"{start} {end} {i + 1} {name}")
    return lines


_NAMES = ["first", "void a::second<3>(a::B)", *["third"] * 6]


def _file(folder: Path, lines) -> Path:
    path = folder / "net.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_kernel_costs_what_lies_behind_the_end_of_the_one_in_front(tmp_path):
    lines = [
        *_run(0, ["tried"] * 9),
        *_run(1_000_000, _NAMES),
        *_run(2_000_000, _NAMES, long=6000),
        *_run(3_000_000, _NAMES, long=2000),
        # A run of too few kernels, however often it comes.
        *[line for i in range(5) for line in _run(4_000_000 + 100_000 * i, ["tiny"])],
    ]
    path = _file(tmp_path, lines)
    of = timeline.runs(timeline.executions(path))
    assert len(of) == 3
    assert timeline.costs(of) == [10, 10, 12, 10, 10, 10, 10, 10]
    text = timeline.table("A network", path)
    assert "## A network: 8 kernels, 82 us, median of 3 runs" in text
    assert "| second<3> | 2 | 10.0 |" in text


def test_what_was_predicted_stands_beside_what_was_measured(tmp_path):
    path = _file(tmp_path, _run(0, _NAMES))
    predicted = tmp_path / "predicted.txt"
    predicted.write_text("# a remark\n\nnet third 8,9.5\nnet * 80\nother third 1\n")
    output = tmp_path / "trace.md"
    timeline.write([("net", path)], output, predicted)
    text = output.read_text()
    assert "## net: 8 kernels, 80 us (80 predicted), median of 1 runs" in text
    assert "| second<3> | 2 | 10.0 | |" in text
    for blocks, prediction in enumerate([8.0, 9.5] * 3, 3):
        assert f"| third | {blocks} | 10.0 | {prediction:.1f} |" in text
    predicted.write_text("net forth 1\n")
    with pytest.raises(ReferenceError, match="no kernel forth"):
        timeline.write([("net", path)], output, predicted)
    predicted.write_text("net third\n")
    with pytest.raises(ReferenceError, match=r"predicted\.txt:1: 'net third'; expected a title"):
        timeline.write([("net", path)], output, predicted)


def test_what_is_no_trace_is_refused(tmp_path):
    with pytest.raises(ReferenceError, match="not one kernel"):
        timeline.executions(_empty(tmp_path))
    with pytest.raises(ReferenceError, match=r"net\.txt:2: 'no trace'"):
        timeline.executions(_file(tmp_path, ["0 1 1 a", "no trace"]))
    with pytest.raises(ReferenceError, match="none of 8 kernels"):
        timeline.runs(timeline.executions(_file(tmp_path, ["0 1 1 a"])))


def _empty(folder: Path) -> Path:
    path = folder / "net.txt"
    path.write_text("")
    return path
