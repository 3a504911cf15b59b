"""The recipe inside a picture file, and the mark that says a machine helped to make it."""

import html
import re
from enum import Enum
from pathlib import Path

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from studio import __version__
from studio.core.errors import UserError
from studio.core.recipe import Recipe
from studio.storage import png
from studio.storage.a1111 import parameters_text
from studio.storage.decoding import MAX_BYTES, damage_told, open_header
from studio.storage.files import read_bounded

KEYWORD = "underpaint"
"""Of the PNG text chunk that holds the recipe as JSON."""

NAMESPACE = "urn:underpaint:1.0/"
"""Of the XMP property "recipe" that holds it in the other formats."""

MAX_RECIPE = 1_000_000
"""Bytes of JSON. The longest prompts there can be take a quarter of it."""

MAX_SEGMENT = 65_000
"""Bytes of EXIF or XMP that surely fit into one segment of a JPEG file."""


class Mark(Enum):
    """IPTC's words for a picture that a model made of words alone, or that is partly a person's.

    They are values of DigitalSourceType (cv.iptc.org/newscodes/digitalsourcetype).
    """

    GENERATED = "trainedAlgorithmicMedia"
    COMPOSITE = "compositeWithTrainedAlgorithmicMedia"

    @property
    def source_type(self) -> str:
        """The address of IPTC's word."""
        return f"http://cv.iptc.org/newscodes/digitalsourcetype/{self.value}"


_PROPERTY = re.compile(
    rb"<underpaint:recipe>([^<]*)</underpaint:recipe>|\bunderpaint:recipe=(?:\"([^\"<]*)\"|'([^'<]*)')"
)
_NOT_IN_XML = re.compile("[<>&\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

_PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:underpaint="{namespace}">
   <xmp:CreatorTool>Underpaint {version}</xmp:CreatorTool>
   <Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType>{recipe}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def read_recipe(path: Path) -> Recipe | None:
    """The recipe a picture file carries, or None.

    Raises UserError if the file is no picture, or if the recipe in it is damaged.
    """
    data = read_bounded(path, MAX_BYTES)
    image = open_header(path, data)
    with damage_told(path):
        if data.startswith(png.SIGNATURE):
            text = png.text(data, KEYWORD, MAX_RECIPE)
        else:
            text = _recipe_in_xmp(image.info.get("xmp", b""))
    return None if text is None else Recipe.from_json(text)


def recipe_json(recipe: Recipe) -> str:
    """The recipe as JSON that any encoding takes: lone surrogates are written as escapes."""
    return recipe.to_json().encode("utf-8", "backslashreplace").decode("utf-8")


def png_texts(recipe: Recipe) -> PngInfo:
    """The text chunks of a PNG: our JSON, the "parameters" text of the field, and XMP."""
    texts = PngInfo()
    texts.add_itxt(KEYWORD, recipe_json(recipe))
    texts.add_text("parameters", parameters_text(recipe))
    texts.add_itxt(png.XMP, xmp_packet(recipe, with_recipe=False))
    return texts


def mark_of_recipe(recipe: Recipe) -> Mark:
    """What a picture made so is."""
    return Mark.COMPOSITE if recipe.from_picture else Mark.GENERATED


def mark_texts(mark: Mark) -> PngInfo:
    """The text chunks of a PNG that bears a mark, without telling how it was made."""
    texts = PngInfo()
    texts.add_itxt(png.XMP, mark_packet(mark).decode("utf-8"))
    return texts


def mark_packet(mark: Mark) -> bytes:
    """The XMP packet that holds a mark, and not how the picture was made."""
    return _packet(mark).encode("utf-8")


def exif_comment(recipe: Recipe) -> bytes:
    """EXIF data with the "parameters" text as UserComment; empty where it would not fit.

    A text cut short would be read as another recipe, so a long one is left out.
    """
    comment = b"UNICODE\0" + parameters_text(recipe).encode("utf-16-be")
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    data = exif.tobytes()
    return data if len(data) <= MAX_SEGMENT else b""


def xmp_packet(recipe: Recipe, *, with_recipe: bool) -> str:
    """The XMP packet: made by a model, from a picture or not, and with what; and the recipe."""
    json = f"\n   <underpaint:recipe>{_for_xml(recipe)}</underpaint:recipe>" if with_recipe else ""
    return _packet(mark_of_recipe(recipe), json)


def jpeg_xmp(recipe: Recipe) -> bytes:
    """The XMP packet with the recipe. Raises UserError if a JPEG file has no room for it."""
    packet = xmp_packet(recipe, with_recipe=True).encode("utf-8")
    if len(packet) > MAX_SEGMENT:
        raise UserError(
            "The recipe of this picture is too long for a JPEG file.", "Save it as PNG or WebP."
        )
    return packet


def _packet(mark: Mark, recipe: str = "") -> str:
    return _PACKET.format(
        namespace=NAMESPACE, version=__version__, source_type=mark.source_type, recipe=recipe
    )


def _for_xml(recipe: Recipe) -> str:
    """JSON in which everything that means something in XML, or may not be there, is escaped."""
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", recipe.to_json())


def _recipe_in_xmp(packet: bytes) -> str | None:
    """The JSON in an XMP packet, which others may have written anew in their own way.

    No XML parser is needed, and none can be attacked: our JSON holds no "<" and no "&".
    """
    found = _PROPERTY.search(packet)
    if found is None:
        return None
    value = next(group for group in found.groups() if group is not None)
    if len(value) > MAX_RECIPE:
        raise ValueError("the recipe is too long")
    return html.unescape(value.decode("utf-8"))
