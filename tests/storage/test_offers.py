"""Which journals are offered, whatever has become of their files and of those beside them."""

import errno
import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from studio.core.errors import UserError
from studio.storage.journal.reader import find_offers, recover
from tests.paint.edits import new_canvas
from tests.storage.test_journal import Follower, dot, job


def journal(path: Path, *, saved: bool = False) -> Path:
    """One of a painting with a dot, and of a picture that was asked for unless it is saved."""
    follower = Follower(path, new_canvas())
    dot(follower.canvas)
    if saved:
        follower.canvas.undo.mark_clean()
        follower.write()
    else:
        follower.write(job(1))
    follower.journal.close()
    return path


def test_a_journal_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    own = {journal(tmp_path / "a.journal"), journal(tmp_path / "b.journal", saved=True)}
    journal(tmp_path / "c.journal")
    assert [offer.path.stem for offer in find_offers(tmp_path, own)[0]] == ["c"]
    assert all(path.exists() for path in own)


def test_one_that_cannot_be_moved_or_removed_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal(tmp_path / "a.journal", saved=True)
    journal(tmp_path / "b.journal")
    (tmp_path / "c.journal").write_bytes(b"garbage" * 1000)
    (tmp_path / "damaged").write_text("in the way")

    def stuck(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(Path, "unlink", stuck)
    offers, said = find_offers(tmp_path)
    assert [offer.path.stem for offer in offers] == ["b"]
    assert "cannot be read" in said[0]


def test_a_painting_whose_queue_is_damaged_is_offered(tmp_path: Path) -> None:
    path = journal(tmp_path / "a.journal")
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'jobs'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\x99" * size
    path.write_bytes(data)
    (offer,), said = find_offers(tmp_path)
    assert (offer.jobs, said) == (0, [])
    assert "pictures that were asked for" in recover(path).damage


@pytest.mark.parametrize("number", ["1e999", str(2**70)])
def test_a_number_beyond_all_bounds_is_damage_like_any_other(tmp_path: Path, number: str) -> None:
    path = journal(tmp_path / "a.journal")
    with closing(sqlite3.connect(path)) as db, db:
        (text,) = db.execute("SELECT value FROM facts").fetchone()
        facts = json.dumps({**json.loads(text), "present": 0.5}).replace("0.5", number)
        db.execute("UPDATE facts SET value = ?", (facts,))
    assert len(find_offers(tmp_path)[0]) == 1
    with suppress(UserError):
        recover(path)
