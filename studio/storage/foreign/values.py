"""Values out of JSON and texts that anybody may have written."""

import json
import math
import re
from pathlib import PurePosixPath
from typing import Any

MOST = 10**30
"""Whole numbers beyond it are nobody's setting; some seeds have twenty digits."""

_DIGITS = re.compile(r"[+-]?[0-9]{1,30}")
_ENDINGS = (".safetensors", ".ckpt", ".pt", ".pth", ".gguf", ".sft", ".bin")


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a text, or None if it holds anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def words(value: object) -> str:
    """A text; lone surrogates are replaced by "?", and anything that is no text is empty."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "replace").decode("utf-8")


def whole(value: object) -> int | None:
    """A whole number, also one that is written as a text or a float; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < MOST else None
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return int(value)
    found = number(value)
    return int(found) if found is not None and found.is_integer() else None


def number(value: object) -> float | None:
    """A finite number, also one that is written as a text; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def file_name(value: object) -> str:
    """The name that a model's file is called by: without folders and ending."""
    name = PurePosixPath(words(value).replace("\\", "/")).name
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name
