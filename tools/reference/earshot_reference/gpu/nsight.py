"""What Nsight Compute measured of each kernel of a run, as a table.

``ncu --csv --page raw`` prints a row for each launch, with some hundred metrics, behind whatever
the program itself printed. Here a launch is a line of a few of them, in the order of the run; what
a backend launched before the run (its self-test) is left out, and a group of launches that repeats
at once is written once.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from earshot_reference.configuration import ReferenceError

_PEAK = ".avg.pct_of_peak_sustained_elapsed"
# Beginnings and ends of metrics' names; the middle of some has changed between releases.
_METRICS = {
    "us": ("gpu__time_duration", ".sum"),
    "SM %": ("sm__throughput", _PEAK),
    "memory %": ("gpu__compute_memory_throughput", _PEAK),
    "DRAM %": ("", f"dram_throughput{_PEAK}"),
    "warps %": ("sm__warps_active", ".avg.pct_of_peak_sustained_active"),
    "blocks": ("launch__grid_size", ""),
    "threads": ("launch__block_size", ""),
    "registers": ("launch__registers_per_thread", ""),
}
_COLUMNS = (
    "kernel",
    "blocks",
    "threads",
    "registers",
    "us",
    "SM %",
    "memory %",
    "DRAM %",
    "warps %",
)
_STALL = re.compile(r"smsp__average_warps?_issue_stalled_(\w+)_per_issue_active\.ratio")
_MICROSECONDS = {
    "nsecond": 1e-3,
    "ns": 1e-3,
    "usecond": 1.0,
    "us": 1.0,
    "msecond": 1e3,
    "ms": 1e3,
    "second": 1e6,
    "s": 1e6,
}
_SHORTEST_GROUP = 4
_FRONT_END = "mel"


@dataclass(frozen=True)
class Launch:
    """One launch of a kernel: the values of ``_METRICS``, and its stalls, the largest first."""

    kernel: str
    values: dict[str, float]
    stalls: tuple[tuple[str, float], ...]

    @property
    def what(self) -> tuple[str, float | None]:
        """What repeats when a network's blocks do."""
        return self.kernel, self.values.get("blocks")


def short_name(kernel: str) -> str:
    """``void a::<unnamed>::f<(a::B)1, (bool)0>(a::C)`` as ``f<1, 0>``."""
    # ncu 2025.3 loses the first bracket of the nameless namespace.
    name = re.sub(r"<?unnamed>?::|\(anonymous namespace\)::", "", kernel)
    name = re.sub(r"\([\w: ]+\)(?=-?\w)", "", name)
    depth = 0
    for i, letter in enumerate(name):
        depth += (letter == "<") - (letter == ">")
        if letter == "(" and depth == 0:
            name = name[:i]
            break
    return re.sub(r"\w+::", "", name.removeprefix("void ")).strip()


def launches(path: Path) -> list[Launch]:
    """Every launch of a file.

    Raises:
        ReferenceError: if ncu wrote no table, or one without times.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith('"ID"')), None)
    if begin is None:
        raise ReferenceError(f"{path}: no table of ncu; its last line is {lines[-1:]}")
    table = list(csv.reader(line for line in lines[begin:] if line.startswith('"')))
    short = next((i for i, row in enumerate(table, 1) if len(row) < len(table[0])), None)
    if len(table) < 2 or short:
        raise ReferenceError(f"{path}: a table that breaks off in its row {short or 2}")
    titles, units, *rows = table
    columns = {
        name: next((i for i, t in enumerate(titles) if _matches(t, *ends)), None)
        for name, ends in _METRICS.items()
    }
    if columns["us"] is None or "Kernel Name" not in titles:
        raise ReferenceError(f"{path}: no kernels' times among {len(titles)} columns")
    stalls = {i: m[1] for i, t in enumerate(titles) if (m := _STALL.fullmatch(t))}
    scale = _MICROSECONDS.get(units[columns["us"]], 0.0)
    if not scale:
        raise ReferenceError(f"{path}: unknown unit of time {units[columns['us']]!r}")
    found = []
    for row in rows:
        values = {n: _number(row[i]) for n, i in columns.items() if i is not None}
        values["us"] *= scale
        waits = [(n, _number(row[i])) for i, n in stalls.items() if not n.endswith("_not_issued")]
        waits.sort(key=lambda wait: -wait[1])
        found.append(Launch(short_name(row[titles.index("Kernel Name")]), values, tuple(waits)))
    if not found:
        raise ReferenceError(f"{path}: not one launch")
    return found


def _matches(title: str, beginning: str, end: str) -> bool:
    return title.startswith(beginning) and title.endswith(end) if end else title == beginning


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return float("nan")


def last_run(of: list[Launch]) -> list[Launch]:
    """From the last front end on; all where there is none."""
    begin = 0
    for i, launch in enumerate(of):
        if _FRONT_END in launch.kernel and (i == 0 or _FRONT_END not in of[i - 1].kernel):
            begin = i
    return of[begin:]


def groups(of: list[Launch]) -> list[tuple[int, list[Launch]]]:
    """Launches in their order, as how often a group runs, and the group."""
    found: list[tuple[int, list[Launch]]] = []
    i = 0
    while i < len(of):
        length, times = _repetition([launch.what for launch in of[i:]])
        if times == 1 and found and found[-1][0] == 1:
            found[-1][1].append(of[i])
        else:
            found.append((times, of[i : i + length]))
        i += length * times
    return found


def _repetition(names: list[tuple[str, float | None]]) -> tuple[int, int]:
    """The group at the beginning whose repetitions cover most, and how often it comes."""
    best = (1, 1)
    for length in range(_SHORTEST_GROUP, len(names) // 2 + 1):
        times = 1
        while names[times * length : (times + 1) * length] == names[:length]:
            times += 1
        if times > 1 and length * times > best[0] * best[1]:
            best = (length, times)
    return best


def table(title: str, path: Path) -> str:
    """The last run of a file as Markdown.

    Raises:
        ReferenceError: as :func:`launches`.
    """
    run = last_run(launches(path))
    total = sum(launch.values["us"] for launch in run)
    text = [f"## {title}: {len(run)} kernels, {total:.0f} us in sum", ""]
    text += ["| " + " | ".join((*_COLUMNS, "stalls")) + " |", "|---" * (len(_COLUMNS) + 1) + "|"]
    for times, group in groups(run):
        text += [_line(launch, times) for launch in group]
    return "\n".join(text) + "\n"


def _line(launch: Launch, times: int) -> str:
    def cell(name: str) -> str:
        value = launch.values.get(name)
        if value is None:
            return ""
        if name in ("blocks", "threads", "registers"):
            return f"{value:,.0f}"
        return f"{value:.1f}" if name == "us" else f"{value:.2f}"

    kernel = launch.kernel + (f" ({times} times)" if times > 1 else "")
    stalls = ", ".join(f"{name} {value:.1f}" for name, value in launch.stalls[:2])
    return "| " + " | ".join([kernel, *map(cell, _COLUMNS[1:]), stalls]) + " |"


_HEAD = """# Kernels of one clip, as ncu timed each alone

Caches flushed before each, clocks as they are; one clip of 10 s from samples, the first run of its
shape. us = duration; SM, memory, DRAM: percent of peak; warps: achieved occupancy; stalls: cycles a
warp waits per issued instruction, the two largest reasons. "(4 times)" marks launches of a group
that runs so often, of which the first is shown.

"""


def write(files: list[tuple[str, Path]], output: Path) -> None:
    """Writes a table for each title and file.

    Raises:
        ReferenceError: as :func:`launches`; nothing is written then.
    """
    text = _HEAD + "\n".join(table(title, path) for title, path in files)
    output.write_text(text, encoding="utf-8")
