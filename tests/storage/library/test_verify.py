from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from studio.storage.library.library import Library
from studio.storage.library.origin import Origin
from studio.storage.library.verify import verify
from studio.storage.pictures import encode_png
from tests.storage.library.shelves import NOW, execute, listed
from tests.storage.library.test_sketches import painting
from tests.storage.samples import RECIPE, gradient

SOURCE = gradient(8, 8)


@pytest.fixture
def full(library: Library) -> Library:
    """Two pictures, one of them with all it came from."""
    recipe = replace(RECIPE, source=SOURCE.digest, strength=0.5)
    library.add(gradient(4, 4), RECIPE, NOW)
    library.add(gradient(5, 5), recipe, NOW, Origin(snapshot=painting("red"), source=SOURCE))
    return library


def troubles(library: Library) -> list[str]:
    return [step.trouble for step in verify(library.shelf) if step.trouble]


def test_a_sound_library_has_no_troubles_and_is_gone_through_to_the_end(full: Library) -> None:
    full.bin([1])
    steps = list(verify(full.shelf))
    assert not [step for step in steps if step.trouble or step.remark]
    assert steps[-1].done == steps[-1].total == 1 + 2 + 4


def blob(library: Library, kind: str) -> Path:
    return next(blob.path for blob in library.blobs.all() if blob.kind == kind)


def change_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda full: listed(full)[0].path.unlink(), "There is no file"),
        (lambda full: change_a_byte(listed(full)[0].path), "not the picture that was put there"),
        (
            lambda full: listed(full)[0].path.write_bytes(encode_png(SOURCE, RECIPE)),
            "not the picture that was put there",
        ),
        (lambda full: change_a_byte(blob(full, "tile")), "damaged"),
        (lambda full: blob(full, "picture").write_bytes(encode_png(gradient(8, 9))), "damaged"),
        (lambda full: blob(full, "picture").unlink(), "started from is gone"),
        (lambda full: blob(full, "tile").unlink(), "has holes"),
        (lambda full: blob(full, "sketch").unlink(), "is gone"),
    ],
)
def test_whatever_is_missing_or_changed_is_found(
    full: Library, harm: Callable[[Library], None], told: str
) -> None:
    harm(full)
    found = troubles(full)
    assert found
    assert told in " ".join(found)


def test_garbage_in_the_database_and_files_that_it_does_not_name_are_found(
    full: Library, folder: Path
) -> None:
    execute(
        folder,
        "UPDATE details SET recipe = 'x' WHERE id = 1",
        "DELETE FROM pictures WHERE id = 2",
        "DELETE FROM words",
    )
    found = " ".join(troubles(full))
    assert "Row 1 of the database makes no sense" in found
    assert found.count("is not listed") == 2


def test_pictures_of_an_older_version_get_their_checksums(full: Library, folder: Path) -> None:
    execute(folder, "UPDATE pictures SET sha256 = '', bytes = 0")
    assert troubles(full) == []
    change_a_byte(listed(full)[0].path)
    assert len(troubles(full)) == 1
