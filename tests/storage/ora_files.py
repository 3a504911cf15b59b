"""OpenRaster files as other programs, or attackers, write them."""

import io
import zipfile
from pathlib import Path

from PIL import Image


def png_file(width: int, height: int, colour: str = "red") -> bytes:
    """A PNG of one colour."""
    out = io.BytesIO()
    Image.new("RGBA", (width, height), colour).save(out, "PNG")
    return out.getvalue()


LAYER = '<layer src="data/a.png"/>'
"""One that is in every file, unless other members are given."""

_MEMBERS = {"data/a.png": png_file(8, 6), "../a.png": png_file(8, 6)}


def ora_file(path: Path, xml: str, members: dict[str, bytes] | None = None) -> Path:
    """Write a file of a list of layers, and of members beside it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("stack.xml", xml)
        for name, data in (members or _MEMBERS).items():
            file.writestr(name, data)
    return path


def stack_xml(inside: str, size: str = 'w="40" h="30"') -> str:
    """A list of layers."""
    return f"<image {size}><stack>{inside}</stack></image>"
