"""What is known of a picture beside its file: as it lies in an export, and within each PNG."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, get_args

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.settings import Settings
from studio.storage.library.entry import Relation
from studio.storage.library.origin import Frame

FORMAT = 1

MAX_NAME = 100
MAX_NOTE = 10_000
"""Characters of a tag's or collection's name, and of a note."""

MAX_LABELS = 1000
MAX_PATH = 4096
MAX_RECORD = 1_000_000
"""Bytes of a record as JSON."""

_DIGEST = re.compile("[0-9a-f]{64}")
_COORDINATE = 2**31

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row without what its file says itself. `parent` is the path of another picture's file.

    All texts can be stored as they are.
    """

    created: datetime | None = None  # None: as the name of the file says
    starred: bool = False
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    note: str = ""
    binned: datetime | None = None
    document: str = ""
    parent: str = ""
    relation: Relation = ""
    snapshot: str = ""
    form: FormState | None = None
    frame: Frame | None = None

    def to_json(self) -> str:
        """All that is not as usual, as one JSON object in ASCII."""
        known: dict[str, Any] = {"format": FORMAT}
        for name in ("starred", "tags", "collections", "note", "document", "parent", "relation"):
            if value := getattr(self, name):
                known[name] = value
        if self.snapshot:
            known["snapshot"] = self.snapshot
        for name in ("created", "binned"):
            if (moment := getattr(self, name)) is not None:
                known[name] = moment.isoformat()
        if self.form is not None:
            known["form"] = form_values(self.form)
        if self.frame is not None:
            known["frame"] = self.frame
        return json.dumps(known, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Record":
        """Read what `to_json` wrote. Raises UserError for anything else, however hostile."""
        try:
            data = json.loads(text)
            if not isinstance(data, dict) or data.get("format") != FORMAT:
                raise ValueError("not a record")
            return cls(
                created=_maybe(data, "created", _moment),
                starred=data.get("starred") is True,
                tags=_names(data.get("tags", [])),
                collections=_names(data.get("collections", [])),
                note=_text(data.get("note", ""), MAX_NOTE),
                binned=_maybe(data, "binned", _moment),
                document=_text(data.get("document", ""), MAX_PATH),
                parent=_text(data.get("parent", ""), MAX_PATH),
                relation=_relation(data.get("relation", "")),
                snapshot=_digest(data.get("snapshot", "")),
                form=_maybe(data, "form", form_from),
                frame=_maybe(data, "frame", frame_from),
            )
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            raise UserError(
                "What the library knew of a picture cannot be read.", "It may be damaged."
            ) from error


def form_values(form: FormState) -> dict[str, Any]:
    """The form as values for JSON."""
    values: dict[str, Any] = Settings(form=form).to_dict()["form"]
    return values


def form_from(values: Any) -> FormState:
    """The form of `form_values`; what makes no sense gets its default. Raises ValueError."""
    if not isinstance(values, dict):
        raise ValueError("not a form")
    return Settings.from_dict({"form": values}).form


def frame_from(values: Any) -> Frame:
    """Four numbers as a frame. Raises ValueError."""
    match values:
        case [int(left), int(top), int(width), int(height)]:
            if max(map(abs, (left, top, width, height))) < _COORDINATE:
                return (left, top, width, height)
    raise ValueError("not a frame")


def _maybe(data: dict[str, Any], name: str, read: Callable[[Any], T]) -> T | None:
    value = data.get(name)
    return None if value is None else read(value)


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value, 64))
    moment.timestamp()  # raises where it is out of reach
    return moment


def _names(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or len(values) > MAX_LABELS:
        raise ValueError("not a list of names")
    return tuple(_text(value, MAX_NAME) for value in values)


def _text(value: Any, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise ValueError("not such a text")
    return value.encode("utf-8", "replace").decode("utf-8")


def _relation(value: Any) -> Relation:
    return value if value in get_args(Relation) else ""


def _digest(value: Any) -> str:
    if not isinstance(value, str) or not (value == "" or _DIGEST.fullmatch(value)):
        raise ValueError("not a digest")
    return value
