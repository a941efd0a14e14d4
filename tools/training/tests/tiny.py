"""Networks that are small enough to be trained in a test."""

from __future__ import annotations

from earshot_training.networks import NetworkSection

LABELS = ("Bus", "Metro", "Bar")

TINY = {
    "ascmamba": {"channels": 4, "blocks": 1, "d_state": 2, "expand": 1},
    "se-trans": {"channels": [4, 8], "squeezed": [2, 2], "feed_forward": 8},
    "mobile-asc-net": {"channels": [4, 4, 8], "hidden": 8},
}


def section(architecture: str, **options) -> NetworkSection:
    sizes = TINY[architecture] | options.pop("sizes", {})
    return NetworkSection(architecture, sizes=sizes, **options)
