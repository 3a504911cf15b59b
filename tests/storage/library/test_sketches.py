import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import Size, StrengthMap
from studio.paint.canvas import Canvas
from studio.paint.layer import LayerProps
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import Tiles
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin
from tests.storage.library.shelves import NOW, files, listed
from tests.storage.samples import RECIPE, gradient
from tests.storage.snapshots import canvases, contents

PICTURE = gradient(4, 4)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(canvas=canvases())
def test_the_painting_a_picture_was_made_from_comes_back_to_the_last_bit(
    library: Library, canvas: Canvas
) -> None:
    snapshot = Snapshot.of_canvas(canvas)
    form = FormState(prompt="a fox\n🦊", seed=7, size=Size(64, 48))
    origin = Origin(snapshot=snapshot, form=form, frame=(1, -2, 30, 40))
    entry = library.add(PICTURE, RECIPE, NOW, origin)
    sketch = library.sketch(entry)
    assert sketch is not None
    assert contents(sketch.snapshot) == contents(snapshot)
    assert (sketch.form, sketch.frame) == (form, (1, -2, 30, 40))


def test_a_picture_from_words_alone_has_no_sketch(library: Library) -> None:
    assert library.sketch(library.add(PICTURE, RECIPE, NOW)) is None


def test_source_and_map_come_back_by_the_digests_that_the_recipe_names(library: Library) -> None:
    source, strength = gradient(30, 20), StrengthMap(Size(16, 16), bytes(range(256)))
    recipe = replace(RECIPE, source=source.digest, strength_map=strength.digest, strength=0.5)
    for _ in range(2):  # the second shares the files of the first
        library.add(PICTURE, recipe, NOW, Origin(source=source, strength_map=strength))
    assert library.picture_of(source.digest) == source
    assert library.map_of(strength.digest) == strength
    assert library.picture_of(strength.digest) is library.picture_of("../../x") is None


def test_a_source_that_played_no_part_is_not_kept(library: Library, folder: Path) -> None:
    entry = library.add(PICTURE, RECIPE, NOW, Origin(source=gradient(30, 20)))
    assert files(folder) == [str(entry.path.relative_to(folder))]


def painting(colour: str) -> Snapshot:
    """Four tiles of paper below one that is painted on; and digests that name no tiles."""
    paper = Tiles.filled(QRect(0, 0, 512, 512), QColor("white"))
    ink = Tiles.filled(QRect(0, 0, 10, 10), QColor(colour))
    sheets = (
        Sheet(props=LayerProps(name="a" * 64), tiles=paper),
        Sheet(props=LayerProps(name="Ink", pristine="b" * 64), tiles=ink),
    )
    return Snapshot(size=Size(512, 512), sheets=sheets)


def test_pictures_of_one_painting_share_what_did_not_change(library: Library, folder: Path) -> None:
    def kept() -> int:
        return sum(1 for name in files(folder) if name.startswith("blobs"))

    library.add(PICTURE, RECIPE, NOW, Origin(snapshot=painting("red")))
    assert kept() == 1 + 2  # white paper is the same everywhere
    library.add(PICTURE, RECIPE, NOW, Origin(snapshot=painting("red")))
    assert kept() == 1 + 2
    library.add(PICTURE, RECIPE, NOW, Origin(snapshot=painting("blue")))
    assert kept() == 2 + 3


def test_what_was_stored_beforehand_and_swept_meanwhile_is_stored_again(
    library: Library, folder: Path
) -> None:
    origin = Origin(snapshot=painting("red"))
    library.prepare(origin)
    for blob in library.blobs.all():
        blob.path.unlink()
    entry = library.add(PICTURE, RECIPE, NOW, origin)
    sketch = library.sketch(entry)
    assert sketch is not None
    assert contents(sketch.snapshot) == contents(painting("red"))


def test_a_damaged_sketch_is_told_and_the_picture_is_still_there(
    library: Library, folder: Path
) -> None:
    source = gradient(30, 20)
    recipe = replace(RECIPE, source=source.digest, strength=0.5)
    library.add(PICTURE, recipe, NOW, Origin(snapshot=painting("red"), source=source))
    for blob in library.blobs.all():
        other = library.blobs.keep_picture(gradient(31, 20))
        wrong = library.blobs.find("picture", other)
        assert wrong is not None
        blob.path.write_bytes(wrong.path.read_bytes() if blob.kind == "picture" else b"{}")
    (entry,) = listed(library)
    with pytest.raises(UserError, match="damaged"):
        library.sketch(entry)
    with pytest.raises(UserError, match="damaged"):
        library.picture_of(source.digest)
    assert library.read(entry) == PICTURE


@pytest.mark.parametrize("values", [[], {}, {"format": 1, "sheets": 3}, "x"])
def test_a_sketch_that_makes_no_sense_is_told(library: Library, values: object) -> None:
    entry = library.add(PICTURE, RECIPE, NOW)
    digest = library.blobs.keep_sketch(json.dumps(values).encode())
    with pytest.raises(UserError, match="cannot be read"):
        library.sketch(replace(entry, snapshot=digest))
