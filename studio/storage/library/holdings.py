"""What pictures came from, taken together: what of it is needed, and how much that takes."""

from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress

from studio.core.errors import UserError
from studio.storage.library import sketches
from studio.storage.library.blobs import Blobs, Kind
from studio.storage.library.database import Database

Needs = tuple[str, str, str]
"""The digests of a picture's painting, source and strength map; "" for none."""


class Holdings:
    """Remembers what it came to know of paintings: what has a digest never changes."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._digests: list[str] = []  # of all blobs that are known,
        self._bytes = array("q")  # and what each of them takes,
        self._numbers: dict[str, int] = {}  # by their places in these lists
        self._parts: dict[str, array[int]] = {}  # of paintings: their tiles and themselves

    def learn(self, painting: str) -> bool:
        """Look at what a painting consists of. False if that was known, or if it is gone.

        Raises UserError if it is damaged, or cannot be read.
        """
        known = not painting or painting in self._parts
        if known or self._blobs.find("sketch", painting) is None:
            return False
        tiles = sketches.tiles(self._blobs, painting)
        numbers = array("L", (self._number("tile", tile) for tile in tiles))
        numbers.append(self._number("sketch", painting))
        self._parts[painting] = numbers
        return True

    def weights(self, pictures: Iterable[Needs]) -> Iterator[int]:
        """The bytes of what each picture needs that none before it does.

        What cannot be read weighs nothing.
        """
        seen: set[Needs] = set()
        counted: set[int] = set()
        for needs in pictures:
            new = set() if needs in seen else self._needed(*needs) - counted
            seen.add(needs)
            counted |= new
            yield sum(self._bytes[number] for number in new)

    def sweep(self, db: Database, older_than: float) -> None:
        """Delete what no picture needs, and nobody kept for that many seconds.

        Raises UserError where a painting cannot be read: its tiles must not be taken for unused.
        """
        named: set[str] = set()
        for column in ("snapshot", "source", "strength_map"):
            named |= {digest for (digest,) in db.rows(f"SELECT DISTINCT {column} FROM pictures")}
        for (painting,) in db.rows("SELECT DISTINCT snapshot FROM pictures"):
            self.learn(painting)
            named.update(self._digests[number] for number in self._parts.get(painting, ()))
        self._blobs.sweep(named, older_than)

    def _needed(self, painting: str, source: str, strength_map: str) -> set[int]:
        with suppress(UserError):  # `verify` tells of it
            self.learn(painting)
        found = set(self._parts.get(painting, ()))
        kinds: tuple[tuple[Kind, str], ...] = (("picture", source), ("map", strength_map))
        for kind, digest in kinds:
            if digest in self._numbers or self._blobs.find(kind, digest) is not None:
                found.add(self._number(kind, digest))
        return found

    def _number(self, kind: Kind, digest: str) -> int:
        number = self._numbers.get(digest)
        if number is None:
            number = self._numbers[digest] = len(self._digests)
            self._digests.append(digest)
            self._bytes.append(self._blobs.nbytes_of(kind, digest))
        return number
