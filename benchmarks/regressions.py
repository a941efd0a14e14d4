"""Says which rows of a result are slower by a tenth than in the result before: BEFORE AFTER.

Tables of the same heading are compared by their median; a row is known by the cells left of that.
"""

import re
import sys
from pathlib import Path

SLOWER = 1.1
TIMES = re.compile(r"median, ms|^ms$|wall time, s")


def medians(path: str) -> dict[tuple[str, ...], float]:
    """Each row's time."""
    found: dict[tuple[str, ...], float] = {}
    heading, first, column = "", "", None
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        if not line.startswith("|"):
            column = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if column is None:
            first = cells[0]
            column = next((i for i, cell in enumerate(cells) if TIMES.search(cell)), -1)
        elif column > 0 and not cells[0].startswith("---"):
            try:
                found[heading, first, *cells[:column]] = float(cells[column])
            except ValueError:
                # A row without a time.
                continue
    return found


before, after = (medians(path) for path in sys.argv[1:3])
both = before.keys() & after.keys()
slower = [row for row in before if row in both and after[row] > SLOWER * before[row]]
for row in slower:
    name = ", ".join(filter(None, row))
    percent = 100 * (after[row] / before[row] - 1)
    print(f"slower by {percent:.0f} %: {name}: {before[row]} before, {after[row]} now")
if not slower:
    print(f"none of {len(both)} rows is slower by more than a tenth than before")
