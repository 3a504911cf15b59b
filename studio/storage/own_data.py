"""What only Underpaint knows of an OpenRaster document: a member of the file that others ignore."""

import json
import logging
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeGuard

from studio.core.form import FormState
from studio.core.settings import Settings
from studio.paint.frame import Frame
from studio.paint.guides import MAX_GUIDES, Guides
from studio.paint.layer import LayerProps
from studio.paint.text import MAX_AWAY, UPRIGHT, Align, Text

MEMBER = "underpaint.json"
FORMAT = 2
MAX_MEMBER = 16 * 10**6

MAX_FAMILY = 200
"""Characters of a font's name; the rest is cut off."""

_FLAGS = ("clipped", "alpha_locked", "reference", "generated")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelsPlace:
    """Pixels beside the layers: `source` names a member, `x` and `y` are the document's pixels.

    Of masks also whether they are shown.
    """

    source: str
    x: int
    y: int
    visible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerExtra:
    """What stack.xml has no place for, of one layer or group."""

    flags: frozenset[str] = frozenset()  # those of _FLAGS that are set
    pristine: str = ""  # as in LayerProps
    mask: PixelsPlace | None = None
    text: Text | None = None

    @classmethod
    def of(cls, props: LayerProps, mask: PixelsPlace | None) -> "LayerExtra":
        """The part of these properties that belongs here."""
        flags = frozenset(flag for flag in _FLAGS if getattr(props, flag))
        return cls(flags=flags, pristine=props.pristine, mask=mask, text=props.text)

    def added_to(self, props: LayerProps) -> LayerProps:
        """The properties with this part."""
        return replace(
            props,
            clipped="clipped" in self.flags,
            alpha_locked="alpha_locked" in self.flags,
            reference="reference" in self.flags,
            generated="generated" in self.flags,
            pristine=self.pristine,
            text=self.text,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnData:
    """All of it. `layers` are in the order of stack.xml, top first, a group before its layers."""

    form: FormState | None = None
    layers: tuple[LayerExtra, ...] = ()
    selection: PixelsPlace | None = None
    strength: PixelsPlace | None = None
    guides: Guides = field(default_factory=Guides)
    frame: Frame | None = None


def own_json(own: OwnData) -> bytes:
    """As it is written."""
    known: dict[str, Any] = {"format": FORMAT, "layers": [extra_json(each) for each in own.layers]}
    if own.form is not None:
        known["form"] = Settings(form=own.form).to_dict()["form"]
    for name, place in (("selection", own.selection), ("strength", own.strength)):
        if place is not None:
            known[name] = _written_place(place)
    if own.guides != Guides():
        known["guides"] = asdict(own.guides)
    if own.frame is not None:
        known["frame"] = asdict(own.frame)
    return json.dumps(known, indent=1, sort_keys=True).encode("ascii")


def read_own(data: bytes) -> OwnData:
    """As much as is sound: the painting matters more."""
    try:
        known = json.loads(data)
    except (ValueError, RecursionError) as error:
        log.warning("What only Underpaint knows of a painting cannot be read: %r", error)
        return OwnData()
    if not isinstance(known, dict):
        return OwnData()
    form, layers = known.get("form"), known.get("layers")
    return OwnData(
        form=Settings.from_dict({"form": form}).form if isinstance(form, dict) else None,
        layers=tuple(read_extra(each) for each in layers) if isinstance(layers, list) else (),
        selection=_read_place(known.get("selection")),
        strength=_read_place(known.get("strength")),
        guides=read_guides(known.get("guides")),
        frame=read_frame(known.get("frame")),
    )


def extra_json(extra: LayerExtra) -> dict[str, Any]:
    """As values for JSON."""
    written: dict[str, Any] = dict.fromkeys(sorted(extra.flags), True)
    if extra.pristine:
        written["pristine"] = extra.pristine
    if extra.mask is not None:
        written["mask"] = _written_place(extra.mask)
    if extra.text is not None:
        written["text"] = asdict(extra.text)
    return written


def _written_place(place: PixelsPlace) -> dict[str, Any]:
    return {"src": place.source, "x": place.x, "y": place.y, "visible": place.visible}


def read_extra(written: Any) -> LayerExtra:
    """As much as is sound of what `extra_json` made."""
    if not isinstance(written, dict):
        return LayerExtra()
    flags = frozenset(flag for flag in _FLAGS if written.get(flag) is True)
    pristine = written.get("pristine")
    return LayerExtra(
        flags=flags,
        pristine=pristine if isinstance(pristine, str) else "",
        mask=_read_place(written.get("mask")),
        text=_read_text(written.get("text")),
    )


def _read_place(written: Any) -> PixelsPlace | None:
    if not isinstance(written, dict):
        return None
    source, x, y = (written.get(name) for name in ("src", "x", "y"))
    if not isinstance(source, str) or not _is_near(x) or not _is_near(y):
        return None
    return PixelsPlace(source=source, x=x, y=y, visible=written.get("visible") is not False)


def _read_text(written: Any) -> Text | None:
    """None for anything that is not a text through and through: then it is just pixels."""
    if not isinstance(written, dict):
        return None
    try:
        if not all(isinstance(written[name], str) for name in ("words", "family", "colour")):
            return None
        written["words"].encode()  # raises where it is no text that can be shown
        return Text(
            words=written["words"],
            x=float(written["x"]),
            y=float(written["y"]),
            family=written["family"][:MAX_FAMILY],
            size=float(written["size"]),
            colour=written["colour"],
            align=Align(written["align"]),
            linear=_read_linear(written.get("linear", UPRIGHT)),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _read_linear(written: Any) -> tuple[float, float, float, float]:
    across, over, back, down = map(float, written)
    return across, over, back, down


def read_guides(written: Any) -> Guides:
    """As many as are sound."""
    return Guides(_read_lines(written, "across"), _read_lines(written, "down"))


def read_frame(written: Any) -> Frame | None:
    """None for anything that is not a frame."""
    if not isinstance(written, dict):
        return None
    x, y, width, height = (written.get(name) for name in ("x", "y", "width", "height"))
    if not (_is_near(x) and _is_near(y) and _is_near(width) and _is_near(height)):
        return None
    try:
        return Frame(x, y, width, height)
    except ValueError:
        return None


def _read_lines(written: Any, way: str) -> tuple[int, ...]:
    lines = written.get(way) if isinstance(written, dict) else None
    return tuple(filter(_is_near, lines))[:MAX_GUIDES] if isinstance(lines, list) else ()


def _is_near(value: Any) -> TypeGuard[int]:
    return type(value) is int and abs(value) <= MAX_AWAY
