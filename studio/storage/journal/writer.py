"""Writes down what happens to one open painting, so that a crash takes next to nothing of it.

One SQLite file a painting. Every write is one transaction that has reached the disk when it
returns (WAL with synchronous FULL: at one write a second the sync costs nothing, and NORMAL would
lose everything since the last checkpoint at a power cut). Tiles are kept once, however many
states share them.
"""

import json
import sqlite3
import time
import zlib
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtGui import QImage

from studio.core.errors import UserError
from studio.core.picture import Picture
from studio.core.settings import Settings
from studio.paint.snapshot import Snapshot
from studio.storage.journal.record import OpenJob, Record
from studio.storage.journal.requests import Pixels, origin_json, request_json
from studio.storage.journal.tiles import TileTable
from studio.storage.manifest import manifest

SCHEMA = 1

DRAFT = -1
"""Stands for the state in the midst of a step."""

JOBS = -2
"""Minus a job's number, it stands for the painting that the job was asked for on."""

STATES = 100
"""Steps of the history that are kept before the present one, and as many after it."""

BUDGET = 256 * 2**20
"""Bytes of packed tiles beside those of the present state; above, the oldest states are dropped."""

_BREATH, _PAUSE = 100, 0.0001  # tiles, seconds: the window gets the interpreter's lock meanwhile
_FAR = 2**40  # beyond all numbers of states
_LOG_LIMIT = 64 * 2**20  # bytes of the write-ahead log that are not given back

_TABLES = (
    "CREATE TABLE tiles (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, data BLOB NOT NULL)",
    "CREATE TABLE states (state INTEGER PRIMARY KEY, manifest BLOB NOT NULL, tiles BLOB NOT NULL)",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE pictures (digest TEXT PRIMARY KEY, width INTEGER NOT NULL,"
    " height INTEGER NOT NULL, depth INTEGER NOT NULL, data BLOB NOT NULL)",
    "CREATE TABLE jobs (id INTEGER PRIMARY KEY, request TEXT NOT NULL, pictures TEXT NOT NULL,"
    " running INTEGER NOT NULL, crashes INTEGER NOT NULL)",
    f"PRAGMA user_version = {SCHEMA}",
)


class Journal:
    """The journal of one painting, used from one thread.

    After an error it must be closed and opened anew: it then knows what has reached the disk.
    """

    def __init__(self, path: Path, budget: int = BUDGET) -> None:
        """Open the journal, making it where there is none. Raises UserError if it cannot be."""
        self._path = path
        self._budget = budget
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
        try:
            with self._told():
                self._prepare()
                self._tiles = TileTable(self._db)
        except BaseException:
            self._db.close()
            raise

    @property
    def states(self) -> frozenset[int]:
        """Those that are on disk."""
        return frozenset(state for state in self._tiles.states if state >= 0)

    def write(self, record: Record, numbers: Mapping[int, int] | None = None) -> None:
        """Bring the journal up to what is. On disk, power cut or not, when this returns.

        With `numbers`, it is that of a painting that was restored: they say which state is which
        now; all others go, and all jobs. Raises UserError where it cannot be written.
        """
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:
                if numbers is not None:
                    self._renumber(numbers)
                for state, snapshot in record.snapshots.items():
                    if state in record.states and state not in self.states:
                        self._keep(state, snapshot)
                if record.draft is not None:
                    self._keep(DRAFT, record.draft)
                else:
                    self._drop(DRAFT)
                kept = self._kept(record)
                for state in self.states - set(kept):
                    self._drop(state)
                self._note(record, kept)
                self._note_jobs(record.jobs)

    def close(self) -> None:
        """Let go of the file, and leave it."""
        self._db.close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:
                for table in _TABLES:
                    self._db.execute(table)

    def _renumber(self, numbers: Mapping[int, int]) -> None:
        for table in ("jobs", "pictures"):
            self._db.execute(f"DELETE FROM {table}")
        for state in self._tiles.states - set(numbers):
            self._drop(state)
        move = "UPDATE states SET state = ? WHERE state = ?"
        self._db.executemany(move, [(_FAR + new, old) for old, new in numbers.items()])
        self._db.executemany(move, [(new, _FAR + new) for new in numbers.values()])
        self._tiles.renumber(numbers)

    def _keep(self, state: int, snapshot: Snapshot) -> None:
        numbers = array("q")

        def keep(tile: QImage) -> str:
            numbers.append(self._tiles.number(tile))
            if len(numbers) % _BREATH == 0:
                time.sleep(_PAUSE)
            return str(numbers[-1])

        data = zlib.compress(json.dumps(manifest(snapshot, keep)).encode("ascii"), 1)
        values = state, data, zlib.compress(numbers.tobytes(), 1)
        self._db.execute("INSERT OR REPLACE INTO states VALUES (?, ?, ?)", values)
        self._tiles.hold(state, numbers)

    def _kept(self, record: Record) -> tuple[int, ...]:
        """The states around the present one that are there, and fit; oldest first."""
        states, position, there = record.states, record.position, self.states
        if record.present not in there:
            return ()
        first, last = position, position
        while first > 0 and position - first < STATES and states[first - 1] in there:
            first -= 1
        while last + 1 < len(states) and last - position < STATES and states[last + 1] in there:
            last += 1
        budget = self._budget + self._tiles.size_of(record.present)
        while self._tiles.nbytes > budget and first < position:
            self._drop(states[first])
            first += 1
        return states[first : last + 1]

    def _drop(self, state: int) -> None:
        if state not in self._tiles.states:
            return
        self._db.execute("DELETE FROM states WHERE state = ?", (state,))
        self._tiles.let_go(state)

    def _note(self, record: Record, kept: tuple[int, ...]) -> None:
        labels = {step.state: step.label for step in record.steps}
        facts = {
            "saved_as": record.saved_as,
            "dpi": record.dpi,
            "form": Settings(form=record.form).to_dict()["form"],
            "steps": [[state, labels.get(state, "")] for state in kept],
            "present": record.present,
            "saved": record.saved,
            "active": record.active,
            "unsaved": record.unsaved,
        }
        self._db.execute("INSERT OR REPLACE INTO facts VALUES ('now', ?)", (json.dumps(facts),))

    def _note_jobs(self, jobs: tuple[OpenJob, ...]) -> None:
        there = {id for (id,) in self._db.execute("SELECT id FROM jobs").fetchall()}
        over = there - {job.id for job in jobs}
        for job in jobs:
            if job.id in there:
                self._db.execute("UPDATE jobs SET running = ? WHERE id = ?", (job.running, job.id))
            else:
                self._add_job(job)
        for id in over:
            self._db.execute("DELETE FROM jobs WHERE id = ?", (id,))
            self._drop(JOBS - id)
        if over:
            rows = self._db.execute("SELECT pictures FROM jobs").fetchall()
            used = {digest for (digests,) in rows for digest in json.loads(digests)}
            for (digest,) in self._db.execute("SELECT digest FROM pictures").fetchall():
                if digest not in used:
                    self._db.execute("DELETE FROM pictures WHERE digest = ?", (digest,))

    def _add_job(self, job: OpenJob) -> None:
        digests: list[str] = []

        def keep(pixels: Pixels) -> str:
            data = pixels.rgba if isinstance(pixels, Picture) else pixels.values
            digests.append(pixels.digest)
            size = pixels.size
            self._db.execute(
                "INSERT OR IGNORE INTO pictures VALUES (?, ?, ?, ?, ?)",
                (digests[-1], size.width, size.height, len(data) // size.pixels, _packed(data)),
            )
            return digests[-1]

        if job.origin.snapshot is not None:
            self._keep(JOBS - job.id, job.origin.snapshot)
        request, origin = request_json(job.request, keep), origin_json(job.origin)
        written = json.dumps({"frame": job.frame, "request": request, "origin": origin})
        values = job.id, written, json.dumps(digests), job.running, job.crashes
        self._db.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?)", values)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite and the system say of the file into a UserError."""
        try:
            yield
        except sqlite3.ProgrammingError:  # a fault of ours, such as the wrong thread
            raise
        except (sqlite3.Error, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise UserError(
                "A crash would take what you paint now, for"
                f" '{self._path.parent}' cannot be written: {reason}.",
                "Make room there, or save your painting; it is tried again all the time.",
            ) from error


def _packed(data: bytes) -> bytes:
    return zlib.compress(data, 1)
