"""Times two builds of the command line in turns: BEFORE NOW MODEL REVISION JAVA ROUNDS.

BEFORE and NOW are class paths. Prints a table: from features and from PCM, the median of the
rounds' medians of each build, and their ratio. A round runs both, in the other order than the round
before, so that what else the machine does meets both alike.
"""

import json
import os
import statistics
import subprocess
import sys

before, now, model, revision, java, rounds = sys.argv[1:7]
BUILDS = {"before": before, "now": now}
SECONDS = "4"


def run(build: str, start: str) -> tuple[float, str]:
    """One build's median in ms, and what ran."""
    command = [
        java,
        "-XX:+UseSerialGC",
        "-cp",
        BUILDS[build],
        "org.earshot.cli.Main",
        "bench",
        model,
    ]
    command += ["--backend", "cpu", "--threads", "2", "--from", start]
    command += ["--duration", SECONDS, "--json"]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return figures["latency_ms_median"], figures["backend"]


def table_row(start: str) -> str:
    """Both builds, from features or from PCM."""
    times: dict[str, list[float]] = {build: [] for build in BUILDS}
    ran = ""
    for turn in range(int(rounds)):
        for build in list(BUILDS)[:: 1 if turn % 2 == 0 else -1]:
            milliseconds, ran = run(build, start)
            times[build].append(milliseconds)
    old, new = (statistics.median(times[build]) for build in BUILDS)
    spread = max(max(each) / min(each) for each in times.values())
    return f"| {start} | {ran} | {old:.2f} | {new:.2f} | {old / new:.2f} | {spread:.2f} |"


print(f"# Benchmarks: now against {revision}\n")
print(f"- Load average (1 min): {os.getloadavg()[0]:.1f} before")
print(f"- {rounds} rounds of {SECONDS} s each, both builds in turns\n")
columns = ["from", "backend", "before, median, ms", "now, median, ms", "times as fast"]
columns.append("slowest round of a build to its fastest")
print("| " + " | ".join(columns) + " |")
print("|---" * len(columns) + "|")
for begins_with in ("features", "pcm"):
    print(table_row(begins_with), flush=True)
