"""Reads journals that nobody closed: as much as is sound of them."""

import json
import logging
import shutil
import sqlite3
import zlib
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PySide6.QtGui import QImage

from studio.core.blank import DPI, sound_dpi
from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.settings import Settings
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import blank_tile
from studio.storage.files import inflated, make_folder, unwritable
from studio.storage.journal.record import Offer, OpenJob, Recovered
from studio.storage.journal.requests import Pixels, read_frame, read_origin, read_request
from studio.storage.journal.writer import DRAFT, JOBS, SCHEMA
from studio.storage.manifest import from_manifest, unpack_tile

SUFFIX = ".journal"

ASIDE = "damaged"
"""The folder, beside the journals, of those that could not be read whole."""

DISCARDED = "discarded"
"""The folder of those that the person does not want; it is emptied at the next start."""

MAX_HISTORY = 512 * 2**20
"""Bytes of pixels that the history may take, unpacked, beside the present state's."""

MAX_TEXT = 64 * 2**20  # bytes of one manifest
MAX_PIXELS = 2**30  # bytes of one picture

DRAFT_LABEL = "Paint"

_BAD = (
    sqlite3.Error, zlib.error, ValueError, TypeError, LookupError, AttributeError, OverflowError,
    RecursionError, UserError,
)  # fmt: skip
"""What reading damaged data raises."""

log = logging.getLogger(__name__)


def find_offers(folder: Path, but: Collection[Path] = ()) -> tuple[list[Offer], list[str]]:
    """The journals in which something would be lost, newest first; and what there is to say.

    Those in which nothing would be are removed, those that cannot be read are put aside. Those of
    `but` are being written, and left alone.
    """
    shutil.rmtree(folder / DISCARDED, ignore_errors=True)
    offers: list[Offer] = []
    said: list[str] = []
    found = [path for path in folder.glob(f"*{SUFFIX}") if path.is_file()]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        if path in but:
            continue
        try:
            with _opened(path) as source:
                facts, jobs = source.facts, source.jobs
                readable = facts is not None or source.rows("SELECT state FROM states")
        except UserError as error:
            said.append(f"{error.problem} {_set_aside(path)}")
            continue
        if jobs != 0 or (readable and (facts is None or facts.unsaved)):
            saved_as = facts.saved_as if facts else ""
            offers.append(Offer(path=path, saved_as=saved_as, jobs=jobs or 0))
        else:
            _tidy(path)
    return offers, said


def _set_aside(path: Path) -> str:
    """Put a journal aside that cannot be read; says where it is now."""
    try:
        put_aside(path)
    except UserError as error:  # the others are offered all the same
        return error.problem
    return f"It was put into '{path.parent / ASIDE}'."


def _tidy(path: Path) -> None:
    """Remove a journal in which nothing would be lost; if not now, then at the next start."""
    try:
        remove_journal(path)
    except UserError as error:
        log.warning("A journal could not be removed: %s", error)


def recover(path: Path, history: int = MAX_HISTORY) -> Recovered:
    """The painting and the jobs in a journal.

    Raises UserError if not even one state of the painting can be read; the file stays.
    """
    with _opened(path) as source:
        return source.recovered(history)


def remove_journal(path: Path) -> None:
    """Remove a journal, with what SQLite keeps beside it. Raises UserError where it cannot."""
    for each in _files(path):
        try:
            each.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(each, error) from error


def put_aside(path: Path) -> None:
    """Move a journal to where it is kept, but not offered again. Raises UserError."""
    _move(path, path.parent / ASIDE)


def discard(path: Path) -> None:
    """Offer a journal no more; until the next start, it can be taken back. Raises UserError."""
    _move(path, path.parent / DISCARDED)


def take_back(path: Path) -> None:
    """Undo `discard`, with the path that the journal had. Raises UserError."""
    _move(path.parent / DISCARDED / path.name, path.parent)


def _move(path: Path, folder: Path) -> None:
    make_folder(folder)
    for each in _files(path):
        try:
            if each.exists():
                each.replace(folder / each.name)
        except OSError as error:
            raise unwritable(each, error) from error


def _files(path: Path) -> list[Path]:
    return [path, *(path.with_name(f"{path.name}-{end}") for end in ("wal", "shm"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    saved_as: str
    dpi: float
    form: FormState
    steps: tuple[tuple[int, str], ...]  # each state and its label, oldest first
    present: int
    saved: int
    active: int | None
    unsaved: bool

    @classmethod
    def read(cls, data: Any) -> "_Facts":
        """Raises what _BAD has for nonsense."""
        return cls(
            saved_as=str(data["saved_as"]),
            dpi=sound_dpi(float(data.get("dpi", DPI))) or DPI,
            form=Settings.from_dict({"form": data["form"]}).form,
            steps=tuple((int(state), str(label)) for state, label in data["steps"]),
            present=int(data["present"]),
            saved=int(data["saved"]),
            active=None if data["active"] is None else int(data["active"]),
            unsaved=bool(data["unsaved"]),
        )


@contextmanager
def _opened(path: Path) -> "Iterator[_Source]":
    """Raises UserError if it is no journal, or of a newer version."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA:
                raise UserError("A painting was kept by a newer version of Underpaint.")
            yield _Source(db)
    except (sqlite3.Error, ValueError) as error:  # ValueError: even its message cannot be read
        raise UserError("What was kept of a painting is damaged and cannot be read.") from error


@dataclass(slots=True)
class _Source:
    """An open journal, and what was wrong with it so far."""

    db: sqlite3.Connection
    blanks: int = 0  # tiles that are lost
    lost: list[str] = field(default_factory=list)  # other things, in words
    _tiles: dict[str, QImage] = field(default_factory=dict)

    def rows(self, query: str, *values: Any) -> list[Any]:
        """The rows that can be read."""
        found = []
        try:
            for row in self.db.execute(query, values):
                found.append(row)
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):  # it ended before anything was written
                raise
        return found

    @property
    def facts(self) -> _Facts | None:
        """What was written last; None if it cannot be read, or there is nothing."""
        try:
            ((text,),) = self.rows("SELECT value FROM facts WHERE name = 'now'")
            return _Facts.read(json.loads(text))
        except _BAD:
            return None

    @property
    def jobs(self) -> int | None:
        """How many there are; None if that cannot be read."""
        try:
            return len(self.rows("SELECT id FROM jobs"))
        except _BAD:
            return None

    def recovered(self, history: int) -> Recovered:
        """All of it."""
        facts = self.facts or self._guess()
        states, position = self._states(facts, history)
        ids = [state for state, _ in states]
        state, (label, snapshot) = states[position]
        if state == facts.present and facts.active in range(_count(snapshot.sheets)):
            states[position] = state, (label, replace(snapshot, active=facts.active))
        return Recovered(
            saved_as=facts.saved_as,
            dpi=facts.dpi,
            form=facts.form,
            states=tuple(found for _, found in states),
            numbers=tuple(ids),
            position=position,
            saved=ids.index(facts.saved) if facts.saved in ids else None,
            jobs=self._jobs(),
            damage=self._damage(),
        )

    def _guess(self) -> _Facts:
        """Where the facts are lost: the states in their order, the last one present."""
        self.lost.append("what its file was called")
        states = sorted(int(state) for (state,) in self.rows("SELECT state FROM states"))
        steps = tuple((state, "Paint") for state in states if state >= 0)
        last = steps[-1][0] if steps else DRAFT
        return _Facts(
            saved_as="",
            dpi=DPI,
            form=FormState(),
            steps=steps,
            present=last,
            saved=DRAFT,
            active=None,
            unsaved=True,
        )

    def _states(
        self, facts: _Facts, history: int
    ) -> tuple[list[tuple[int, tuple[str, Snapshot]]], int]:
        """The states that can be read, and which of them was on the canvas."""
        ids = [state for state, _ in facts.steps]
        at = ids.index(facts.present) if facts.present in ids else len(ids)
        draft = self._snapshot(DRAFT, patched=True)
        present = None
        while present is None and 0 <= at < len(ids):
            present = self._snapshot(ids[at], patched=True)
            at -= present is None
        if present is None and draft is None:
            raise UserError("Nothing of a painting that was kept can be read.")
        if present is not None and ids[at] != facts.present:
            self.lost.append("the last steps")
        room = history + len(self._tiles) * blank_tile().sizeInBytes()
        found: list[tuple[int, tuple[str, Snapshot]]] = []
        if present is not None:
            found = [(ids[at], (facts.steps[at][1], present))]
            found = [*self._run(facts, range(at - 1, -1, -1), room)[::-1], *found]
        position = len(found) - 1
        if draft is not None:
            return [*found, (DRAFT, (DRAFT_LABEL, draft))], position + 1
        return [*found, *self._run(facts, range(at + 1, len(ids)), room)], position

    def _run(
        self, facts: _Facts, places: range, room: int
    ) -> list[tuple[int, tuple[str, Snapshot]]]:
        """States one after another, as far as they can be read and there is room."""
        found = []
        for place in places:
            if len(self._tiles) * blank_tile().sizeInBytes() >= room:
                break
            state, label = facts.steps[place]
            snapshot = self._snapshot(state, patched=False)
            if snapshot is None:
                self.lost.append("some of its history")
                break
            found.append((state, (label, snapshot)))
        return found

    def _snapshot(self, state: int, *, patched: bool) -> Snapshot | None:
        """None if it is not there or cannot be read; `patched`, with blanks for lost tiles."""
        try:
            rows = self.rows("SELECT manifest FROM states WHERE state = ?", state)
            if not rows:
                return None
            data = json.loads(inflated(rows[0][0], MAX_TEXT))
            return from_manifest(data, self._tile_or_blank if patched else self._tile)
        except _BAD:
            return None

    def _tile(self, name: str) -> QImage:
        if name not in self._tiles:
            ((data,),) = self.rows("SELECT data FROM tiles WHERE id = ?", int(name))
            self._tiles[name] = unpack_tile(data)
        return self._tiles[name]

    def _tile_or_blank(self, name: str) -> QImage:
        try:
            return self._tile(name)
        except _BAD:
            self.blanks += 1
            return blank_tile()

    def _jobs(self) -> tuple[OpenJob, ...]:
        jobs = []
        try:
            rows = self.rows("SELECT id, request, running, crashes FROM jobs ORDER BY id")
        except _BAD:
            self.lost.append("the pictures that were asked for")
            return ()
        for row in rows:
            try:
                jobs.append(self._job(*row))
            except _BAD:
                self.lost.append("a picture that was asked for")
        return tuple(jobs)

    def _job(self, id: int, written: Any, running: Any, crashes: Any) -> OpenJob:
        data = json.loads(written)
        request = read_request(data["request"], self._pixels)
        origin = read_origin(data["origin"], request, self._snapshot(JOBS - id, patched=False))
        frame, crashes = read_frame(data["frame"]), int(crashes) + bool(running)
        return OpenJob(id=id, request=request, origin=origin, frame=frame, crashes=crashes)

    def _pixels(self, digest: str) -> Pixels:
        query = "SELECT width, height, depth, data FROM pictures WHERE digest = ?"
        ((width, height, depth, data),) = self.rows(query, digest)
        size, pixels = Size(width, height), inflated(data, MAX_PIXELS)
        found = Picture(size, pixels) if depth == 4 else StrengthMap(size, pixels)
        if found.digest != digest:
            raise ValueError("a picture is not what it was")
        return found

    def _damage(self) -> str:
        lost = list(dict.fromkeys(self.lost))
        if self.blanks:
            lost.insert(0, "parts of the painting, which are blank now")
        if not lost:
            return ""
        return f"What was kept is damaged; lost are {', and '.join(lost)}."


def _count(sheets: tuple[Sheet, ...]) -> int:
    return sum(1 + _count(sheet.sheets or ()) for sheet in sheets)
