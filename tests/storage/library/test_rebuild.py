import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import StrengthMap
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin
from studio.storage.library.rebuild import adopt, rebuild
from studio.storage.pictures import write_picture
from tests.storage.library.shelves import NOW, execute, listed
from tests.storage.library.test_sketches import painting
from tests.storage.samples import RECIPE, gradient
from tests.storage.snapshots import contents

PICTURE = gradient(4, 4)
SOURCE = gradient(8, 8)
MAP = StrengthMap(SOURCE.size, bytes(range(64)))
IMG2IMG = replace(RECIPE, source=SOURCE.digest, strength_map=MAP.digest, strength=0.5, seed=5)


def fill(folder: Path) -> None:
    """A picture, one made from it with all there is, and one in the bin."""
    library = Library(folder)
    first = library.add(PICTURE, RECIPE, NOW)
    origin = Origin(
        snapshot=painting("red"),
        form=FormState(prompt="a fox", seed=5),
        frame=(1, 2, 3, 4),
        source=SOURCE,
        strength_map=MAP,
        document="/home/me/fox.ora",
        parent=first.id,
        relation="varied",
    )
    second = library.add(gradient(5, 5), IMG2IMG, NOW, origin)
    library.star([second.id])
    library.tag([second.id], "Vixen")
    library.collect([second.id], "Animals")
    library.note(second.id, "the best")
    library.bin([library.add(gradient(6, 6), RECIPE, NOW).id])
    library.close()


def test_from_the_files_alone_come_recipes_sketches_and_lineage(folder: Path) -> None:
    fill(folder)
    shutil.move(folder / "library.sqlite3", folder / "gone")
    assert not [step.trouble for step in rebuild(folder) if step.trouble]
    library = Library(folder)
    child, *rest = listed(library, seed=5)
    assert not rest
    (parent,) = library.entries([child.parent or 0])
    assert (child.recipe, child.relation) == (IMG2IMG, "varied")
    assert (parent.recipe, library.read(parent)) == (RECIPE, PICTURE)
    assert child.created == NOW.replace(microsecond=0, tzinfo=child.created.tzinfo)
    sketch = library.sketch(child)
    assert sketch is not None
    assert contents(sketch.snapshot) == contents(painting("red"))
    assert (sketch.form, sketch.frame) == (FormState(prompt="a fox", seed=5), (1, 2, 3, 4))
    assert library.picture_of(SOURCE.digest) == SOURCE
    assert child.document == ""  # is nobody's business who gets the file
    assert len(listed(library, words="fox")) == 3
    assert library.thumbnails([child.id])
    library.bin([parent.id])
    library.empty()
    assert library.map_of(MAP.digest) == MAP
    library.close()


def test_what_only_the_old_database_knew_is_taken_over(folder: Path) -> None:
    fill(folder)
    library = Library(folder)
    before = [*listed(library), *listed(library, binned=True)]
    library.close()
    assert not [step.trouble for step in rebuild(folder) if step.trouble]
    library = Library(folder)
    after = [*listed(library), *listed(library, binned=True)]
    by_path = {entry.path: entry for entry in after}
    for entry in before:
        found = by_path.pop(entry.path)
        assert found == replace(entry, id=found.id, parent=found.parent)
        assert (found.parent is None) == (entry.parent is None)
    assert not by_path
    library.close()
    assert (folder / "library-replaced-1.sqlite3").exists()


@pytest.mark.parametrize("damage", ["garbage", "cut"])
def test_a_database_that_cannot_be_read_is_replaced_and_kept(folder: Path, damage: str) -> None:
    fill(folder)
    file = folder / "library.sqlite3"
    whole = file.read_bytes()
    wrong = b"garbage" * 1000 if damage == "garbage" else whole[: 6 * 4096] + bytes(8192)
    file.write_bytes(wrong)
    troubles = [step.trouble for step in rebuild(folder) if step.trouble]
    assert any("tags and notes" in trouble for trouble in troubles)
    library = Library(folder)
    assert {entry.recipe.seed for entry in listed(library)} >= {5, RECIPE.seed}
    library.close()
    assert (folder / "library-replaced-1.sqlite3").read_bytes() == wrong


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_library_that_is_open_is_not_replaced(folder: Path, when: str) -> None:
    fill(folder)
    steps = rebuild(folder)
    if when == "meanwhile":
        next(steps)
    library = Library(folder)
    listed(library)
    with pytest.raises(UserError, match="is in use"):
        list(steps)
    library.add(PICTURE, RECIPE, NOW)
    assert sorted(path.name for path in folder.glob("library-*")) == []
    library.close()


def test_files_that_are_no_pictures_of_ours_are_told_and_left_alone(folder: Path) -> None:
    fill(folder)
    (folder / "holiday.png").write_bytes(b"no picture")
    write_picture(folder / "2026-03" / "sketch.png", PICTURE)
    troubles = [step.trouble for step in rebuild(folder) if step.trouble]
    assert len(troubles) == 2
    assert "'holiday.png'" in troubles[0] + troubles[1]
    library = Library(folder)
    assert len(listed(library)) == 2
    library.close()
    assert (folder / "holiday.png").read_bytes() == b"no picture"


def test_a_file_whose_row_was_lost_is_listed_again(library: Library, folder: Path) -> None:
    for seed in range(3):
        library.add(PICTURE, replace(RECIPE, seed=seed), NOW)
    execute(folder, "DELETE FROM pictures WHERE id = 3")
    (folder / "2026-03" / "holiday.png").write_bytes(b"no picture")
    assert len(list(adopt(library.shelf))) == 1
    assert sorted(entry.recipe.seed for entry in listed(library)) == [0, 1, 2]
    assert list(adopt(library.shelf)) == []
