"""Plain values, as a TOML file gives them, turned into dataclasses; what does not fit is an error.

A field's type is one of: bool, int, float, str, ``Literal``, ``tuple[X, ...]``, ``tuple[X, X]``,
``dict[str, X]``, a dataclass, any of them ``| None``. A field without default must be there.
"""

from __future__ import annotations

import dataclasses
import types
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from earshot_reference.configuration import ReferenceError

T = TypeVar("T")

_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def read(kind: type[T], table: Any, where: str, key: str = "") -> T:
    """An instance of a dataclass from a table.

    Args:
        kind: the dataclass.
        table: what was read.
        where: the file, for messages; empty where the caller puts it in front.
        key: the table's own name in it; empty at the top.

    Raises:
        ReferenceError: naming file, key, what was found and what is expected; also for what the
            dataclass's own ``__post_init__`` finds wrong (a message that begins with the key).
    """
    if not isinstance(table, dict):
        raise _error(where, key, table, "a table")
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for name, value in table.items():
        if name not in fields:
            what = "section" if isinstance(value, dict) else "key"
            raise ReferenceError(
                f"{_place(where, _joined(key, name))}: unknown {what}, expected one of "
                f"{', '.join(sorted(fields))}"
            )
    for name, field in fields.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and name not in table:
            raise ReferenceError(
                f"{_place(where, _joined(key, name))}: missing, expected {_expected(hints[name])}"
            )
    values = {
        name: _value(hints[name], value, where, _joined(key, name)) for name, value in table.items()
    }
    try:
        return kind(**values)
    except (ValueError, ReferenceError) as e:
        raise ReferenceError(_place(where, _joined(key, str(e)))) from e


def _value(hint: Any, value: Any, where: str, key: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        present = next(a for a in arguments if a is not type(None))
        return _value(present, value, where, key)
    if dataclasses.is_dataclass(hint):
        return read(hint, value, where, key)
    if origin is Literal:
        if value in arguments and isinstance(value, str):
            return value
    elif origin is tuple:
        lengths_fit = isinstance(value, list) and (
            arguments[-1] is Ellipsis or len(value) == len(arguments)
        )
        if lengths_fit:
            return tuple(_value(arguments[0], x, where, f"{key}[{i}]") for i, x in enumerate(value))
    elif origin is dict:
        if isinstance(value, dict):
            return {n: _value(arguments[1], x, where, _joined(key, n)) for n, x in value.items()}
    elif hint is float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif hint is Any or (type(value) is hint):
        return value
    raise _error(where, key, value, _expected(hint))


def _expected(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _expected(next(a for a in arguments if a is not type(None)))
    if origin is Literal:
        return "one of " + ", ".join(map(repr, arguments))
    if origin is tuple:
        item = _expected(arguments[0])
        how_many = "" if arguments[-1] is Ellipsis else f" of {len(arguments)}"
        return f"a list{how_many}, each {item}"
    return _WORDS.get(hint, "a table")


def _joined(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _place(where: str, key: str) -> str:
    return f"{where}: {key}" if where else key


def _error(where: str, key: str, found: Any, expected: str) -> ReferenceError:
    subject = _place(where, key or "top level")
    return ReferenceError(f"{subject}: found {found!r}, expected {expected}")
