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
    for number, line in enumerate(
        path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
    ):
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


def predictions(path: Path) -> dict[tuple[str, str], list[float]]:
    """What kernels were predicted to cost: by title and kernel, its times in a run, in turns.

    A line is a title, a kernel's name without what stands in angle brackets, and microseconds with
    commas between them; the kernel ``*`` is the whole run. Lines that begin with ``#`` are remarks.

    Raises:
        ReferenceError: if a line has another form.
    """
    found = {}
    for number, line in enumerate(
        path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
    ):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            title, kernel, times = line.split()
            found[title, kernel] = [float(time) for time in times.split(",")]
        except ValueError:
            raise ReferenceError(
                f"{path}:{number}: {line[:80]!r}; expected a title, a kernel and microseconds"
            ) from None
    return found


def table(
    title: str, path: Path, predicted: dict[tuple[str, str], list[float]] | None = None
) -> str:
    """The runs of a file as Markdown, where something was predicted of them beside that.

    Raises:
        ReferenceError: as :func:`executions` and :func:`runs`, and if there is no kernel of which
            something was predicted.
    """
    mine = {kernel: times for (of, kernel), times in (predicted or {}).items() if of == title}
    of = runs(executions(path))
    whole = statistics.median((run[-1].end - run[0].begin) / 1000 for run in of)
    names = _plain([execution.kernel for execution in of[0]])
    expected = f" ({mine['*'][0]:.0f} predicted)" if "*" in mine else ""
    head = f"## {title}: {len(of[0])} kernels, {whole:.0f} us{expected}, median of {len(of)} runs"
    text = [head, ""]
    text += ["| kernel | blocks | us |" + (" predicted |" if mine else "")]
    text += ["|---|---|---|" + ("---|" if mine else "")]
    seen: Counter[str] = Counter()
    for name, execution, cost in zip(names, of[0], costs(of), strict=True):
        short = short_name(name)
        row = f"| {short} | {execution.blocks:,} | {cost:.1f} |"
        if mine:
            kernel = short.split("<")[0]
            times = mine.get(kernel)
            row += f" {times[seen[kernel] % len(times)]:.1f} |" if times else " |"
            seen[kernel] += 1
        text.append(row)
    for kernel in mine.keys() - seen.keys() - {"*"}:
        raise ReferenceError(f"{path}: no kernel {kernel}, of which something was predicted")
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


def write(files: list[tuple[str, Path]], output: Path, predicted: Path | None = None) -> None:
    """Writes a table for each title and file, beside what was predicted.

    Raises:
        ReferenceError: as :func:`table` and :func:`predictions`; nothing is written then.
    """
    expected = predictions(predicted) if predicted is not None else {}
    head = (
        "# Kernels of one clip, in their network\n\n"
        "us: from the end of the kernel in front to the kernel's own, as CUPTI saw it.\n\n"
    )
    text = head + "\n".join(table(title, path, expected) for title, path in files)
    output.write_text(text, encoding="utf-8")
