"""Numbers in a Photoshop file from a stranger, read within limits."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

MAX_PARTS = 300_000
"""Image resources and blocks of layers together; each can be twelve bytes short."""


class Reader:
    """Numbers from a file, most significant byte first, never beyond an end."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.end = file.seek(0, 2)
        self._parts = MAX_PARTS
        file.seek(0)

    @property
    def at(self) -> int:
        """How many bytes were read."""
        return self.file.tell()

    def take(self, length: int) -> bytes:
        """The next bytes. Raises ValueError where there are fewer."""
        if length > self.end - self.at:
            raise ValueError("a part is longer than what it lies in")
        data = self.file.read(length)
        if len(data) != length:
            raise ValueError("the file is cut short")
        return data

    def numbers(self, fields: str) -> tuple[Any, ...]:
        """The next fields, as `struct` names them."""
        return struct.unpack(f">{fields}", self.take(struct.calcsize(f">{fields}")))

    @contextmanager
    def part(self, multiple: int = 1) -> Iterator[int]:
        """Read a length and, inside the block, only what it covers; then go on behind it.

        What lies behind begins at a `multiple` of bytes after the start.
        """
        (length,) = self.numbers("I")
        start, outer = self.at, self.end
        if length > outer - start:
            raise ValueError("a part is longer than what it lies in")
        self.end = start + length
        yield length
        self.end = outer
        self.file.seek(min(outer, start + length + -length % multiple))

    def count_part(self) -> None:
        """Raise ValueError where there are too many parts to go through."""
        self._parts -= 1
        if self._parts < 0:
            raise ValueError("there are too many parts")
