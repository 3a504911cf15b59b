"""OpenRaster files (.ora): whole paintings, which Krita and MyPaint open too.

Specification: https://www.openraster.org/baseline/file-layout-spec.html. What only we know lies
in a member of its own, which others ignore.
"""

import json
import logging
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.parsers.expat import ExpatError

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import MAX_SIDE
from studio.core.settings import Settings
from studio.paint.compositor import Compositor
from studio.paint.snapshot import Sheet, Snapshot
from studio.storage.archive import Archive, add_member, open_archive
from studio.storage.atomic import replacing
from studio.storage.decoding import MAX_BYTES, MAX_PIXELS
from studio.storage.files import bytes_in
from studio.storage.layer_png import LayerReader, encode_image, encode_tiles
from studio.storage.stack import Stack, StackLayer, parse_stack, stack_xml

SUFFIX = ".ora"
MIMETYPE = b"image/openraster"
THUMBNAIL_SIDE = 256
MAX_XML = 4 * 10**6
OWN = "underpaint.json"
"""The member that holds what the format has no place for."""

OWN_FORMAT = 1
MAX_OWN = 10**6

# What the standard library raises on damaged archives and XML.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ExpatError,
    EOFError,
    ValueError,
    LookupError,
    OverflowError,
    NotImplementedError,
)


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Painting:
    """What an OpenRaster file holds: the layers, and the form they were painted with, if known.

    `remarks` are whole sentences on what was read otherwise than it was meant.
    """

    snapshot: Snapshot
    form: FormState | None = None
    remarks: tuple[str, ...] = ()


def check_document_name(path: Path) -> None:
    """Raise UserError if a painting should not be saved under this name."""
    if path.suffix.lower() != SUFFIX:
        raise UserError(
            f"'{path.name}' is not a name for a painting with layers.",
            f"Give it one that ends in {SUFFIX}, or export it as a picture.",
        )


def write_openraster(path: Path, snapshot: Snapshot, form: FormState | None = None) -> None:
    """Write a painting, one layer after another, so that it is there whole or not at all.

    Raises UserError for a name that does not end in .ora, and where the file cannot be written;
    what was there before is then untouched.
    """
    check_document_name(path)
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        add_member(archive, "mimetype", MIMETYPE, packed=False)
        layers = []
        for index, sheet in enumerate(snapshot.sheets):
            corner, data = encode_tiles(sheet.tiles)
            name = f"data/layer{index:03}.png"
            add_member(archive, name, data, packed=False)
            layers.append(_entry(sheet, name, corner, selected=index == snapshot.active))
        stack = Stack(size=snapshot.size, layers=tuple(layers))
        add_member(archive, "stack.xml", stack_xml(stack), packed=True)
        compositor = snapshot.canvas().compositor
        add_member(archive, "mergedimage.png", encode_image(compositor.image()), packed=False)
        small = encode_image(_thumbnail(compositor))
        add_member(archive, "Thumbnails/thumbnail.png", small, packed=False)
        add_member(archive, OWN, _own_json(form), packed=True)


def read_openraster(path: Path) -> Painting:
    """Read a painting that anybody wrote.

    Groups are taken apart and every way of blending is read as normal, see `parse_stack`; the
    remarks say so. Raises UserError if it is missing, damaged, or too large.
    """
    with _damage_told(path), open_archive(path) as archive:
        if "stack.xml" not in archive:
            raise ValueError("there is no stack.xml")
        stack = parse_stack(archive.read("stack.xml", MAX_XML))
        if stack.size.pixels > MAX_PIXELS:
            raise UserError(
                f"'{path.name}' is too large to open: it has {stack.size} pixels.",
                f"The most is {MAX_SIDE} pixels a side and {MAX_PIXELS // 2**20} megapixels.",
            )
        reader = LayerReader(path, bytes_in(path))
        sheets = tuple(_sheet(archive, reader, layer) for layer in stack.layers)
        form = _own_form(archive)
    selected = [index for index, layer in enumerate(stack.layers) if layer.selected]
    active = selected[0] if selected else None
    snapshot = Snapshot(size=stack.size, sheets=sheets, active=active)
    return Painting(snapshot=snapshot, form=form, remarks=_remarks(path, stack))


def _entry(sheet: Sheet, source: str, corner: QPoint, *, selected: bool) -> StackLayer:
    return StackLayer(
        name=sheet.name,
        source=source,
        x=corner.x(),
        y=corner.y(),
        visible=sheet.visible,
        opacity=sheet.opacity,
        selected=selected,
    )


def _sheet(archive: Archive, reader: LayerReader, layer: StackLayer) -> Sheet:
    if ".." in layer.source.split("/"):
        raise ValueError(f"{layer.source!r} leads out of the file")
    tiles = reader.read(archive.read(layer.source, MAX_BYTES), QPoint(layer.x, layer.y))
    return Sheet(name=layer.name, visible=layer.visible, opacity=layer.opacity, tiles=tiles)


def _remarks(path: Path, stack: Stack) -> tuple[str, ...]:
    remarks = []
    if stack.modes:
        modes = ", ".join(mode[:40] for mode in stack.modes[:5])
        remarks.append(f"Layers of '{path.name}' that blend by {modes} are shown as normal layers.")
    if stack.groups:
        remarks.append(f"The groups of '{path.name}' were taken apart into their layers.")
    return tuple(remarks)


def _thumbnail(compositor: Compositor) -> QImage:
    level = 0
    size = compositor.image().size()
    while max(size.width(), size.height()) >> level >= 2 * THUMBNAIL_SIDE:
        level += 1
    image = compositor.image(level)
    if max(image.width(), image.height()) <= THUMBNAIL_SIDE:
        return image
    return image.scaled(
        THUMBNAIL_SIDE,
        THUMBNAIL_SIDE,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def _own_json(form: FormState | None) -> bytes:
    known = {} if form is None else {"form": Settings(form=form).to_dict()["form"]}
    return json.dumps({"format": OWN_FORMAT, **known}, indent=1, sort_keys=True).encode("ascii")


def _own_form(archive: Archive) -> FormState | None:
    """The form, or None if it is missing or damaged: the painting matters more."""
    if OWN not in archive:
        return None
    try:
        own = json.loads(archive.read(OWN, MAX_OWN))
    except (*_DAMAGE, RecursionError) as error:
        log.warning("The form in a painting cannot be read: %r", error)
        return None
    if not isinstance(own, dict) or not isinstance(own.get("form"), dict):
        return None
    return Settings.from_dict({"form": own["form"]}).form


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise UserError(
            f"'{path.name}' cannot be read as an OpenRaster document.",
            "It is damaged, or of a kind that is not supported.",
        ) from error
