"""Requests and their origins as plain values, the pixels kept apart."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from studio.core.errors import UserError
from studio.core.picture import MAX_SIDE, Picture, Size, StrengthMap
from studio.core.request import GenerationRequest, Lora, Refine
from studio.core.settings import Settings
from studio.paint.snapshot import Snapshot
from studio.storage.library.entry import Relation
from studio.storage.library.origin import Frame, Origin
from studio.storage.stack import MAX_OFFSET

RELATIONS: tuple[Relation, ...] = get_args(Relation)

Pixels = Picture | StrengthMap
Find = Callable[[str], Pixels]

_APART = ("source", "strength_map")


def request_json(request: GenerationRequest, keep: Callable[[Pixels], str]) -> dict[str, Any]:
    """The request as values for JSON; `keep` takes its pictures and names them."""
    written = {entry.name: getattr(request, entry.name) for entry in fields(request)}
    for name in _APART:
        written[name] = None if written[name] is None else keep(written[name])
    refine = request.refine
    return written | {
        "model": str(request.model),
        "size": str(request.size),
        "refine": refine and [refine.factor, refine.strength, _text(refine.upscaler)],
        "loras": [[str(lora.file), lora.weight] for lora in request.loras],
        "embeddings": [str(file) for file in request.embeddings],
        "vae": _text(request.vae),
    }


def read_request(data: Any, find: Find) -> GenerationRequest:
    """The request that `request_json` wrote. Raises UserError for anything else."""
    try:
        values = {entry.name: data[entry.name] for entry in fields(GenerationRequest)}
        for name in _APART:
            values[name] = None if values[name] is None else find(values[name])
        refine = data["refine"]
        values |= {
            "model": Path(data["model"]),
            "size": Size.parse(data["size"]),
            "refine": refine and Refine(refine[0], refine[1], _path(refine[2])),
            "loras": tuple(Lora(Path(file), weight) for file, weight in data["loras"]),
            "embeddings": tuple(Path(file) for file in data["embeddings"]),
            "vae": _path(data["vae"]),
        }
        return GenerationRequest(**values)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UserError("A picture that was asked for cannot be read.") from error


def origin_json(origin: Origin) -> dict[str, Any]:
    """The origin as values for JSON, without pixels."""
    return {
        "form": origin.form and Settings(form=origin.form).to_dict()["form"],
        "frame": origin.frame,
        "document": origin.document,
        "parent": origin.parent,
        "relation": origin.relation,
    }


def read_origin(data: Any, request: GenerationRequest, snapshot: Snapshot | None) -> Origin:
    """The origin that `origin_json` wrote; what is not sound of it is left out."""
    values = data if isinstance(data, dict) else {}
    form, parent, relation = values.get("form"), values.get("parent"), values.get("relation")
    return Origin(
        snapshot=snapshot,
        form=Settings.from_dict({"form": form}).form if form else None,
        frame=read_frame(values.get("frame")),
        source=request.source,
        strength_map=request.strength_map,
        document=str(values.get("document", "")),
        parent=parent if isinstance(parent, int) else None,
        relation=next((each for each in RELATIONS if each == relation), ""),
    )


def read_frame(data: Any) -> Frame | None:
    """Four whole numbers of sound size; None for anything else."""
    if not isinstance(data, list) or len(data) != 4:
        return None
    x, y, width, height = (each if type(each) is int else -MAX_OFFSET - 1 for each in data)
    sound = max(abs(x), abs(y)) <= MAX_OFFSET and 1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE
    return (x, y, width, height) if sound else None


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
