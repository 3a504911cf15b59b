"""A snapshot as plain values that name its tiles, which are kept apart, each only once."""

import re
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from PySide6.QtGui import QImage

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.paint.frame import Frame
from studio.paint.guides import Guides
from studio.paint.layer import LayerProps
from studio.paint.modes import BlendMode
from studio.paint.noise import MASK_FORMAT
from studio.paint.selection import Selection
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import TILE, TILE_FORMAT, TileKey, Tiles
from studio.storage.own_data import LayerExtra, extra_json, read_extra, read_frame, read_guides
from studio.storage.stack import MAX_DEPTH, MAX_LAYERS, MAX_NAME, MAX_OFFSET

FORMAT = 1

MAX_TILES = 2**17
"""Tiles of one snapshot: 512 layers of 4096x4096."""

_PIXELS = TILE * TILE
_LEVEL = 1  # zlib's; 6 takes twice as long for 3 % less
_UNIFORM, _DEFLATED = 0, 1
_FORMATS = {4: TILE_FORMAT, 1: MASK_FORMAT}  # by the bytes of a pixel
_NONSENSE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)
_KEY = re.compile(r"(-?\d{1,7}),(-?\d{1,7})", re.ASCII)

Keep = Callable[[QImage], str]
"""Takes a tile, TILE x TILE pixels in TILE_FORMAT or, of selections, MASK_FORMAT; returns the name
by which it is found again. A tile's `cacheKey()` says whether it was seen before."""

Find = Callable[[str], QImage]
"""Gives the tile of that name, or raises UserError."""


def manifest(snapshot: Snapshot, keep: Keep) -> dict[str, Any]:
    """All of a snapshot as values for JSON; every tile is given to `keep`, shared ones again."""
    written: dict[str, Any] = {
        "format": FORMAT,
        "size": str(snapshot.size),
        "sheets": [_written(sheet, keep) for sheet in snapshot.sheets],
        "active": snapshot.active,
        "strength": _written_tiles(snapshot.strength, keep),
        "guides": asdict(snapshot.guides),
    }
    if snapshot.selection is not None:
        tiles = snapshot.selection.tiles
        written["selection"] = {_name(key): keep(tile) for key, tile in tiles.items()}
    if snapshot.frame is not None:
        written["frame"] = asdict(snapshot.frame)
    return written


def from_manifest(data: object, find: Find) -> Snapshot:
    """The snapshot that `manifest` wrote; each name is asked for once.

    Raises UserError if it is malformed or too much, and where `find` does.
    """
    try:
        return _Reader(find).snapshot(data)
    except _NONSENSE as error:
        raise _unreadable() from error


def tile_names(data: object) -> set[str]:
    """The names of all tiles in what `manifest` wrote; other texts in there are no names.

    Whatever a painting consists of, what stands at a place is a tile: none is overlooked.
    """
    found: set[str] = set()
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
            found |= {
                name for place, name in value.items() if isinstance(name, str) and _KEY.match(place)
            }
        elif isinstance(value, list):
            waiting += value
    return found


def pack_tile(image: QImage) -> bytes:
    """A tile as bytes, deflated; one of a single colour takes six. Lets other threads run."""
    depth = 1 if image.format() == MASK_FORMAT else 4
    bits = bytes(image.constBits())
    if bits == bits[:depth] * _PIXELS:
        return bytes((depth, _UNIFORM)) + bits[:depth]
    return bytes((depth, _DEFLATED)) + zlib.compress(bits, _LEVEL)


def unpack_tile(data: bytes) -> QImage:
    """The tile that `pack_tile` wrote. Raises UserError if it is damaged; never inflates more."""
    depth = data[0] if data else 0
    if depth not in _FORMATS:
        raise _unreadable()
    size = depth * _PIXELS
    if data[1:2] == bytes((_UNIFORM,)):
        bits = data[2 : 2 + depth] * _PIXELS
    else:
        bits = _inflated(data[2:], size)
    if len(bits) != size:
        raise _unreadable()
    return QImage(bits, TILE, TILE, depth * TILE, _FORMATS[depth]).copy()


def _inflated(data: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, size + 1)
    except zlib.error as error:
        raise _unreadable() from error


def _written(sheet: Sheet, keep: Keep) -> dict[str, Any]:
    props = sheet.props
    written: dict[str, Any] = {
        "name": props.name,
        "visible": props.visible,
        "opacity": props.opacity,
        "mode": props.mode.value,
        "locked": props.locked,
        "isolated": props.isolated,
        "extra": extra_json(LayerExtra.of(props, None)),
        "tiles": _written_tiles(sheet.tiles, keep),
    }
    if sheet.mask is not None:
        written["mask"] = _written(sheet.mask, keep)
    if sheet.sheets is not None:
        written["sheets"] = [_written(each, keep) for each in sheet.sheets]
    return written


def _written_tiles(tiles: Tiles, keep: Keep) -> dict[str, str]:
    found = ((key, tiles.get(key)) for key in tiles.keys())  # noqa: SIM118
    return {_name(key): keep(tile) for key, tile in found if tile is not None}


def _name(key: TileKey) -> str:
    return f"{key[0]},{key[1]}"


class _Reader:
    """Reads one snapshot, and counts what is in it. Raises ValueError and the like for nonsense."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._found: dict[str, QImage] = {}
        self._tiles = 0
        self._sheets = 0

    def snapshot(self, data: Any) -> Snapshot:
        """All of it."""
        if data["format"] != FORMAT:
            raise ValueError("of another version")
        sheets = tuple(self._sheet(each, 0) for each in _list(data["sheets"]))
        layers = sum(_count(sheet) for sheet in sheets)
        active = data["active"]
        if active is not None and not (type(active) is int and 0 <= active < layers):
            raise ValueError(f"there is no layer {active!r}")
        selected = data.get("selection")
        frame = data.get("frame")
        return Snapshot(
            size=Size.parse(data["size"]),
            sheets=sheets,
            active=active,
            selection=None if selected is None else Selection(self._read_tiles(selected, 1)),
            strength=self._tiles_of(data["strength"]),
            guides=read_guides(data["guides"]) if "guides" in data else Guides(),
            frame=None if frame is None else _frame(frame),
        )

    def _sheet(self, data: Any, depth: int) -> Sheet:
        self._sheets += 1
        if self._sheets > 2 * MAX_LAYERS or depth > MAX_DEPTH:  # masks count, too
            raise ValueError("too many layers")
        inside = data.get("sheets")
        mask = data.get("mask")
        props = LayerProps(
            name=_text(data["name"])[:MAX_NAME],
            visible=_flag(data["visible"]),
            opacity=float(data["opacity"]),
            mode=BlendMode(data["mode"]),
            locked=_flag(data["locked"]),
            isolated=_flag(data["isolated"]),
        )
        return Sheet(
            props=read_extra(data["extra"]).added_to(props),
            tiles=self._tiles_of(data["tiles"]),
            mask=None if mask is None else self._sheet(mask, depth + 1),
            sheets=None
            if inside is None
            else tuple(self._sheet(each, depth + 1) for each in _list(inside)),
        )

    def _tiles_of(self, data: Any) -> Tiles:
        tiles = Tiles()
        tiles.swap(self._read_tiles(data, 4))
        return tiles

    def _read_tiles(self, data: Any, depth: int) -> dict[TileKey, QImage]:
        """Those named in an object from places to names, in the format of that depth."""
        self._tiles += len(data)
        if self._tiles > MAX_TILES:
            raise ValueError("too many tiles")
        return {_key(place): self._tile(_text(name), depth) for place, name in data.items()}

    def _tile(self, name: str, depth: int) -> QImage:
        if name not in self._found:
            self._found[name] = self._find(name)
        tile = self._found[name]
        if tile.format() != _FORMATS[depth] or (tile.width(), tile.height()) != (TILE, TILE):
            raise ValueError(f"{name} is not such a tile")
        return tile


def _count(sheet: Sheet) -> int:
    return 1 + sum(_count(each) for each in sheet.sheets or ())


def _frame(data: Any) -> Frame:
    frame = read_frame(data)
    if frame is None:
        raise ValueError("not a frame")
    return frame


def _key(place: str) -> TileKey:
    match = _KEY.fullmatch(place)
    if match is None or max(abs(int(part)) for part in match.groups()) > MAX_OFFSET // TILE:
        raise ValueError(f"{place!r} is no place for a tile")
    return int(match[1]), int(match[2])


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _unreadable() -> UserError:
    return UserError("A painting that was kept cannot be read.", "Its data may be damaged.")
