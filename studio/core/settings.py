"""What the app remembers between two starts, and how damaged memories are healed."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, TypeVar

from studio.core.blank import Blank
from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import Size

MAX_BRUSH = 500.0
"""Pixels across."""

MAX_RECENT = 10
"""Files that are remembered as used last."""


class Smoothing(StrEnum):
    """How a shaking hand is steadied."""

    NONE = "none"
    EURO = "1-euro"
    STRING = "pulled string"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrushState:
    """The brush in hand: a preset, and what is set differently since it was chosen.

    `size` is in pixels, 1 .. MAX_BRUSH, `spacing` in diameters, up to 10; other numbers are
    0 .. 1, colours are #rrggbb. Raises ValueError for anything else: here, and not at a stroke.
    """

    preset: str = "Ink"
    size: float = 24.0
    hardness: float = 0.7
    opacity: float = 1.0
    flow: float = 1.0
    spacing: float = 0.12
    smoothing: str = Smoothing.NONE.value
    smoothness: float = 0.5
    colour: str = "#1d3557"
    other: str = "#ffffff"  # the colour that it can be swapped with
    pen_curve: str = ""  # what the pen's pressure counts for, as "in,out in,out"; empty: itself

    def __post_init__(self) -> None:
        sound = (
            1 <= self.size <= MAX_BRUSH  # false for NaN, too
            and 0 <= self.hardness <= 1
            and all(0 <= v <= 1 for v in (self.opacity, self.flow, self.smoothness))
            and 0 < self.spacing <= 10
            and self.smoothing in tuple(Smoothing)
            and all(re.fullmatch("#[0-9a-fA-F]{6}", each) for each in (self.colour, self.other))
        )
        if not sound:
            raise ValueError(f"{self} cannot be painted with")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How tools are set beyond the brush, and what is shown beside the painting."""

    tolerance: int = 24  # of fill and wand, 0 .. 255
    contiguous: bool = True
    gap: int = 4  # pixels, 0 .. 64
    all_layers: bool = True
    shape_look: str = "OUTLINE"  # one of SHAPE_LOOKS
    shape_inside: str = "#ffffff"  # #rrggbb
    gradient: str = "LINEAR"  # one of GRADIENT_FORMS
    font: str = "Inter"
    letters: float = 48.0  # pixels high, 1 .. 2000
    align: str = "left"  # one of ALIGNS
    rulers: bool = False
    snap: bool = False
    untold_exports: bool = False  # pictures leave without a word on how they were made
    sign_exports: bool = False  # with Content Credentials, but for untold ones
    certificate: str = ""  # path of the PEM file to sign with,
    private_key: str = ""  # and of that with its key, which itself is never kept
    library_megabytes: int = 0  # beyond them the oldest pictures go to the bin; 0: no bound
    picture_side: int = 104  # of the gallery's pictures, pixels, 1 .. MAX_PICTURE_SIDE
    undo_megabytes: int = 512  # of pixels that can be undone, MIN_UNDO .. MAX_UNDO


SHAPE_LOOKS = ("OUTLINE", "FILLED", "BOTH")
GRADIENT_FORMS = ("LINEAR", "RADIAL")
ALIGNS = ("left", "centre", "right")
MIN_UNDO, MAX_UNDO = 64, 65_536
MAX_LIBRARY = 10**9
MAX_PICTURE_SIDE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything remembered. `geometry` and `docks` are Qt's own bytes in base64."""

    form: FormState = field(default_factory=FormState)
    brush: BrushState = field(default_factory=BrushState)
    options: Options = field(default_factory=Options)
    geometry: str = ""
    docks: str = ""
    folder: str = ""  # where the last file was opened or saved
    recent: tuple[str, ...] = ()  # paths that were opened or saved, last used first
    blank: Blank = field(default_factory=Blank)  # what the last new painting was like
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by action, where changed

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        data = asdict(self)
        data["form"]["size"] = str(self.form.size) if self.form.size else None
        return data

    @classmethod
    def from_dict(cls, data: Any) -> "Settings":
        """Read `to_dict`'s values; what is missing, unknown or out of range gets its default."""
        if not isinstance(data, dict):
            return cls()
        plain = _sane(cls(), {key: data.get(key) for key in ("geometry", "docks", "folder")})
        return replace(
            plain,
            form=_form(data.get("form")),
            brush=_brush(data.get("brush")),
            options=_options(data.get("options")),
            keys=_keys(data.get("keys")),
            recent=_words(data.get("recent"))[:MAX_RECENT],
            blank=Blank.from_dict(data.get("blank")),
        )


def _form(data: Any) -> FormState:
    if not isinstance(data, dict):
        return FormState()
    form = _sane(FormState(), {**data, "size": None})
    size = data.get("size")
    try:
        if isinstance(size, str):
            form = replace(form, size=Size.parse(size))
        form.check()
    except UserError:
        return FormState(prompt=form.prompt, negative=form.negative)
    return form


def _brush(data: Any) -> BrushState:
    try:
        return _sane(BrushState(), data if isinstance(data, dict) else {})
    except ValueError:
        return BrushState()


def _options(data: Any) -> Options:
    options = _sane(Options(), data if isinstance(data, dict) else {})
    sound = (
        0 <= options.tolerance <= 255
        and 0 <= options.gap <= 64
        and options.shape_look in SHAPE_LOOKS
        and options.gradient in GRADIENT_FORMS
        and re.fullmatch("#[0-9a-fA-F]{6}", options.shape_inside)
        and 1 <= options.letters <= 2000
        and options.align in ALIGNS
        and 0 <= options.library_megabytes <= MAX_LIBRARY
        and 1 <= options.picture_side <= MAX_PICTURE_SIDE
        and MIN_UNDO <= options.undo_megabytes <= MAX_UNDO
    )
    return options if sound else Options()


def _words(data: Any) -> tuple[str, ...]:
    """A list of words, or nothing."""
    sound = isinstance(data, list) and all(isinstance(each, str) for each in data)
    return tuple(data) if sound else ()


def _keys(data: Any) -> dict[str, tuple[str, ...]]:
    """Of the entries those that are lists of words."""
    entries = data.items() if isinstance(data, dict) else ()
    return {
        action: tuple(keys)
        for action, keys in entries
        if isinstance(keys, list) and all(isinstance(each, str) for each in keys)
    }


T = TypeVar("T", FormState, BrushState, Options, Settings)


def _sane(default: T, data: dict[str, Any]) -> T:
    """`default` with those of `data`'s values that have the same type as the default's."""
    values = {}
    for entry in fields(default):
        value, usual = data.get(entry.name), getattr(default, entry.name)
        if type(usual) is float and type(value) is int and abs(value) < 2**53:
            value = float(value)
        if value is not None and type(value) is type(usual):
            values[entry.name] = value
    return replace(default, **values)
