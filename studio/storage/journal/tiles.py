"""The tiles of a journal, each kept once, however many states share it."""

import hashlib
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping

from PySide6.QtGui import QImage

from studio.storage.files import inflated
from studio.storage.manifest import pack_tile

_CACHED = 2**17  # tiles whose numbers are remembered
_MAX_LIST = 2**27  # bytes of the numbers of one state's tiles: far more than a painting can have


class TileTable:
    """The tiles in the file: each once, and gone with the last state that has it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Learn what is there."""
        self._db = db
        self._numbers: dict[int, int] = {}  # by the images' cache keys
        self._held: dict[int, array[int]] = {}  # by state
        self._uses: Counter[int] = Counter()  # how often states hold each
        self._sizes: dict[int, int] = dict(db.execute("SELECT id, length(data) FROM tiles"))
        self.nbytes = sum(self._sizes.values())  # of all that are kept, packed
        for state, numbers in db.execute("SELECT state, tiles FROM states").fetchall():
            self.hold(state, array("q", inflated(numbers, _MAX_LIST)))

    @property
    def states(self) -> set[int]:
        """Those that hold tiles, and the draft."""
        return set(self._held)

    def number(self, tile: QImage) -> int:
        """The number of a tile, which is written if it is new."""
        key = tile.cacheKey()
        found = self._numbers.get(key)
        if found is None:
            if len(self._numbers) >= _CACHED:
                self._numbers.clear()
            found = self._numbers[key] = self._write(tile)
        return found

    def renumber(self, numbers: Mapping[int, int]) -> None:
        """Call states otherwise: all of them."""
        self._held = {numbers[state]: held for state, held in self._held.items()}

    def size_of(self, state: int) -> int:
        """Bytes of a state's tiles, packed."""
        return sum(self._sizes[number] for number in set(self._held[state]))

    def hold(self, state: int, numbers: "array[int]") -> None:
        """A state has these, in place of those it had."""
        before = self._held.get(state, ())
        self._held[state] = numbers
        self._uses.update(numbers)
        self._release(before)

    def let_go(self, state: int) -> None:
        """A state is gone."""
        self._release(self._held.pop(state))

    def _write(self, tile: QImage) -> int:
        digest = hashlib.sha256(bytes((tile.depth(),)))
        digest.update(tile.constBits())
        name = digest.digest()
        found = self._db.execute("SELECT id FROM tiles WHERE digest = ?", (name,)).fetchone()
        if found is not None:
            return int(found[0])
        data = pack_tile(tile)
        cursor = self._db.execute("INSERT INTO tiles (digest, data) VALUES (?, ?)", (name, data))
        assert cursor.lastrowid is not None  # an INSERT sets it
        self._sizes[cursor.lastrowid] = len(data)
        self.nbytes += len(data)
        return cursor.lastrowid

    def _release(self, numbers: Iterable[int]) -> None:
        self._uses.subtract(numbers)
        gone = {number for number in numbers if self._uses[number] <= 0}
        for number in gone:
            self._db.execute("DELETE FROM tiles WHERE id = ?", (number,))
            del self._uses[number]
            self.nbytes -= self._sizes.pop(number)
        if gone:
            self._numbers = {key: at for key, at in self._numbers.items() if at not in gone}
