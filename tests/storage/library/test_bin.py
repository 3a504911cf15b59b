import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studio.core.errors import UserError
from studio.storage.library import bin as bins
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin
from tests.storage.library.shelves import NOW, execute, files, listed
from tests.storage.library.test_sketches import painting
from tests.storage.samples import RECIPE, gradient

PICTURE = gradient(4, 4)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blobs are not spared for being young."""
    monkeypatch.setattr(bins, "SPARED", -60.0)


def test_a_binned_picture_is_out_of_sight_and_comes_back_whole(library: Library) -> None:
    entry = library.add(PICTURE, RECIPE, NOW)
    library.tag([entry.id], "fox")
    before = listed(library)
    library.bin([entry.id])
    assert listed(library) == []
    (binned,) = listed(library, binned=True)
    assert binned.binned is not None
    assert datetime.now(UTC) - binned.binned < timedelta(minutes=1)
    library.restore([entry.id])
    assert listed(library) == before
    assert library.read(entry) == PICTURE


def test_emptying_deletes_what_lies_in_the_bin_and_what_only_that_needed(
    library: Library, folder: Path, impatient: None
) -> None:
    source = gradient(8, 8)
    recipe = replace(RECIPE, source=source.digest, strength=0.5)
    kept = library.add(PICTURE, RECIPE, NOW, Origin(snapshot=painting("red")))
    only_these = files(folder)
    gone = library.add(PICTURE, recipe, NOW, Origin(snapshot=painting("blue"), source=source))
    library.bin([gone.id])
    assert library.empty() == 1
    assert files(folder) == only_these
    assert library.sketch(kept) is not None
    assert listed(library, binned=True) == []
    assert listed(library, words="fox") == [kept]
    assert library.empty() == 0


def test_what_is_being_made_keeps_what_it_comes_from(library: Library) -> None:
    """Nothing names it yet."""
    library.prepare(Origin(snapshot=painting("green")))
    before = {blob.path for blob in library.blobs.all()}
    library.bin([library.add(PICTURE, RECIPE, NOW).id])
    library.empty()
    assert {blob.path for blob in library.blobs.all()} == before


def test_only_what_was_binned_before_is_deleted(library: Library, folder: Path) -> None:
    old, new = (library.add(PICTURE, RECIPE, NOW) for _ in range(2))
    library.bin([old.id, new.id])
    execute(folder, f"UPDATE pictures SET binned = 1 WHERE id = {old.id}")
    library.bin([old.id])  # is there already: its time does not begin anew
    assert library.empty(datetime.now(UTC) - timedelta(days=30)) == 1
    assert [entry.id for entry in listed(library, binned=True)] == [new.id]
    assert not old.path.exists()
    assert new.path.exists()


def test_only_what_lies_in_the_bin_can_be_deleted_one_by_one(
    library: Library, folder: Path, impatient: None
) -> None:
    origins = [Origin(snapshot=painting(colour)) for colour in ("red", "red", "blue")]
    ids = [library.add(PICTURE, RECIPE, NOW, origin).id for origin in origins]
    shared = {blob.path for blob in library.blobs.all()}
    library.bin(ids[:1])
    assert library.delete(ids[:2]) == 1
    assert [entry.id for entry in listed(library)] == [ids[2], ids[1]]
    assert {blob.path for blob in library.blobs.all()} == shared
    library.bin(ids[2:])
    assert library.delete(ids[2:]) == 1
    (kept,) = listed(library)
    assert library.read(kept) == PICTURE
    sketch = library.sketch(kept)
    assert sketch is not None
    assert len(shared - {blob.path for blob in library.blobs.all()}) >= 2  # sketch and tiles


def test_a_row_that_names_a_file_elsewhere_does_not_delete_it(
    library: Library, folder: Path
) -> None:
    precious = folder.parent / "precious.png"
    precious.write_bytes(b"mine")
    entries = [library.add(PICTURE, RECIPE, NOW) for _ in range(2)]
    execute(
        folder,
        f"UPDATE pictures SET path = '../precious.png' WHERE id = {entries[0].id}",
        f"UPDATE pictures SET path = '{precious}' WHERE id = {entries[1].id}",
    )
    library.bin([entry.id for entry in entries])
    assert library.empty() == 2
    assert precious.read_bytes() == b"mine"


def test_the_bound_bins_the_oldest_and_never_what_has_a_star(library: Library) -> None:
    ids = [library.add(PICTURE, RECIPE, NOW + timedelta(days=day)).id for day in range(4)]
    library.star([ids[0]])
    each = library.disk_use().pictures // 4
    assert library.bound(4 * each) == []
    assert library.bound(2 * each) == [ids[1], ids[2]]
    assert [entry.id for entry in listed(library)] == [ids[3], ids[0]]
    assert library.bound(0) == [ids[3]]


def test_the_bound_counts_what_pictures_came_from_once_however_many_share_it(
    library: Library, impatient: None
) -> None:
    source = gradient(30, 30)
    from_source = replace(RECIPE, source=source.digest, strength=0.5)
    first, second, third = (
        library.add(PICTURE, recipe, NOW + timedelta(days=day), origin)
        for day, recipe, origin in (
            (0, RECIPE, Origin(snapshot=painting("red"))),
            (1, RECIPE, Origin(snapshot=painting("red"))),
            (2, from_source, Origin(snapshot=painting("blue"), source=source)),
        )
    )
    assert len(list(library.weigh())) == 2  # paintings, which are read once
    assert list(library.weigh()) == []
    use = library.disk_use()
    all_of_it, file = use.pictures + use.blobs, first.path.stat().st_size
    assert library.bound(all_of_it) == []
    assert library.bound(all_of_it - 1) == [first.id]
    assert library.bound(all_of_it - file) == []  # the sketch is still needed by the second
    assert library.bound(all_of_it - file - 1) == [second.id]
    library.empty()
    use = library.disk_use()
    assert use.pictures == third.path.stat().st_size
    assert library.bound(use.pictures + use.blobs) == []
    assert library.bound(use.pictures + use.blobs - 1) == [third.id]


def test_disk_use_counts_the_files_that_are_there(library: Library, folder: Path) -> None:
    kept = library.add(PICTURE, RECIPE, NOW, Origin(snapshot=painting("red")))
    binned = library.add(gradient(40, 40), RECIPE, NOW)
    library.bin([binned.id])
    use = library.disk_use()
    assert use.pictures == kept.path.stat().st_size
    assert use.binned == binned.path.stat().st_size
    blobs = [folder / name for name in files(folder) if name.startswith("blobs")]
    assert use.blobs == sum(path.stat().st_size for path in blobs)
    assert use.total > use.pictures + use.binned + use.blobs


def test_a_file_that_cannot_be_deleted_is_told_and_stays_in_the_bin(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = library.add(PICTURE, RECIPE, NOW)
    library.bin([entry.id])

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(UserError, match="A picture in the bin could not be deleted"):
            library.empty()
    assert len(listed(library, binned=True)) == 1
    assert library.empty() == 1


def test_killed_while_the_bin_is_emptied_nothing_else_is_touched(folder: Path) -> None:
    library = Library(folder)
    kept = [library.add(PICTURE, RECIPE, NOW) for _ in range(5)]
    binned = [library.add(PICTURE, RECIPE, NOW) for _ in range(200)]
    library.bin([entry.id for entry in binned])
    library.close()
    with subprocess.Popen([sys.executable, "-c", EMPTIER, str(folder)]) as emptier:
        while len(files(folder)) == 205 and emptier.poll() is None:
            pass
        emptier.send_signal(signal.SIGKILL)
    library = Library(folder)
    assert [library.read(entry) for entry in listed(library)] == [PICTURE] * len(kept)
    left = listed(library, binned=True)
    assert {str(entry.path.relative_to(folder)) for entry in left} >= {
        name for name in files(folder) if name not in _names(folder, kept)
    }
    assert library.empty() == len(left)
    assert files(folder) == _names(folder, kept)
    library.close()


def _names(folder: Path, entries: list) -> list[str]:  # type: ignore[type-arg]
    return sorted(str(entry.path.relative_to(folder)) for entry in entries)


EMPTIER = """
import sys
from pathlib import Path
from studio.storage.library.library import Library
Library(Path(sys.argv[1])).empty()
"""
