"""What a journal keeps of a painting and its queue, and what is left of a damaged one."""

import random
import resource
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import Size, StrengthMap
from studio.core.request import GenerationRequest, Lora, Refine
from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.rebuild import State, canvas_of
from studio.paint.snapshot import Snapshot
from studio.storage.journal.reader import find_offers, put_aside, recover
from studio.storage.journal.record import OpenJob, Record, Step
from studio.storage.journal.writer import BUDGET, Journal
from studio.storage.library.origin import Origin
from tests.paint.edits import apply, edits, new_canvas, paint
from tests.storage.samples import gradient
from tests.storage.snapshots import contents, without_active

FORM = FormState(prompt="a fox 🦊", seed=7, size=Size(640, 512))
REQUEST = GenerationRequest(
    model=Path("/models/m"),
    seed=4,
    size=Size(64, 48),
    prompt='"quoted"',
    strength=0.5,
    source=gradient(),
    strength_map=StrengthMap(Size(2, 2), b"\0\1\2\3"),
    refine=Refine(1.5, 0.3, Path("/up.safetensors")),
    loras=(Lora(Path("/l"), -0.5),),
    embeddings=(Path("/e"),),
    vae=Path("/v"),
)


ORIGIN = Origin(form=FORM, frame=(1, 2, 30, 40), document="/a.ora", parent=8, relation="varied")


def job(id: int, request: GenerationRequest = REQUEST, **values: Any) -> OpenJob:
    origin = replace(ORIGIN, source=request.source, strength_map=request.strength_map)
    return OpenJob(**{"id": id, "request": request, "origin": origin, "frame": None, **values})


class Follower:
    """Writes a painting into a journal, as the app does."""

    def __init__(self, path: Path, canvas: Canvas, budget: int = BUDGET) -> None:
        self.canvas = canvas
        self.journal = Journal(path, budget)
        self.seen: dict[int, Snapshot] = {}
        canvas.undo.changed.connect(lambda _: self.look())
        canvas.undo.go_to(0)
        canvas.undo.go_to(len(canvas.undo.labels))

    def look(self) -> None:
        undo = self.canvas.undo
        self.seen[undo.states[undo.position]] = Snapshot.of_canvas(self.canvas)

    def record(self, *jobs: OpenJob, draft: Snapshot | None = None) -> Record:
        undo = self.canvas.undo
        return Record(
            saved_as="/here/fox.ora",
            dpi=72.0,
            form=FORM,
            base=undo.states[0],
            steps=tuple(map(Step, undo.labels, undo.states[1:])),
            position=undo.position,
            saved=undo.saved_state,
            active=Snapshot.of_canvas(self.canvas).active,
            snapshots=self.seen,
            draft=draft,
            jobs=jobs,
        )

    def write(self, *jobs: OpenJob, draft: Snapshot | None = None) -> None:
        self.journal.write(self.record(*jobs, draft=draft))


def dot(canvas: Canvas, corner: int = 20) -> None:
    paint(canvas, [(corner, corner, 1.0)], Brush(size=9))


@given(st.lists(edits, max_size=3), st.integers(0, 12))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_painting_and_its_history_come_back(
    tmp_path: Path, parts: list[list], back: int
) -> None:
    path = Path(mkdtemp(dir=tmp_path)) / "a.journal"
    follower = Follower(path, new_canvas())
    canvas = follower.canvas
    for part in parts:
        for edit in part:
            apply(canvas, edit)
        follower.write()
    canvas.undo.go_to(canvas.undo.position - back)
    follower.write()
    crashed = shutil.copytree(path.parent, path.parent / "crashed")  # with its log, not tidied up
    found = recover(crashed / path.name)
    assert not found.damage
    assert (found.saved_as, found.dpi, found.form) == ("/here/fox.ora", 72.0, FORM)
    assert contents(found.states[found.position][1]) == contents(Snapshot.of_canvas(canvas))
    assert [label for label, _ in found.states[1:]] == list(canvas.undo.labels)
    states = [without_active(follower.seen[state]) for state in canvas.undo.states]
    assert [without_active(snapshot) for _, snapshot in found.states] == states
    assert (found.saved == found.position) == canvas.undo.is_clean
    follower.journal.close()


def test_what_is_painted_in_the_midst_of_a_stroke_comes_back_as_a_step(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "a.journal", new_canvas())
    ahead = new_canvas()
    dot(ahead)
    follower.write(draft=Snapshot.of_canvas(ahead))
    found = recover(tmp_path / "a.journal")
    assert (len(found.states), found.position) == (3, 2)
    assert contents(found.states[-1][1]) == contents(Snapshot.of_canvas(ahead))
    follower.write()
    assert len(recover(tmp_path / "a.journal").states) == 2


def test_a_stroke_writes_only_what_it_touched_and_gone_steps_make_room(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "a.journal", new_canvas(Size(2560, 2560)))
    noise = random.Random(0).randbytes
    apply(follower.canvas, ("picture", noise(64)))

    def size() -> int:
        follower.write()
        query = "SELECT total(length(data)) FROM tiles"
        with sqlite3.connect(tmp_path / "a.journal") as db:
            (found,) = db.execute(query).fetchone()
        db.close()
        return int(found)

    before = size()
    for corner in (20, 60):
        dot(follower.canvas, corner)
    painted = size() - before
    assert 0 < painted < 2 * 256 * 256
    follower.canvas.undo.go_to(2)
    apply(follower.canvas, ("opacity", 0.5))
    assert size() == before


def test_the_oldest_steps_go_when_the_journal_is_full_and_the_painting_stays(
    tmp_path: Path,
) -> None:
    follower = Follower(tmp_path / "a.journal", new_canvas(), budget=2000)
    for corner in range(10, 110, 10):
        dot(follower.canvas, corner)
        follower.write()
    found = recover(tmp_path / "a.journal")
    assert 1 < len(found.states) < 11
    present = found.states[found.position][1]
    assert contents(present) == contents(Snapshot.of_canvas(follower.canvas))
    assert recover(tmp_path / "a.journal", history=0).position == 0


def test_the_queue_comes_back_with_its_pictures_and_knows_what_ran(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "a.journal", new_canvas())
    dot(follower.canvas)
    sketch = Snapshot.of_canvas(follower.canvas)
    follower.canvas.undo.undo()
    jobs = (
        job(3, frame=(-1, 2, 30, 40), running=True, crashes=1),
        job(4, replace(REQUEST, seed=5), origin=Origin(snapshot=sketch)),
        job(5, GenerationRequest(model=Path(), seed=1, size=Size(8, 8))),
    )
    follower.write(*(replace(each, running=False) for each in jobs))
    follower.write(*jobs)
    first, second, third = recover(tmp_path / "a.journal").jobs
    assert first == replace(jobs[0], running=False, crashes=2)
    assert third == jobs[2]
    assert second.request == jobs[1].request
    assert second.origin.snapshot is not None
    assert contents(second.origin.snapshot) == contents(sketch)
    follower.write(jobs[2])
    assert recover(tmp_path / "a.journal").jobs == (jobs[2],)
    with sqlite3.connect(tmp_path / "a.journal") as db:
        assert db.execute("SELECT count(*) FROM pictures").fetchone() == (0,)
        assert db.execute("SELECT min(state) FROM states").fetchone() == (0,)
    db.close()


def test_a_restored_painting_goes_on_in_its_journal_under_new_numbers(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "a.journal", new_canvas())
    for corner in (20, 60):
        dot(follower.canvas, corner)
    ahead = new_canvas()
    dot(ahead, 90)
    follower.write(job(1), draft=Snapshot.of_canvas(ahead))
    follower.journal.close()
    before = recover(tmp_path / "a.journal")
    states = [State(label, snapshot) for label, snapshot in before.states[1:]]
    again = Follower(tmp_path / "a.journal", canvas_of(states, len(states) - 1))
    numbers = zip(before.numbers[1:], again.canvas.undo.states, strict=True)
    again.seen = {}
    again.journal.write(again.record(job(1, replace(REQUEST, seed=9))), dict(numbers))
    after = recover(tmp_path / "a.journal")
    assert [contents(each) for _, each in after.states] == [
        contents(each) for _, each in before.states[1:]
    ]
    assert after.position == len(states) - 1
    assert [each.request.seed for each in after.jobs] == [9]


def test_only_journals_in_which_something_would_be_lost_are_offered(tmp_path: Path) -> None:
    names = "abcd"
    followers = {name: Follower(tmp_path / f"{name}.journal", new_canvas()) for name in names}
    for follower in followers.values():
        follower.canvas.undo.mark_clean()
    dot(followers["a"].canvas)
    followers["b"].write(job(1))
    for name in "ac":
        followers[name].write()
    for follower in followers.values():  # of d, nothing was ever written
        follower.journal.close()
    offers, said = find_offers(tmp_path)
    assert sorted((offer.path.stem, offer.jobs) for offer in offers) == [("a", 0), ("b", 1)]
    assert not said
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    follower = Follower(tmp_path / "a.journal", new_canvas())
    for edit in (("picture", random.Random(1).randbytes(64)), ("group",), ("mask",)):
        apply(follower.canvas, edit)
    dot(follower.canvas)
    follower.write(job(1))
    follower.journal.close()
    return tmp_path / "a.journal"


def test_garbage_is_put_aside_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.journal").write_bytes(b"garbage" * 1000)
    offers, said = find_offers(tmp_path)
    assert not offers
    assert len(said) == 1
    assert (tmp_path / "damaged" / "a.journal").exists()


def test_a_lost_tile_leaves_a_blank_and_a_sentence(whole: Path) -> None:
    before = recover(whole)
    with sqlite3.connect(whole) as db:
        db.execute("UPDATE tiles SET data = x'0401ff' WHERE id = 1")
    db.close()
    after = recover(whole)
    assert "blank" in after.damage
    assert len(after.states) < len(before.states)
    assert after.states[-1][1].size == before.states[-1][1].size
    put_aside(whole)
    assert not find_offers(whole.parent)[0]


def test_whatever_is_damaged_there_is_a_painting_or_a_sentence(whole: Path) -> None:
    sound, dice = whole.read_bytes(), random.Random(5)
    readable = 0
    for _ in range(150):
        data = bytearray(sound)
        for _ in range(dice.choice((1, 20, 400))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.2:
            del data[dice.randrange(len(data)) :]
        whole.write_bytes(data)
        with suppress(UserError):
            found = recover(whole)
            readable += 1
            found.states[found.position][1].flattened()
    assert readable > 50


@contextmanager
def no_room(nbytes: int) -> Iterator[None]:
    """No file may grow beyond that: what a full disk looks like."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (nbytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_costs_nothing_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    follower = Follower(path, new_canvas())
    follower.write()
    apply(follower.canvas, ("picture", random.Random(2).randbytes(64)))
    with no_room(100_000), pytest.raises(UserError, match="Make room"):
        follower.write()
    follower.journal.close()
    assert recover(path).states
    follower.journal = Journal(path)
    follower.write()
    found = recover(path)
    assert contents(found.states[-1][1]) == contents(Snapshot.of_canvas(follower.canvas))
    assert len(found.states) == 3


class FailingDisk(sqlite3.Connection):
    """Gives out after so many statements."""

    left = 0

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        FailingDisk.left -= 1
        if FailingDisk.left < 0 and arguments[0] != "ROLLBACK":
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(*arguments)


def test_whenever_the_disk_gives_out_what_was_acknowledged_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    failures = 0
    for statements in range(0, 40, 2):
        path = tmp_path / f"{statements}.journal"
        follower = Follower(path, new_canvas())
        follower.write(job(1))
        follower.journal.close()
        acknowledged = contents(Snapshot.of_canvas(follower.canvas))
        dot(follower.canvas)
        FailingDisk.left = statements
        monkeypatch.setattr(sqlite3, "connect", partial(connect, factory=FailingDisk))
        with suppress(UserError):
            try:
                follower.journal = Journal(path)
                follower.write(job(2, replace(REQUEST, seed=5)))
                acknowledged = contents(Snapshot.of_canvas(follower.canvas))
            except UserError:
                failures += 1
                raise
            finally:
                follower.journal.close()
        monkeypatch.undo()
        found = recover(path)
        assert contents(found.states[found.position][1]) == acknowledged
        assert not found.damage
    assert 5 < failures < 20


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError):
        Journal(tmp_path / "file" / "a.journal")


def test_pictures_that_are_not_what_they_were_are_left_out(whole: Path) -> None:
    other = zlib.compress(bytes(4 * gradient().size.pixels))
    with sqlite3.connect(whole) as db:
        db.execute("UPDATE pictures SET data = ? WHERE depth = 4", (other,))
    db.close()
    found = recover(whole)
    assert not found.jobs
    assert "asked for" in found.damage
