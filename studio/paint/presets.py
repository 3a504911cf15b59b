"""Brushes with a name, and the text file that they are kept in."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, get_type_hints

from studio.core.errors import UserError
from studio.paint.brush import Brush
from studio.paint.curve import Curve

MAX_TEXT = 2**20
"""Characters; a longer file is no list of brushes."""

MAX_PRESETS = 500
MAX_NAME = 60
"""Characters of a brush's name."""

_OFF = "off"
_HINTS = {name: hint for name, hint in get_type_hints(Brush).items() if name != "colour"}
_NAMES = tuple(entry.name for entry in fields(Brush) if entry.name in _HINTS)


@dataclass(frozen=True, slots=True)
class Preset:
    """A brush under a name, 1 .. MAX_NAME characters in one line; its colour says nothing."""

    name: str
    brush: Brush

    def __post_init__(self) -> None:
        if not (self.name.isprintable() and self.name.strip() == self.name):
            raise ValueError(f"{self.name!r} is not a name")
        if not 1 <= len(self.name) <= MAX_NAME:
            raise ValueError(f"{len(self.name)} characters are not a name")


def read_presets(text: str) -> tuple[Preset, ...]:
    """The brushes of a TOML file as `write_presets` makes them, in its order.

    Raises UserError where the file is none, or where a brush has an impossible value.
    """
    if len(text) > MAX_TEXT:
        raise _error(f"it has {len(text)} characters")
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise _error(str(error)) from error
    entries = table.get("brush", [])
    if not isinstance(entries, list) or len(entries) > MAX_PRESETS:
        raise _error(f"it must be a list of at most {MAX_PRESETS} brushes")
    presets = tuple(_preset(number, entry) for number, entry in enumerate(entries, 1))
    names = [preset.name for preset in presets]
    if twice := {name for name in names if names.count(name) > 1}:
        raise _error(f"there is more than one brush called '{min(twice)}'")
    return presets


def write_presets(presets: Iterable[Preset]) -> str:
    """TOML text that `read_presets` reads; values that are a brush's defaults are left out."""
    usual = Brush()
    lines: list[str] = []
    for preset in presets:
        lines += ["[[brush]]", f"name = {_quoted(preset.name)}"]
        for name in _NAMES:
            value = getattr(preset.brush, name)
            if value != getattr(usual, name):
                lines.append(f"{name} = {_toml(value)}")
        lines.append("")
    return "\n".join(lines)


def _preset(number: int, entry: Any) -> Preset:
    where = f"brush {number}"
    if not isinstance(entry, dict):
        raise _error(f"{where} is not a table")
    values = dict(entry)
    name = values.pop("name", None)
    if not isinstance(name, str):
        raise _error(f"{where} has no name")
    try:
        brush = Brush(**{key: _value(key, value) for key, value in values.items()})
        return Preset(name, brush)
    except (ValueError, UserError) as error:
        raise _error(f"{where}: {error}") from error


def _value(name: str, value: Any) -> Any:
    """A TOML value as the brush's field has it. Raises ValueError or UserError."""
    hint = _HINTS.get(name)
    if hint is None:
        raise ValueError(f"a brush has no '{name}'")
    if hint is float and type(value) in (int, float) and abs(value) < 2**31:
        return float(value)
    if isinstance(hint, type) and issubclass(hint, StrEnum) and isinstance(value, str):
        return hint(value)
    if hint == Curve | None and value == _OFF:
        return None
    if hint == Curve | None and isinstance(value, list):
        return Curve(tuple(_point(point) for point in value))
    raise ValueError(f"{value!r} is nothing for '{name}'"[:200])


def _point(point: Any) -> tuple[float, float]:
    pair = isinstance(point, list) and [type(x) in (int, float) for x in point] == [True, True]
    if pair and all(abs(value) <= 1 for value in point):
        return float(point[0]), float(point[1])
    raise ValueError("a point of a curve is two numbers, as in [0, 0.5]")


def _toml(value: Any) -> str:
    if value is None:
        return _quoted(_OFF)
    if isinstance(value, Curve):
        return "[" + ", ".join(f"[{x!r}, {y!r}]" for x, y in value.points) + "]"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _error(why: str) -> UserError:
    return UserError(f"This is not a file of brushes: {why}."[:400], "Choose another file.")
