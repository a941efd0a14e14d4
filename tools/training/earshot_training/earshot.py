"""Earshot's command line, as the loop around training uses it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from earshot_reference.configuration import ReferenceError

COMMAND = Path(__file__).resolve().parents[2] / "earshot"


def run(*arguments: str | Path, capture: bool = False) -> str:
    """Runs ``tools/earshot``; what it says goes to the terminal unless it is asked for.

    Raises:
        ReferenceError: if it ends with another status than 0.
    """
    command = [str(COMMAND), *map(str, arguments)]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.PIPE if capture else None,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        said = f": {done.stderr.strip()}" if capture else ""
        raise ReferenceError(f"earshot {_shown(arguments)}: exit status {done.returncode}{said}")
    return done.stdout or ""


def _shown(arguments: Sequence[str | Path]) -> str:
    return " ".join(str(a) for a in arguments[:3]) + (" ..." if len(arguments) > 3 else "")
