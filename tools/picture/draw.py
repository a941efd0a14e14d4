#!/usr/bin/env python3
"""Draws README's picture: a recording, its log-mel features and the answer, all by tools/earshot.

Usage: tools/picture/draw.py (writes classify.svg beside itself; needs nothing but Python)
"""

import array
import base64
import html
import json
import subprocess
import tempfile
import wave
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SAMPLE = "tools/samples/metro.wav"
CONTEXT = ("Guangzhou", "2023-07-12T06:13:39")  # as tools/samples/metadata.csv has it

WIDTH, HEIGHT = 880, 232
TOP, PANE = 44, 150  # where the panes begin, and their height
COLUMNS = 240  # of the waveform
ANSWERS = 4


def earshot(*arguments: str) -> str:
    """What a command prints."""
    command = [ROOT / "tools" / "earshot", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def waveform(left: float, width: float) -> str:
    """The lowest and highest sample of each column, as one closed line."""
    with wave.open(str(ROOT / SAMPLE)) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    each = len(samples) // COLUMNS
    columns = [samples[i * each : (i + 1) * each] for i in range(COLUMNS)]
    loudest = max(max(map(abs, column)) for column in columns)
    middle, scale = TOP + PANE / 2, 0.48 * PANE / loudest
    step = width / (COLUMNS - 1)
    upper = [(left + i * step, middle - scale * max(c)) for i, c in enumerate(columns)]
    lower = [(left + i * step, middle - scale * min(c)) for i, c in enumerate(columns)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*upper, *reversed(lower)))
    return f'<polygon points="{points}" fill="#31688e"/>'


def features(left: float, width: float) -> str:
    """The picture that our own command draws."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "features.png")
        earshot("features", SAMPLE, "-o", str(picture))
        data = base64.b64encode(picture.read_bytes()).decode("ascii")
    return (
        f'<image x="{left}" y="{TOP}" width="{width}" height="{PANE}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{data}"/>'
    )


def answer(left: float, width: float) -> str:
    """The most probable scenes, a bar each."""
    city, time = CONTEXT
    said = earshot("classify", SAMPLE, "--city", city, "--time", time, "--json")
    step = PANE / ANSWERS
    parts = []
    for i, scene in enumerate(json.loads(said)["ranking"][:ANSWERS]):
        y, share = TOP + i * step, scene["probability"]
        fill = "#35b779" if i == 0 else "#b9c2cb"
        parts.append(text(left, y + 14, f"{scene['label']}  {share:.3f}", bold=i == 0))
        parts.append(
            f'<rect x="{left}" y="{y + 20:.1f}" width="{max(2, share * width):.1f}" height="9" '
            f'rx="2" fill="{fill}"/>'
        )
    return "".join(parts)


def text(x: float, y: float, what: str, bold: bool = False) -> str:
    """A line of text."""
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{weight}>{html.escape(what)}</text>'


def arrow(x: float) -> str:
    """From one pane to the next."""
    y = TOP + PANE / 2
    return f'<path d="M{x} {y}h20m-7 -6l7 6l-7 6" fill="none" stroke="#57606a" stroke-width="2"/>'


def main() -> None:
    """Writes the picture."""
    city, time = CONTEXT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="14" '
        'fill="#24292f">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>',
        text(20, 28, f"a recording: {Path(SAMPLE).name}", bold=True),
        waveform(20, 240),
        arrow(272),
        text(304, 28, "its log-mel features, 64 bands in dB", bold=True),
        features(304, 290),
        arrow(606),
        text(640, 28, "the answer", bold=True),
        answer(640, 220),
        text(20, TOP + PANE + 26, f"and where and when: {city}, {time.replace('T', ' ')}"),
        "</svg>",
    ]
    (HERE / "classify.svg").write_text("\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
