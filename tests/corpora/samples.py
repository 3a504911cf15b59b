"""One or more sound files of every kind that can be opened, to be damaged."""

import io
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QPoint

from studio.core.form import FormState
from studio.core.picture import Size
from studio.paint.guides import Guides
from studio.paint.layer import MASK, LayerProps
from studio.paint.modes import BlendMode
from studio.paint.pictures import picture_to_image
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import Tiles
from studio.storage.metadata import Mark, mark_packet
from studio.storage.openraster import write_openraster
from studio.storage.pictures import write_picture
from studio.storage.psd.write import write_psd
from tests.storage.samples import HOSTILE, gradient

_SIZE = Size(90, 70)


def samples(folder: Path) -> dict[str, list[bytes]]:
    """By suffix; `folder` is written into."""
    found: dict[str, list[bytes]] = {"gif": _pillow("GIF", "P"), "bmp": _pillow("BMP", "RGB", "L")}
    found["png"] = [*_pillow("PNG", "RGBA", "P", "1", "I;16", "LA"), _written(folder / "a.png")]
    found["jpg"] = [*_pillow("JPEG", "RGB", "L", "CMYK"), _written(folder / "a.jpg")]
    found["webp"] = [*_pillow("WEBP", "RGBA"), _written(folder / "a.webp")]
    found["tif"] = [
        *_pillow("TIFF", "RGBA", "L", "I;16", "CMYK"),
        *_pillow("TIFF", "RGB", compression="tiff_lzw"),
        *_pillow("TIFF", "RGB", compression="jpeg"),
        _written(folder / "a.tif"),
    ]
    write_openraster(folder / "a.ora", _painting(), FormState(prompt="a fox"), 300.0)
    write_psd(folder / "a.psd", _painting(), 300.0, mark_packet(Mark.COMPOSITE))
    found["ora"] = [(folder / "a.ora").read_bytes()]
    found["psd"] = [(folder / "a.psd").read_bytes()]
    return found


def _pillow(kind: str, *modes: str, **options: object) -> list[bytes]:
    files = []
    for mode in modes:
        picture = gradient(_SIZE.width, _SIZE.height)
        image = Image.frombytes("RGBA", (_SIZE.width, _SIZE.height), picture.rgba)
        if mode == "I;16":
            image = image.convert("L").convert("I").point(lambda level: level * 257)
        out = io.BytesIO()
        image.convert("RGB" if mode == "CMYK" else image.mode).convert(mode).save(
            out, kind, **options
        )
        files.append(out.getvalue())
    return files


def _written(path: Path) -> bytes:
    write_picture(path, gradient(), HOSTILE, 300.0)
    return path.read_bytes()


def _painting() -> Snapshot:
    mask = Sheet(props=LayerProps(name=MASK), tiles=_tiles((10, 10)))
    inside = Sheet(props=LayerProps(name="Inside", mode=BlendMode.SCREEN), tiles=_tiles((250, 3)))
    group = Sheet(props=LayerProps(name="Group", isolated=False), sheets=(inside, inside))
    masked = Sheet(props=LayerProps(name="Masked", opacity=0.5), tiles=_tiles((-3, 5)), mask=mask)
    return Snapshot(size=Size(300, 90), sheets=(masked, group), guides=Guides((3,), (40, 50)))


def _tiles(at: tuple[int, int]) -> Tiles:
    return Tiles.from_image(picture_to_image(gradient(60, 40)), QPoint(*at))
