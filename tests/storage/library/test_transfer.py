import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.storage.library.exporting import export
from studio.storage.library.importing import bring_in
from studio.storage.library.library import Library
from studio.storage.library.parcel import unpacking
from studio.storage.library.record import Record
from studio.storage.library.rows import record_of
from studio.storage.library.verify import verify
from studio.storage.library.walk import Step
from tests.storage.library.shelves import files, listed
from tests.storage.library.test_rebuild import SOURCE, fill
from tests.storage.samples import texts

Steps = list[Step]


@pytest.fixture
def other(tmp_path: Path) -> Library:
    """A library to bring pictures into."""
    return Library(tmp_path / "other")


@pytest.fixture
def full(folder: Path) -> Library:
    """A library to take pictures from."""
    fill(folder)
    return Library(folder)


def exported(full: Library, out: Path) -> Path:
    steps = list(export(full.shelf, list(full.ids()), out))
    assert not [step.trouble for step in steps if step.trouble]
    return out


def troubles(library: Library, path: Path) -> list[str]:
    return [step.trouble for step in bring_in(library.shelf, path) if step.trouble]


@pytest.mark.parametrize("out", ["parcel.zip", "parcel"])
def test_what_goes_out_comes_back_with_everything_that_is_known_of_it(
    full: Library, other: Library, tmp_path: Path, out: str
) -> None:
    parcel = exported(full, tmp_path / out)
    assert troubles(other, parcel) == []
    for before, after in zip(listed(full), listed(other), strict=True):
        was, now = (
            record_of(library.shelf.database, entry)
            for library, entry in ((full, before), (other, after))
        )
        assert replace(now, parent=was.parent) == was
        assert bool(now.parent) == bool(was.parent)
        assert after.recipe == before.recipe
        assert after.path.read_bytes() == before.path.read_bytes()
        if before.snapshot:
            assert other.sketch(after) is not None
    assert other.picture_of(SOURCE.digest) == SOURCE
    assert not [step.trouble for step in verify(other.shelf) if step.trouble]
    steps = list(bring_in(other.shelf, parcel))
    assert all("already" in step.remark for step in steps)
    assert len(listed(other)) == len(steps) == 2


def test_an_export_never_overwrites_anything(full: Library, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    for name in ("precious", "precious/file"):
        with pytest.raises(UserError, match="there already"):
            list(export(full.shelf, [1], tmp_path / name))


def test_a_picture_that_cannot_be_exported_is_told_and_the_others_go(
    full: Library, tmp_path: Path
) -> None:
    first, second = listed(full)
    first.path.unlink()
    steps = list(export(full.shelf, [first.id, 99, second.id], tmp_path / "out.zip"))
    assert [bool(step.trouble) for step in steps] == [True, True, False]
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert f"{second.path.stem}_{second.id}.png" in archive.namelist()


@pytest.mark.parametrize("record", ['{"format": 1, "note": 3}', "[" * 100_000, '{"format": 9}', ""])
def test_a_bad_row_is_told_and_its_picture_kept(
    full: Library, other: Library, tmp_path: Path, record: str
) -> None:
    parcel = exported(full, tmp_path / "parcel")
    for path in parcel.glob("*.json"):
        path.write_text(record)
    assert len(troubles(other, parcel)) == 2
    assert [entry.recipe for entry in listed(other)] == [entry.recipe for entry in listed(full)]


def harmed(parcel: Path, kind: str) -> None:
    if kind == "picture":
        (path,) = parcel.glob(f"*-{5}_*.png")
        path.write_bytes(path.read_bytes()[:-40])
    elif kind == "tile":
        next(parcel.glob("blobs/*.tile")).write_bytes(b"\x04\x01boom")
    elif kind == "lost tile":
        next(parcel.glob("blobs/*.tile")).unlink()
    else:
        next(parcel.glob("blobs/*.json")).write_text("{}")


@pytest.mark.parametrize("kind", ["picture", "tile", "lost tile", "sketch"])
def test_what_is_damaged_is_told_and_left_out(
    full: Library, other: Library, tmp_path: Path, kind: str
) -> None:
    parcel = exported(full, tmp_path / "parcel")
    harmed(parcel, kind)
    assert len(troubles(other, parcel)) == 1
    assert len(listed(other)) == (1 if kind == "picture" else 2)
    assert not any(entry.snapshot for entry in listed(other))
    assert not [step.trouble for step in verify(other.shelf) if step.trouble]


def bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("bomb.png", bytes(200 * 2**20), zipfile.ZIP_DEFLATED)


def climb(archive: zipfile.ZipFile) -> None:
    archive.writestr("../../up.png", b"up")
    archive.writestr("blobs/../../up.png", b"up")
    archive.writestr("..png", b"up")


@pytest.mark.parametrize("attack", [bomb, climb])
def test_a_hostile_parcel_leaves_nothing_behind(
    other: Library, tmp_path: Path, attack: Callable[[zipfile.ZipFile], None]
) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        attack(archive)
    before = files(tmp_path)
    assert len(troubles(other, tmp_path / "in.zip")) == 1
    assert files(tmp_path) == before


def test_no_more_is_read_out_of_a_zip_file_than_pictures_could_be(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        bomb(archive)
        for number in range(3):
            archive.writestr(f"{number}.png", bytes(30 * 2**20), zipfile.ZIP_DEFLATED)
    with unpacking(tmp_path / "in.zip") as source:
        with pytest.raises(UserError, match=r"bomb\.png"):
            source.read("bomb.png", 2**30)
        for name in ("0.png", "1.png"):
            source.read(name, 2**30)
        with pytest.raises(UserError, match=r"2\.png"):
            source.read("2.png", 2**30)


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"no archive at all" * 100])
def test_what_is_no_parcel_is_refused(other: Library, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.zip").write_bytes(content)
    with pytest.raises(UserError, match=r"in\.zip"):
        troubles(other, tmp_path / "in.zip")
    with pytest.raises(UserError, match="no pictures"):
        troubles(other, tmp_path)


HALF_PAST = timezone(timedelta(hours=5, minutes=30))
names = st.lists(texts.map(lambda text: text.encode("utf-8", "replace").decode()), max_size=3)


@given(
    st.builds(
        Record,
        starred=st.booleans(),
        tags=names.map(tuple),
        collections=names.map(tuple),
        note=texts.map(lambda text: text.encode("utf-8", "replace").decode()),
        created=st.none()
        | st.datetimes(datetime(1971, 1, 1), timezones=st.sampled_from([None, UTC, HALF_PAST])),
        relation=st.sampled_from(["", "refined", "varied", "rerun"]),
        snapshot=st.sampled_from(["", "ab" * 32]),
        form=st.none() | st.builds(FormState, prompt=st.text(max_size=50), seed=st.integers(0, 9)),
        frame=st.none() | st.tuples(*[st.integers(-(2**30), 2**30)] * 4),
    )
)
def test_a_record_reads_back_as_it_was(record: Record) -> None:
    assert Record.from_json(record.to_json()) == record
