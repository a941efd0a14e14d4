"""When each kernel of a network's runs began and ended, as cuda/bench/kernel_trace.cpp wrote it.

A kernel may begin before the one in front of it has ended, and then waits for it: what it costs a
run is the time from that one's end to its own. Runs are told apart by the pauses between them; of
those of the most common kind the medians are shown.
"""

from __future__ import annotations

import statistics
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from earshot_reference.configuration import ReferenceError
from earshot_reference.gpu.nsight import short_name

# Longer than between two kernels of a run, shorter than between two runs.
_PAUSE_NS = 25_000
# A run of a network; what a backend tries at its start has fewer.
_FEWEST_KERNELS = 8


@dataclass(frozen=True)
class Execution:
    """One execution of a kernel, in nanoseconds."""

    begin: int
    end: int
    blocks: int
    kernel: str


def executions(path: Path) -> list[Execution]:
    """Every execution of a file, in the order of their beginnings.

    Raises:
        ReferenceError: if there is none, or a line that is not one.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            begin, end, blocks, name = line.split(" ", 3)
            found.append(Execution(int(begin), int(end), int(blocks), name))
        except ValueError:
            raise ReferenceError(
                f"{path}:{number}: {line[:80]!r}; expected begin, end, blocks and a kernel's name"
            ) from None
    if not found:
        raise ReferenceError(f"{path}: not one kernel")
    return sorted(found, key=lambda execution: execution.begin)


def runs(of: list[Execution]) -> list[list[Execution]]:
    """All runs of the most common kind.

    Raises:
        ReferenceError: if there is no run.
    """
    found = [[of[0]]]
    latest = of[0].end
    for execution in of[1:]:
        if execution.begin - latest > _PAUSE_NS:
            found.append([])
        found[-1].append(execution)
        latest = max(latest, execution.end)
    kinds = Counter(_kind(run) for run in found if len(run) >= _FEWEST_KERNELS)
    if not kinds:
        raise ReferenceError(f"{len(found)} runs, none of {_FEWEST_KERNELS} kernels or more")
    kind = kinds.most_common(1)[0][0]
    return [run for run in found if _kind(run) == kind]


def _kind(run: list[Execution]) -> tuple[tuple[str, int], ...]:
    return tuple((execution.kernel, execution.blocks) for execution in run)


def costs(of: list[list[Execution]]) -> list[float]:
    """Microseconds from the end of the kernel in front of each to its own, medians over runs."""
    first = statistics.median(run[0].end - run[0].begin for run in of)
    others = [
        statistics.median(run[i].end - run[i - 1].end for run in of) for i in range(1, len(of[0]))
    ]
    return [time / 1000 for time in (first, *others)]


def table(title: str, path: Path) -> str:
    """The runs of a file as Markdown.

    Raises:
        ReferenceError: as :func:`executions` and :func:`runs`.
    """
    of = runs(executions(path))
    whole = statistics.median((run[-1].end - run[0].begin) / 1000 for run in of)
    names = _plain([execution.kernel for execution in of[0]])
    text = [f"## {title}: {len(of[0])} kernels, {whole:.0f} us, median of {len(of)} runs", ""]
    text += ["| kernel | blocks | us |", "|---|---|---|"]
    for name, execution, cost in zip(names, of[0], costs(of), strict=True):
        text.append(f"| {short_name(name)} | {execution.blocks:,} | {cost:.1f} |")
    return "\n".join(text) + "\n"


def _plain(names: list[str]) -> list[str]:
    """The compiler's names as they are written, where there is a program that knows."""
    try:
        written = subprocess.run(
            ["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True
        ).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):
        return names
    return written[: len(names)]


def write(files: list[tuple[str, Path]], output: Path) -> None:
    """Writes a table for each title and file.

    Raises:
        ReferenceError: as :func:`table`; nothing is written then.
    """
    head = (
        "# Kernels of one clip, in their network\n\n"
        "us: from the end of the kernel in front to the kernel's own, as CUPTI saw it.\n\n"
    )
    text = head + "\n".join(table(title, path) for title, path in files)
    output.write_text(text, encoding="utf-8")
