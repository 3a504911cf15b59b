"""stack.xml: the list of layers in an OpenRaster file, written and read.

Specification: https://www.openraster.org/baseline/layer-stack-spec.html
"""

import math
import re
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from studio.core.picture import Size

MAX_LAYERS = 4096
MAX_DEPTH = 100
"""Groups inside of groups."""

MAX_NAME = 1000
"""Characters of a layer's name; the rest is cut off."""

MAX_OFFSET = 2**20
"""Pixels that a layer may lie away from the document's corner."""

NORMAL = "svg:src-over"

_NOT_IN_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackLayer:
    """One line of the list; `source` names a member of the archive, `x` and `y` are pixels."""

    name: str
    source: str
    x: int
    y: int
    visible: bool = True
    opacity: float = 1.0
    selected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The whole list, bottom layer first."""

    size: Size
    layers: tuple[StackLayer, ...]
    groups: bool = False  # whether there were any: they are taken apart
    modes: tuple[str, ...] = ()  # the ways of blending, other than normal, that were asked for


def stack_xml(stack: Stack) -> bytes:
    """The list as XML. Characters that XML cannot hold become U+FFFD in layers' names."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<image version="0.0.5" w="{stack.size.width}" h="{stack.size.height}">',
        ' <stack isolation="isolate">',
        *(_layer_xml(layer) for layer in reversed(stack.layers)),
        " </stack>",
        "</image>",
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def parse_stack(xml: bytes) -> Stack:
    """Read a list that anybody wrote.

    Groups are taken apart: their layers join the list in their order, with offsets added and
    opacity and visibility multiplied, which looks the same unless layers of a translucent group
    overlap. Every way of blending is read as normal. Raises ExpatError, ValueError or UserError
    if it is damaged, has a DTD, or exceeds the limits above.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_dtd
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.Parse(xml, True)
    return reader.stack()


def _layer_xml(layer: StackLayer) -> str:
    attributes = {
        "name": _NOT_IN_XML.sub("\ufffd", layer.name),
        "src": layer.source,
        "x": str(layer.x),
        "y": str(layer.y),
        "opacity": repr(float(layer.opacity)),
        "visibility": "visible" if layer.visible else "hidden",
        "composite-op": NORMAL,
    }
    if layer.selected:
        attributes["selected"] = "true"
    # quoteattr escapes line breaks, too, which would be read as blanks.
    return f"  <layer {' '.join(f'{key}={quoteattr(each)}' for key, each in attributes.items())}/>"


@dataclass(frozen=True, slots=True)
class _Group:
    """What a group hands down to what is in it."""

    x: int = 0
    y: int = 0
    visible: bool = True
    opacity: float = 1.0


class _Reader:
    """Follows the elements; groups are a list, so that depth costs no recursion."""

    def __init__(self) -> None:
        self._size: Size | None = None
        self._groups: list[_Group] = []
        self._layers: list[StackLayer] = []  # top first
        self._modes: dict[str, None] = {}  # in the order they were met
        self._grouped = False

    def start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "image" and self._size is None:
            self._size = Size(_whole(attributes["w"]), _whole(attributes["h"]))
        elif element == "stack":
            self._enter(attributes)
        elif element == "layer" and self._groups:
            self._add(attributes)

    def end(self, element: str) -> None:
        if element == "stack":
            self._groups.pop()

    def stack(self) -> Stack:
        if self._size is None:
            raise ValueError("there is no image element")
        return Stack(
            size=self._size,
            layers=tuple(reversed(self._layers)),
            groups=self._grouped,
            modes=tuple(self._modes),
        )

    def _enter(self, attributes: dict[str, str]) -> None:
        if len(self._groups) == MAX_DEPTH:
            raise ValueError("groups are nested too deeply")
        self._grouped |= bool(self._groups)
        self._groups.append(self._within(attributes))

    def _add(self, attributes: dict[str, str]) -> None:
        if len(self._layers) == MAX_LAYERS:
            raise ValueError("there are too many layers")
        place = self._within(attributes)
        layer = StackLayer(
            name=attributes.get("name", "")[:MAX_NAME],
            source=attributes["src"],
            x=place.x,
            y=place.y,
            visible=place.visible,
            opacity=place.opacity,
            selected=attributes.get("selected") == "true",
        )
        self._layers.append(layer)

    def _within(self, attributes: dict[str, str]) -> _Group:
        """What holds for an element, given the groups around it."""
        mode = attributes.get("composite-op", NORMAL)
        if mode != NORMAL:
            self._modes[mode] = None
        around = self._groups[-1] if self._groups else _Group()
        return _Group(
            x=_offset(around.x + _whole(attributes.get("x", "0"))),
            y=_offset(around.y + _whole(attributes.get("y", "0"))),
            visible=around.visible and attributes.get("visibility", "visible") != "hidden",
            opacity=around.opacity * _share(attributes.get("opacity", "1")),
        )


def _refuse_dtd(*_: object) -> None:
    raise ValueError("entities could be declared in a DTD")


def _whole(text: str) -> int:
    return round(_number(text))


def _share(text: str) -> float:
    return min(1.0, max(0.0, _number(text)))


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a number")
    return number


def _offset(pixels: int) -> int:
    if abs(pixels) > MAX_OFFSET:
        raise ValueError(f"a layer lies {pixels} pixels away")
    return pixels
