"""Files told apart by what is in them."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

SHORT = 10
"""Hexadecimal digits that the field shows of a digest, and recipes hold: AutoV2."""


def sha256(files: Iterable[Path], check: Callable[[], None] = lambda: None) -> str:
    """The digest of the files' bytes, one after another; `check()` every few megabytes."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 22):
                check()
                digest.update(block)
    return digest.hexdigest()


class Digests:
    """Short digests of files, worked out once for as long as the files do not change."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[Path, int, int], ...], str] = {}

    def short(self, files: Iterable[Path]) -> str:
        """The first digits of the SHA-256 of the files. Raises OSError where they are gone."""
        files = tuple(files)
        states = ((file, file.stat()) for file in files)
        key = tuple((file, state.st_size, state.st_mtime_ns) for file, state in states)
        if key not in self._known:
            self._known[key] = sha256(files)[:SHORT]
        return self._known[key]
