"""Snapshots as manifests: all of them comes back, and nonsense is refused."""

import json
import tracemalloc
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage

from studio.core.errors import UserError
from studio.paint.canvas import Canvas
from studio.paint.noise import MASK_FORMAT
from studio.paint.snapshot import Snapshot
from studio.paint.tiles import TILE, blank_tile
from studio.storage.manifest import from_manifest, manifest, pack_tile, unpack_tile
from tests.paint.edits import apply, new_canvas
from tests.storage.snapshots import canvases, contents


class Shelf:
    """Keeps packed tiles by number."""

    def __init__(self) -> None:
        self.packed: dict[str, bytes] = {}

    def keep(self, tile: QImage) -> str:
        name = str(len(self.packed))
        self.packed[name] = pack_tile(tile)
        return name

    def find(self, name: str) -> QImage:
        return unpack_tile(self.packed[name])


@given(canvases())
@settings(max_examples=60, deadline=None)
def test_random_paintings_come_back_to_the_last_bit(canvas: Canvas) -> None:
    shelf, before = Shelf(), Snapshot.of_canvas(canvas)
    written = json.loads(json.dumps(manifest(before, shelf.keep)))
    back = from_manifest(written, shelf.find)
    assert contents(back) == contents(before)
    assert contents(Snapshot.of_canvas(back.canvas())) == contents(before)


def test_a_tile_of_one_colour_takes_next_to_nothing_and_others_are_packed() -> None:
    tile = blank_tile()
    assert len(pack_tile(tile)) <= 6
    tile.fill(QColor(3, 2, 1, 4))
    assert len(pack_tile(tile)) <= 6
    assert unpack_tile(pack_tile(tile)) == tile
    tile.setPixel(TILE - 1, TILE - 1, 0xFFFFFFFF)
    assert len(pack_tile(tile)) < TILE * TILE
    assert unpack_tile(pack_tile(tile)) == tile


_whole = pack_tile(QImage(bytes(range(256)) * 1024, TILE, TILE, QImage.Format.Format_ARGB32))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\4",
        b"\4\0\1\2\3",
        b"\3" + _whole[1:],
        b"\1" + _whole[1:],
        _whole[:-20],
        b"\4\1" + zlib.compress(bytes(4 * TILE * TILE + 1)),
        b"\4\1not deflated",
    ],
)
def test_damaged_tiles_are_refused(data: bytes) -> None:
    with pytest.raises(UserError):
        unpack_tile(data)


def test_a_tile_that_claims_to_be_huge_is_never_inflated() -> None:
    bomb = b"\4\1" + zlib.compress(bytes(2**26), 9)
    tracemalloc.start()
    try:
        with pytest.raises(UserError):
            unpack_tile(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


_values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=9),
    st.just([]), st.just({}), st.just({"0,0": "0"}), st.just({"9999999,0": "0"}),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to every value inside of another."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return [path] * bool(path) + [way for key, each in inner for way in places(each, (*path, key))]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_nonsense_in_a_manifest_is_told_in_a_sentence(data: st.DataObject) -> None:
    canvas, shelf = new_canvas(), Shelf()
    for edit in (("group",), ("mask",), ("picture", bytes(range(64)))):
        apply(canvas, edit)
    written = manifest(Snapshot.of_canvas(canvas), shelf.keep)
    *way, last = data.draw(st.sampled_from(places(written)))
    target = written
    for key in way:
        target = target[key]
    if data.draw(st.booleans()):
        target[last] = data.draw(_values)
    else:
        del target[last]

    def find(name: str) -> QImage:
        if name not in shelf.packed:
            raise UserError("There is no such tile.")
        return shelf.find(name)

    with suppress(UserError):
        from_manifest(written, find).flattened()


@pytest.mark.parametrize("place", ["9999999,0", "0,-9999", "0", "0,0,0", "0.5,0", ""])
def test_tiles_in_impossible_places_are_refused(place: str) -> None:
    shelf = Shelf()
    written = manifest(Snapshot.of_canvas(new_canvas()), shelf.keep)
    written["sheets"][0]["tiles"] = {place: shelf.keep(blank_tile())}
    with pytest.raises(UserError):
        from_manifest(written, shelf.find)


def test_pixels_of_the_wrong_kind_are_refused() -> None:
    shelf = Shelf()
    mask = shelf.keep(blank_tile().convertedTo(MASK_FORMAT))
    for change in ({"selection": {"0,0": shelf.keep(blank_tile())}}, {"strength": {"0,0": mask}}):
        written = manifest(Snapshot.of_canvas(new_canvas()), shelf.keep)
        with pytest.raises(UserError):
            from_manifest(written | change, shelf.find)


def test_layers_in_layers_without_end_are_refused() -> None:
    written = manifest(Snapshot.of_canvas(new_canvas()), Shelf().keep)
    sheet = written["sheets"][0]
    for _ in range(300):
        sheet = {**sheet, "sheets": [sheet]}
    written["sheets"] = [sheet]
    with pytest.raises(UserError):
        from_manifest(written, Shelf().find)
