"""A painting with its history, made of the states it went through."""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.paint.canvas import Canvas
from studio.paint.commands import (
    ChangeLayer,
    Command,
    InsertLayer,
    PaintStroke,
    RemoveLayer,
    ResizeDocument,
    Steps,
)
from studio.paint.document import Document
from studio.paint.frame import SetFrame
from studio.paint.guides import SetGuides
from studio.paint.layer import Layer, LayerId
from studio.paint.selection import Selection
from studio.paint.sheets import OnSheet, Select
from studio.paint.snapshot import Sheet, Snapshot, layer_from
from studio.paint.tiles import Tiles


@dataclass(frozen=True, slots=True)
class State:
    """How a painting looked, and what the step is called that led there."""

    label: str
    snapshot: Snapshot


def canvas_of(states: Sequence[State], position: int, saved: int | None = None) -> Canvas:
    """A painting that is in the state `position` of `states` (oldest first, at least one).

    Undo leads back through those before it, redo to those after. `saved` is the one that counts
    as saved; None: none of them does. Tiles are compared by their identity only.
    """
    canvas = states[0].snapshot.canvas()
    clean = canvas.undo.hold_state() if saved == 0 else None
    for place in range(1, len(states)):
        before, after = states[place - 1].snapshot, states[place].snapshot
        canvas.undo.push(Steps(states[place].label, tuple(_steps(canvas, before, after))))
        if saved == place:
            clean = canvas.undo.hold_state()
    dropped = len(states) - 1 - len(canvas.undo.labels)  # by the stack's own budget
    if dropped > position:  # even the one to show: then nothing is there to be redone
        return canvas_of(states[: position + 1], position, saved)
    canvas.undo.go_to(position - dropped)
    canvas.undo.mark_clean(-1 if clean is None else clean)
    active = states[position].snapshot.active
    if active is not None:
        canvas.document.set_active(canvas.document.layers[active].id)
    return canvas


def _steps(canvas: Canvas, before: Snapshot, after: Snapshot) -> list[Command]:
    """What makes one of the other, while the canvas is as `before`."""
    steps: list[Command] = []
    if before.size != after.size:
        steps.append(ResizeDocument(before.size, after.size))
    steps += _layers(canvas.document, None, before.sheets, after.sheets)
    painted = _painted(canvas.strength.layer.id, before.strength, after.strength)
    steps += [OnSheet(canvas.strength.document, each) for each in painted]
    if not _same_selection(before.selection, after.selection):
        steps.append(Select(canvas.selection, before.selection, after.selection))
    if before.guides != after.guides:
        steps.append(SetGuides(canvas.guides, before.guides, after.guides))
    if before.frame != after.frame:
        steps.append(SetFrame(canvas.frame, before.frame, after.frame))
    return steps


def _layers(
    document: Document, group: LayerId | None, before: tuple[Sheet, ...], after: tuple[Sheet, ...]
) -> list[Command]:
    """What makes one group's layers of the others: only those that differ are touched."""
    layers, fewer = document.siblings(group), min(len(before), len(after))
    first = 0
    while first < fewer and _same(before[first], after[first]):
        first += 1
    last = 0
    while last < fewer - first and _same(before[-1 - last], after[-1 - last]):
        last += 1
    there = layers[first : len(layers) - last]
    old, new = before[first : len(before) - last], after[first : len(after) - last]
    if len(old) == len(new) and all(map(_fit, old, new)):
        found = zip(there, old, new, strict=True)
        return [step for each in found for step in _changes(document, *each)]
    made = [layer_from(document, sheet) for sheet in new]
    return [
        *(RemoveLayer(first, layer, group=group) for layer in there),
        *(InsertLayer(first + at, layer, group=group) for at, layer in enumerate(made)),
    ]


def _changes(document: Document, layer: Layer, before: Sheet, after: Sheet) -> list[Command]:
    """Of a layer, and of all that is in it and on it; the sheets fit."""
    steps = _painted(layer.id, before.tiles, after.tiles)
    if before.props != after.props:
        steps.append(ChangeLayer(layer.id, before.props, after.props))
    if layer.mask is not None and before.mask is not None and after.mask is not None:
        steps += _changes(document, layer.mask, before.mask, after.mask)
    if before.sheets is not None and after.sheets is not None:
        steps += _layers(document, layer.id, before.sheets, after.sheets)
    return steps


def _painted(layer: LayerId, before: Tiles, after: Tiles) -> list[Command]:
    keys = [key for key in before.keys() | after.keys() if before.get(key) is not after.get(key)]
    old, new = {key: before.get(key) for key in keys}, {key: after.get(key) for key in keys}
    return [PaintStroke(layer, old, new)] if keys else []


def _same(one: Sheet, other: Sheet) -> bool:
    """Whether nothing differs."""
    mine, others = one.sheets or (), other.sheets or ()
    return (
        _fit(one, other)
        and one.props == other.props
        and not _painted(LayerId(0), one.tiles, other.tiles)
        and (one.mask is None or other.mask is None or _same(one.mask, other.mask))
        and len(mine) == len(others)
        and all(map(_same, mine, others))
    )


def _fit(one: Sheet, other: Sheet) -> bool:
    """Whether one becomes the other by changing what is in it."""
    masked = (one.mask is None) == (other.mask is None)
    return masked and (one.sheets is None) == (other.sheets is None)


def _same_selection(one: Selection | None, other: Selection | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.tiles.keys() == other.tiles.keys() and all(
        tile is other.tiles[key] for key, tile in one.tiles.items()
    )
