"""stack.xml: the tree of layers in an OpenRaster file, written and read.

Specification: https://www.openraster.org/baseline/layer-stack-spec.html
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from studio.core.blank import sound_dpi
from studio.core.picture import Size
from studio.paint.layer import LayerProps
from studio.paint.modes import BlendMode

MAX_LAYERS = 4096
"""Layers and groups together."""

MAX_DEPTH = 100
"""Groups inside of groups."""

MAX_NAME = 1000
"""Characters of a layer's name; the rest is cut off."""

MAX_OFFSET = 2**20
"""Pixels that a layer may lie away from the document's corner."""

_NAMESPACE = 'xmlns:underpaint="urn:underpaint:1.0/"'
_ISOLATION = "underpaint:isolation"  # what it is where its mode or opacity is usual again

_MODES = {mode.value: mode for mode in BlendMode}

_NOT_IN_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackLayer:
    """A layer, whose `source` names a member of the archive; or a group, which has `layers`.

    `x` and `y` are pixels of the document. Of the properties it knows those that the format does.
    """

    props: LayerProps
    source: str = ""
    x: int = 0
    y: int = 0
    selected: bool = False
    layers: "tuple[StackLayer, ...] | None" = None  # bottom first


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The whole tree, bottom layer first."""

    size: Size
    layers: tuple[StackLayer, ...]
    unknown_modes: tuple[str, ...] = ()  # ways of blending that were asked for, read as normal
    dpi: float | None = None  # pixels to an inch of paper, the same both ways

    @property
    def count(self) -> int:
        """How many layers and groups there are, at any depth."""
        return _count(self.layers)


def stack_xml(stack: Stack) -> bytes:
    """The tree as XML. Characters that XML cannot hold become U+FFFD in layers' names."""
    size = f'w="{stack.size.width}" h="{stack.size.height}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<image version="0.0.5" {_NAMESPACE} {size}{_resolution(stack)}>',
        ' <stack isolation="isolate">',
        *_lines(stack.layers, "  "),
        " </stack>",
        "</image>",
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def parse_stack(xml: bytes) -> Stack:
    """Read a tree that anybody wrote.

    Ways of blending that the specification does not have are read as normal. Raises ExpatError,
    ValueError or UserError if it is damaged, has a DTD, or exceeds the limits above.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_dtd
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.Parse(xml, True)
    return reader.stack()


def _count(layers: tuple[StackLayer, ...]) -> int:
    return sum(1 + _count(layer.layers or ()) for layer in layers)


def _resolution(stack: Stack) -> str:
    """In whole numbers, as the specification has it."""
    return "" if stack.dpi is None else ' xres="{0}" yres="{0}"'.format(round(stack.dpi))


def _lines(layers: tuple[StackLayer, ...], indent: str) -> Iterator[str]:
    for layer in reversed(layers):
        if layer.layers is None:
            yield f"{indent}<layer {_attributes(layer)}/>"
        else:
            yield f"{indent}<stack {_attributes(layer)}>"
            yield from _lines(layer.layers, f"{indent} ")
            yield f"{indent}</stack>"


def _attributes(layer: StackLayer) -> str:
    props = layer.props
    attributes = {"name": _NOT_IN_XML.sub("\ufffd", props.name)}
    if layer.layers is None:
        attributes |= {"src": layer.source, "x": str(layer.x), "y": str(layer.y)}
    else:
        passed = props.opacity == 1.0 and props.mode is BlendMode.NORMAL
        # Otherwise the specification isolates the group all the same; not every program does.
        attributes["isolation"] = "auto" if passed and not props.isolated else "isolate"
        if not props.isolated:
            attributes[_ISOLATION] = "auto"
    attributes["opacity"] = repr(float(props.opacity))
    attributes["visibility"] = "visible" if props.visible else "hidden"
    attributes["composite-op"] = props.mode.value
    if props.locked:
        attributes["edit-locked"] = "true"
    if layer.selected:
        attributes["selected"] = "true"
    # quoteattr escapes line breaks, too, which would be read as blanks.
    return " ".join(f"{key}={quoteattr(each)}" for key, each in attributes.items())


class _Reader:
    """Follows the elements; open groups are a list, so that depth costs no recursion."""

    def __init__(self) -> None:
        self._size: Size | None = None
        self._dpi: float | None = None
        self._open: list[tuple[StackLayer, list[StackLayer]]] = []  # with what is in it, top first
        self._root: StackLayer | None = None
        self._count = 0
        self._unknown: dict[str, None] = {}  # modes, in the order they were met
        self._ground: str | None = None  # of the lowest layer so far, if it is not known

    def start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "image" and self._size is None:
            self._size = Size(_whole(attributes["w"]), _whole(attributes["h"]))
            self._dpi = sound_dpi(_number(attributes.get("xres", "0")))
        elif element == "stack" and self._root is None:
            if len(self._open) == MAX_DEPTH:
                raise ValueError("groups are nested too deeply")
            isolation = attributes.get(_ISOLATION, attributes.get("isolation"))
            group = self._layer(attributes, isolated=isolation == "isolate")
            self._open.append((group, []))
        elif element == "layer" and self._open:
            layer = replace(self._layer(attributes), source=attributes["src"])
            self._open[-1][1].append(layer)

    def end(self, element: str) -> None:
        if element != "stack" or not self._open:
            return
        group, inside = self._open.pop()
        group = replace(group, layers=tuple(reversed(inside)))
        if self._open:
            self._open[-1][1].append(group)
        else:
            self._root = group

    def stack(self) -> Stack:
        if self._size is None:
            raise ValueError("there is no image element")
        root = self._root
        if root is None or root.layers is None:
            layers: tuple[StackLayer, ...] = ()
        elif root.props.visible and root.props.opacity == 1.0:
            layers = root.layers
        else:
            layers = (root,)
        modes = tuple(self._unknown)
        return Stack(size=self._size, layers=layers, unknown_modes=modes, dpi=self._dpi)

    def _layer(self, attributes: dict[str, str], isolated: bool = True) -> StackLayer:
        """What an element says, given where the groups around it lie."""
        self._count += bool(self._open)
        if self._count > MAX_LAYERS:
            raise ValueError("there are too many layers")
        around = self._open[-1][0] if self._open else None
        x, y = (around.x, around.y) if around else (0, 0)
        props = LayerProps(
            name=attributes.get("name", "")[:MAX_NAME],
            visible=attributes.get("visibility", "visible") != "hidden",
            opacity=_share(attributes.get("opacity", "1")),
            mode=self._mode(attributes.get("composite-op", BlendMode.NORMAL.value)),
            locked=attributes.get("edit-locked") == "true",
            isolated=isolated,
        )
        return StackLayer(
            props=props,
            x=_offset(x + _whole(attributes.get("x", "0"))),
            y=_offset(y + _whole(attributes.get("y", "0"))),
            selected=attributes.get("selected") == "true",
        )

    def _mode(self, name: str) -> BlendMode:
        mode = _MODES.get(name)
        if len(self._open) <= 1:
            if self._ground is not None:
                self._unknown[self._ground] = None
            # There is nothing below the lowest layer with which it could blend.
            self._ground = name if mode is None else None
        elif mode is None:
            self._unknown[name] = None
        return mode or BlendMode.NORMAL


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
