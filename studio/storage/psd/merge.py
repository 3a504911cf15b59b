"""Makes paintings fit for Photoshop files, which cannot blend in all of our ways."""

from dataclasses import replace

from PySide6.QtCore import QRect

from studio.core.picture import Size
from studio.paint.layer import LayerProps
from studio.paint.modes import BlendMode
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import Tiles
from studio.storage.layer_png import bands
from studio.storage.psd.format import MODE_KEYS


def without_unknown(snapshot: Snapshot) -> tuple[tuple[Sheet, ...], tuple[str, ...]]:
    """The layers, bottom first, and sentences on those that had to be merged to look the same.

    A layer that erases or keeps what is below becomes one layer with it, a clipped group one
    layer.
    """
    merger = _Merger(snapshot.size)
    sheets = merger.known(snapshot.sheets)
    return sheets, tuple(merger.remarks)


def passes_through(sheets: tuple[Sheet, ...], index: int) -> bool:
    """Whether that sheet is a group whose layers blend one by one with what is below it."""
    sheet = sheets[index]
    props = sheet.props
    whole = props.opacity < 1.0 or props.mode is not BlendMode.NORMAL or sheet.mask is not None
    above = sheets[index + 1 : _end_of_clipping(sheets, index)]
    bears = any(_shows(each) for each in above)
    return not (sheet.sheets is None or props.isolated or whole or bears)


class _Merger:
    def __init__(self, size: Size) -> None:
        self._size = size
        self.remarks: list[str] = []

    def known(self, sheets: tuple[Sheet, ...]) -> tuple[Sheet, ...]:
        asking = [index for index in range(len(sheets)) if _asks(sheets, index)]
        merged: tuple[Sheet, ...] = ()
        end = 0
        if asking:
            end = _end_of_clipping(sheets, asking[-1])
            name = sheets[asking[-1]].props.name
            merged = (Sheet(props=LayerProps(name=name), tiles=self._flat(sheets[:end])),)
            self._tell(f"'{name}' and the layers below it", "blend so")
        return merged + tuple(
            self._known(each, based=index > 0) for index, each in enumerate(sheets[end:])
        )

    def _known(self, sheet: Sheet, based: bool) -> Sheet:
        """`based`: there is something that it can be clipped to."""
        if sheet.sheets is None:
            return sheet
        if not (sheet.props.clipped and based):
            return replace(sheet, sheets=self.known(sheet.sheets))
        self._tell(f"The group '{sheet.props.name}'", "clip groups")
        return replace(sheet, sheets=None, tiles=self._flat(sheet.sheets))

    def _flat(self, sheets: tuple[Sheet, ...]) -> Tiles:
        flatten = Snapshot(size=self._size, sheets=sheets).canvas().compositor.flatten
        tiles = Tiles()
        for band in bands(QRect(0, 0, self._size.width, self._size.height)):
            part = Tiles.from_image(flatten(band), band.topLeft())
            tiles.swap({key: part.get(key) for key in part.keys()})  # noqa: SIM118
        return tiles

    def _tell(self, what: str, why: str) -> None:
        self.remarks.append(f"{what} became one layer: Photoshop files cannot {why}.")


def _asks(sheets: tuple[Sheet, ...], index: int) -> bool:
    """Whether it changes what is below in a way that these files do not know."""
    sheet = sheets[index]
    if not _shows(sheet):
        return False
    inside = sheet.sheets or ()
    reaches = passes_through(sheets, index) and any(_asks(inside, n) for n in range(len(inside)))
    return sheet.props.mode not in MODE_KEYS or reaches


def _end_of_clipping(sheets: tuple[Sheet, ...], index: int) -> int:
    """Where the layers end that are clipped to that one, or together with it."""
    end = index + 1
    while end < len(sheets) and sheets[end].props.clipped:
        end += 1
    return end


def _shows(sheet: Sheet) -> bool:
    return sheet.props.visible and sheet.props.opacity > 0.0
