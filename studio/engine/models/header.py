"""What a safetensors file says of itself, read and checked without loading any tensor.

The format: https://huggingface.co/docs/safetensors/index#format
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import UserError

MAX_HEADER = 8 << 20
"""Bytes. The largest models' take 1 MB; more would only keep the reader busy."""

MAX_TENSORS = 50_000
MAX_COMMAS = 400_000
"""In a header, its notes included: whatever is in it, there is a comma between any two."""

MAX_AXES = 8

BITS = {
    "F4": 4,
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}
"""How many a number takes, by what the format calls its type."""

DOWNLOAD_AGAIN = "Get the file again: the download may have been cut short."

OTHER_FILES = {
    b"PK\x03\x04": "a PyTorch pickle, which can run any program hidden in it",
    b"\x80": "a pickle, which can run any program hidden in it",
    b"GGUF": "a GGUF file, whose compressed weights Underpaint cannot read",
    b"version https://git-lfs": "a note of where Git keeps a large file, not the file itself",
    b"<": "a web page, not the file that it offers",
}
"""What is often found under the name of a safetensors file, by how it begins."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor in a file: its type as in BITS, its shape, and where its bytes are."""

    kind: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """The tensors of a file by name, and what its maker noted."""

    tensors: Mapping[str, Entry]
    notes: Mapping[str, str]


def read_header(file: Path) -> Header:
    """The header of a safetensors file; takes bounded time and memory, whatever the file holds.

    Raises UserError where the file is missing or is not one, is damaged, or was cut short.
    """
    if not file.is_file():
        raise UserError(f"There is no file at {file}.", "Check the name or the path.")
    try:
        with file.open("rb") as stream:
            start = stream.read(32)
            size = file.stat().st_size
            length = int.from_bytes(start[:8], "little")
            if size < 8 or length > min(size - 8, MAX_HEADER):
                raise _refusal(file, start, size)
            stream.seek(8)
            text = stream.read(length)
    except OSError as error:
        raise UserError(
            f"The file {file} cannot be opened: {error.strerror}.", "Check the path."
        ) from error
    data = _parsed(file, text)
    notes = data.pop("__metadata__", None) or {}
    if not isinstance(notes, dict):
        raise _damaged(file)
    if len(data) > MAX_TENSORS:
        raise _too_many(file)
    tensors = {name: _entry(file, entry, 8 + length) for name, entry in data.items()}
    _check_places(file, tensors, 8 + length, size)
    return Header(tensors, {key: each for key, each in notes.items() if isinstance(each, str)})


def _parsed(file: Path, text: bytes) -> dict[str, Any]:
    if text.count(b",") > MAX_COMMAS:
        raise _too_many(file)
    try:
        data = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:  # ValueError: not JSON, or not UTF-8
        raise _damaged(file) from error
    if not isinstance(data, dict):
        raise _damaged(file)
    return data


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises ValueError where it names a thing twice, for readers disagree then."""
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a name is there twice")
    return data


def _entry(file: Path, entry: Any, origin: int) -> Entry:
    """A tensor whose size is what its type and shape say. Raises UserError otherwise."""
    match entry:
        case {"dtype": str(kind), "shape": list(shape), "data_offsets": [start, end]}:
            counts = [*shape, start, end]
            sound = len(shape) <= MAX_AXES and all(type(n) is int and n >= 0 for n in counts)
            if sound and kind in BITS and math.prod(shape) * BITS[kind] == (end - start) * 8:
                return Entry(kind, tuple(shape), origin + start, origin + end)
    raise _damaged(file)


def _check_places(file: Path, tensors: Mapping[str, Entry], origin: int, size: int) -> None:
    """Raise UserError unless the tensors lie one after another and fill the file."""
    end = origin
    for entry in sorted(tensors.values(), key=lambda entry: (entry.start, entry.end)):
        if entry.start != end:
            raise _damaged(file)
        end = entry.end
    if end > size:
        raise UserError(f"The file {file.name} is not complete.", DOWNLOAD_AGAIN)
    if end < size:
        raise _damaged(file)


def _refusal(file: Path, start: bytes, size: int) -> UserError:
    """Why a file is not one of safetensors, from its first bytes."""
    if size == 0:
        return UserError(f"The file {file.name} is empty.", DOWNLOAD_AGAIN)
    if start[8:9] == b"{":
        return UserError(
            f"The file {file.name} is not complete, or its header is too long.", DOWNLOAD_AGAIN
        )
    for beginning, words in OTHER_FILES.items():
        if start.startswith(beginning):
            return UserError(f"{file.name} is {words}.", "Get the model as safetensors.")
    return UserError(f"{file.name} is not a safetensors file.", "Get the model as safetensors.")


def _too_many(file: Path) -> UserError:
    return UserError(f"{file.name} lists more tensors than any model has.", DOWNLOAD_AGAIN)


def _damaged(file: Path) -> UserError:
    return UserError(f"The file {file.name} is damaged: its header makes no sense.", DOWNLOAD_AGAIN)
