"""What pictures were made from, kept once however many of them name it: files called by digests."""

import hashlib
import io
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from PySide6.QtGui import QImage

from studio.core.errors import UserError
from studio.core.picture import Picture, StrengthMap
from studio.storage.atomic import write_atomic
from studio.storage.decoding import MAX_BYTES
from studio.storage.files import make_folder, read_bounded, unreadable, unwritable
from studio.storage.library.walk import bytes_of
from studio.storage.manifest import pack_tile, unpack_tile
from studio.storage.pictures import PNG_LEVEL, encode_png, read_map, read_picture

Kind = Literal["picture", "map", "tile", "sketch"]

_ENDINGS: dict[Kind, str] = {
    "picture": ".png",
    "map": ".map.png",
    "tile": ".tile",
    "sketch": ".json",
}
_KINDS = {ending: kind for kind, ending in _ENDINGS.items()}
_DIGEST = re.compile("[0-9a-f]{64}")

LIMITS: dict[Kind, int] = {
    "picture": MAX_BYTES,
    "map": MAX_BYTES,
    "tile": 2**20,
    "sketch": 64 * 2**20,
}
"""Bytes of one file of each kind."""

TOGETHER = 64
"""Tiles that are written at once, by so many threads:"""

WRITERS = 8

MOST_KNOWN = 100_000
"""Tiles whose digests are remembered."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of the store. Tiles and sketches are called by the SHA-256 of their bytes, pictures
    and maps by their own digest.
    """

    digest: str
    kind: Kind
    path: Path

    @property
    def name(self) -> str:
        """What the file is called in the store."""
        return self.digest + _ENDINGS[self.kind]

    def check(self) -> None:
        """Raise UserError unless the file can be read and is what it is called."""
        match self.kind:
            case "picture":
                _picture(self.path, self.digest)
            case "map":
                _map(self.path, self.digest)
            case _:
                _bytes(self.kind, self.path, self.digest)


class Blobs:
    """The store in a folder. All methods raise UserError where files cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[int, str] = {}  # digests of tiles by their cacheKey()
        self._unwritten: dict[str, bytes] = {}  # packed tiles by their digests

    def keep_tile(self, tile: QImage) -> str:
        """Store a tile; one that was seen before costs next to nothing. Returns its digest.

        It is on the disk after the next `flush`.
        """
        digest = self._known.get(tile.cacheKey())
        if digest is not None and (digest in self._unwritten or self._touch("tile", digest)):
            return digest
        data = pack_tile(tile)
        digest = hashlib.sha256(data).hexdigest()
        if not self._touch("tile", digest):
            self._unwritten[digest] = data
        if len(self._unwritten) >= TOGETHER:
            self.flush()
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[tile.cacheKey()] = digest
        return digest

    def flush(self) -> None:
        """Write the tiles that were kept since the last time.

        At once, because the disk makes many files safe in the time that it takes for one.
        """
        waiting, self._unwritten = self._unwritten, {}
        if not waiting:
            return
        with ThreadPoolExecutor(WRITERS, "tiles") as pool:
            for _ in pool.map(lambda item: self._write("tile", *item), waiting.items()):
                pass

    def keep_sketch(self, data: bytes) -> str:
        """Store what describes a painting. Returns its digest."""
        digest = hashlib.sha256(data).hexdigest()
        if not self._touch("sketch", digest):
            self._write("sketch", digest, data)
        return digest

    def keep_picture(self, picture: Picture) -> str:
        """Store a picture. Returns its digest."""
        digest = picture.digest
        if not self._touch("picture", digest):
            self._write("picture", digest, encode_png(picture))
        return digest

    def keep_map(self, strength: StrengthMap) -> str:
        """Store a strength map. Returns its digest."""
        digest = strength.digest
        if not self._touch("map", digest):
            self._write("map", digest, _encoded(strength))
        return digest

    def picture(self, digest: str) -> Picture | None:
        """The picture of that digest, or None. Raises UserError also if it is damaged."""
        path = self._found("picture", digest)
        return None if path is None else _picture(path, digest)

    def map(self, digest: str) -> StrengthMap | None:
        """The strength map of that digest, or None. Raises UserError also if it is damaged."""
        path = self._found("map", digest)
        return None if path is None else _map(path, digest)

    def tile(self, digest: str) -> QImage:
        """The tile of that digest. Raises UserError if it is gone or damaged."""
        return unpack_tile(_bytes("tile", self._path("tile", digest), digest))

    def sketch(self, digest: str) -> bytes:
        """What `keep_sketch` was given. Raises UserError if it is gone or damaged."""
        return _bytes("sketch", self._path("sketch", digest), digest)

    def find(self, kind: Kind, digest: str) -> Blob | None:
        """The file with that content, or None."""
        path = self._found(kind, digest)
        return None if path is None else Blob(digest, kind, path)

    def take(self, blob: Blob) -> None:
        """Store a copy of a file from elsewhere that was checked."""
        if not self._touch(blob.kind, blob.digest):
            self._write(blob.kind, blob.digest, read_bounded(blob.path, LIMITS[blob.kind]))

    def all(self) -> Iterator[Blob]:
        """Every file of the store, in no particular order. What is not called like one is none."""
        return (blob for file in self._files() if (blob := _blob(file)) is not None)

    def nbytes_of(self, kind: Kind, digest: str) -> int:
        """What one file takes; nothing if it is gone."""
        return bytes_of(self._path(kind, digest))

    def nbytes(self) -> int:
        """What all files take."""
        return sum(bytes_of(Path(file.path)) for file in self._files())

    def sweep(self, named: set[str], older_than: float) -> None:
        """Delete what has none of these digests and was last kept that many seconds ago.

        The age spares what belongs to pictures still being made.
        """
        latest = time.time() - older_than
        for blob in self.all():
            if blob.digest in named:
                continue
            try:
                if blob.path.stat().st_mtime < latest:
                    blob.path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise unwritable(blob.path, error) from error

    def _files(self) -> "Iterator[os.DirEntry[str]]":
        try:
            for shelf in self._folder.iterdir() if self._folder.is_dir() else ():
                with os.scandir(shelf) as files:
                    yield from files
        except OSError as error:
            raise unreadable(self._folder, error) from error

    def _touch(self, kind: Kind, digest: str) -> bool:
        """Whether the file is there; if so, it is young again."""
        path = self._path(kind, digest)
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise unwritable(path, error) from error
        return True

    def _write(self, kind: Kind, digest: str, data: bytes) -> None:
        path = self._path(kind, digest)
        make_folder(path.parent)
        write_atomic(path, data)

    def _found(self, kind: Kind, digest: str) -> Path | None:
        path = self._path(kind, digest) if _DIGEST.fullmatch(digest) else None
        return path if path is not None and path.is_file() else None

    def _path(self, kind: Kind, digest: str) -> Path:
        if _DIGEST.fullmatch(digest) is None:
            raise UserError("What a picture was made from is not named properly.", "")
        return self._folder / digest[:2] / (digest + _ENDINGS[kind])


def _blob(file: os.DirEntry[str]) -> Blob | None:
    digest, dot, ending = file.name.partition(".")
    kind = _KINDS.get(dot + ending)
    known = kind is not None and _DIGEST.fullmatch(digest)
    return Blob(digest, kind, Path(file.path)) if kind is not None and known else None


def _picture(path: Path, digest: str) -> Picture:
    picture = read_picture(path)
    if picture.digest != digest:
        raise _damaged(path)
    return picture


def _map(path: Path, digest: str) -> StrengthMap:
    strength = read_map(path)
    if strength.digest != digest:
        raise _damaged(path)
    return strength


def _bytes(kind: Kind, path: Path, digest: str) -> bytes:
    data = read_bounded(path, LIMITS[kind])
    if hashlib.sha256(data).hexdigest() != digest:
        raise _damaged(path)
    return data


def _encoded(strength: StrengthMap) -> bytes:
    """A PNG file in shades of grey, exact."""
    out = io.BytesIO()
    size = (strength.size.width, strength.size.height)
    Image.frombytes("L", size, strength.values).save(out, "PNG", compress_level=PNG_LEVEL)
    return out.getvalue()


def _damaged(path: Path) -> UserError:
    return UserError(f"'{path.name}' in the library is damaged.", "Its content has changed.")
