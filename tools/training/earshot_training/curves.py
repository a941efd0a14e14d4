"""A training's log as a picture: losses and validation accuracies over the epochs, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_WIDTH, _HEIGHT = 360, 240
_LEFT, _TOP, _RIGHT, _BOTTOM = 46, 30, 12, 34
_PANELS = (
    (
        "Loss",
        (("training_loss", "training", "#1f6feb"), ("validation_loss", "validation", "#d1571b")),
    ),
    (
        "Validation",
        (
            ("validation_accuracy", "accuracy", "#1f6feb"),
            ("validation_macro_accuracy", "macro accuracy", "#d1571b"),
        ),
    ),
)


def svg(rows: Sequence[dict[str, Any]]) -> str:
    """The picture of a log with at least one row."""
    panels = []
    for number, (title, lines) in enumerate(_PANELS):
        inside = _panel(rows, title, lines, unit_range=number == 1)
        panels.append(f'<g transform="translate({number * _WIDTH} 0)">{inside}</g>')
    width = len(_PANELS) * _WIDTH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" '
        f'width="{width}" height="{_HEIGHT}" font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(panels)}</svg>\n'
    )


def _panel(rows, title, lines, unit_range: bool) -> str:
    values = [row[name] for row in rows for name, _, _ in lines]
    low, high = (0.0, 1.0) if unit_range else (0.0, max(*values, 1e-9))
    last = max(2, rows[-1]["epoch"])

    def x(epoch: float) -> float:
        return _LEFT + (epoch - 1) / (last - 1) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [f'<text x="{_LEFT}" y="16" font-weight="bold">{title}</text>']
    for step in range(5):
        value = low + step / 4 * (high - low)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" '
            f'stroke="#ddd"/><text x="{_LEFT - 4}" y="{y(value) + 4:.1f}" '
            f'text-anchor="end">{value:.2f}</text>'
        )
    for epoch in sorted({1, (1 + last) // 2, last}):
        parts.append(
            f'<text x="{x(epoch):.1f}" y="{_HEIGHT - _BOTTOM + 14}" '
            f'text-anchor="middle">{epoch}</text>'
        )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{_HEIGHT - 6}" text-anchor="middle">epoch</text>')
    for number, (name, label, colour) in enumerate(lines):
        points = " ".join(f"{x(row['epoch']):.1f},{y(row[name]):.1f}" for row in rows)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
            f'<text x="{_WIDTH - _RIGHT - 110 * (2 - number) + 20}" y="16" '
            f'fill="{colour}">{label}</text>'
        )
        if len(rows) == 1:
            parts.append(
                f'<circle cx="{x(1):.1f}" cy="{y(rows[0][name]):.1f}" r="2.5" fill="{colour}"/>'
            )
    return "".join(parts)
