"""What the loaders share: tables of text, times, and recordings found by their names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from earshot_training.data.clips import DataError

# The same forms as the Java library's metadata.
_TIME = re.compile(
    r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})[T -](\d{1,2})([:-])(\d{1,2})"
    r"(?:\6(\d{1,2})(?:\.\d{1,9})?)?"
)


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    subject: str
    """File and line, for messages."""
    values: dict[str, str]

    def text(self, field: str) -> str | None:
        """What a field says; None where it is empty or the table has no such column."""
        return self.values.get(field, "").strip() or None

    def required(self, field: str) -> str:
        """What a field says.

        Raises:
            DataError: where it is empty.
        """
        text = self.text(field)
        if text is None:
            raise DataError(f"{self.subject}: {field}", "nothing", "a value")
        return text

    def one_of(self, field: str, allowed: Iterable[str]) -> str | None:
        """What a field says, or None where it is empty.

        Raises:
            DataError: for anything that is not allowed.
        """
        text = self.text(field)
        allowed = tuple(allowed)
        if text is not None and text not in allowed:
            expected = f"one of {', '.join(allowed)}"
            raise DataError(f"{self.subject}: {field}", repr(text), expected)
        return text

    def time(self, field: str) -> datetime | None:
        """A local time, or None where the field is empty.

        Raises:
            DataError: for a time of another form, or one that does not exist.
        """
        text = self.text(field)
        if text is None:
            return None
        match = _TIME.fullmatch(text)
        if match:
            try:
                return datetime(*(int(match[group] or 0) for group in (1, 3, 4, 5, 7, 8)))
            except ValueError:
                pass
        expected = "a local time such as 2023-06-18T18:44 or 2023-06-18 18:44:05"
        raise DataError(f"{self.subject}: {field}", repr(text), expected)


def read_rows(file: Path, columns: Iterable[str], delimiter: str = ",") -> list[Row]:
    """The lines of a table with a header, in UTF-8 with or without a byte-order mark.

    Raises:
        DataError: for a file that cannot be read, a column that is missing or named twice, a line
            with another number of fields, or a table without lines.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            lines = [(reader.line_num, values) for values in reader if values]
    except OSError as e:
        raise DataError(file, (e.strerror or str(e)).lower(), "a table") from e
    except (UnicodeDecodeError, csv.Error) as e:
        raise DataError(file, str(e), "a table in UTF-8") from e
    wanted = tuple(columns)
    if not lines:
        raise DataError(file, "nothing", f"a header with {', '.join(wanted)}")
    header = [name.strip() for name in lines[0][1]]
    missing = [name for name in wanted if name not in header]
    if missing or len(set(header)) < len(header):
        found = f"the columns {', '.join(header)}"
        raise DataError(f"{file}: header", found, f"{', '.join(wanted)}, each once")
    if len(lines) == 1:
        raise DataError(file, "a header alone", "a line for every recording")
    rows = []
    for number, values in lines[1:]:
        subject = f"{file}: line {number}"
        if len(values) != len(header):
            raise DataError(subject, f"{len(values)} fields", f"{len(header)}")
        rows.append(Row(subject, dict(zip(header, values, strict=True))))
    return rows


def stem(name: str) -> str:
    """A recording's name without folders and without ".wav"."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    return base[:-4] if base.lower().endswith(".wav") else base


class AudioFolder:
    """The WAV files right in a folder, found by name."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise DataError(folder, "no such folder", "a folder of recordings")
        self.folder = folder
        self._files: dict[str, Path] = {}
        for file in sorted(folder.iterdir()):
            if file.suffix.lower() == ".wav":
                if file.stem in self._files:
                    found = f"{file.name} beside {self._files[file.stem].name}"
                    raise DataError(folder, found, "one recording of a name")
                self._files[file.stem] = file
        if not self._files:
            raise DataError(folder, "no WAV file", "recordings")

    def files(self) -> list[Path]:
        """All recordings, by name."""
        return list(self._files.values())

    def find(self, name: str) -> Path | None:
        """The recording of that name; else the only one whose name contains it, as the baseline.

        Raises:
            DataError: if several contain it.
        """
        exact = self._files.get(stem(name))
        if exact is not None:
            return exact
        matches = [file for key, file in self._files.items() if stem(name) in key]
        if len(matches) > 1:
            found = f"{len(matches)} files named like {name!r}: {matches[0].name}, ..."
            raise DataError(self.folder, found, "one")
        return matches[0] if matches else None


def require_none_missing(folder: Path, missing: list[str]) -> None:
    """Fails if recordings were not found, naming the first of them."""
    if missing:
        found = f"no file for {len(missing)} recording(s) of the table: {', '.join(missing[:3])}"
        raise DataError(folder, found + (", ..." if len(missing) > 3 else ""), "every recording")
