"""The tool that makes, moves and resizes the generation frame."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter

from studio.core.observed import Observed
from studio.core.picture import Size
from studio.paint.canvas import Canvas
from studio.paint.frame import Frame, SetFrame
from studio.ui.canvas.frame_marks import GRIPS, Grip, Sizing, draw_handles, draw_words, handle
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.viewport import Viewport

_GRAB = 12.0  # widget pixels around a handle
_EDGE = 8.0  # widget pixels within which the paper's edges attract
_STEPS = (8, 64)  # document pixels: sides are multiples of the first that can be told apart
_TOLD_APART = 3.0  # widget pixels
_STILL = 3.0  # widget pixels that a press may move without meaning to
_FAR = 1e6  # document pixels


@dataclass(frozen=True, slots=True)
class _Held:
    """A press: on which painting, where, and what of the frame that was there it took hold of."""

    canvas: Canvas
    start: QPointF
    before: Frame | None
    grip: Grip | None  # (0, 0): the whole frame; None: a new one is dragged out

    @property
    def resized(self) -> QRect | None:
        """The frame whose edges are dragged; None for a new one."""
        return None if self.before is None or self.grip is None else self.before.rect


class FrameTool(Tool):
    """Drags a frame out; or moves the one there is by its inside, resizes it by its handles.

    Shift keeps the form of the model's size. The frame stays on the paper, and its sides are
    multiples of 8 or 64 pixels, but for those that end at the paper's edges.
    """

    measures = True

    def __init__(self, sizing: Observed[Sizing]) -> None:
        super().__init__()
        self._sizing = sizing
        self._canvas: Canvas | None = None
        self._held: _Held | None = None
        self._scale = 1.0  # of the view, when it was drawn last

    def take_up(self, canvas: Canvas) -> None:
        """Show the handles of this painting's frame."""
        self._canvas = canvas

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Take hold of the frame, or begin a new one."""
        self._held = None
        if not _is_near(sample.at):
            return
        frame = canvas.frame.value
        grip = None if frame is None else self._grip(QRectF(frame.rect), sample.at)
        self._held = _Held(canvas, sample.at, frame, grip)

    def move(self, sample: PointerSample) -> None:
        """Show it as it would be; one too small to mean anything is as it was."""
        held = self._held
        if held is None or not _is_near(sample.at):
            return
        if _apart(held.start, sample.at) * self._scale < _STILL:
            rect = QRect()  # a hand that shakes
        elif held.grip == (0, 0):
            rect = self._moved(held, sample.at)
        else:
            rect = self._drawn(held, sample)
        held.canvas.frame.set(Frame.of(rect, held.canvas.document.rect) or held.before)

    def release(self) -> None:
        """It stays there, as one step."""
        held, self._held = self._held, None
        if held is not None and held.canvas.frame.value != held.before:
            step = SetFrame(held.canvas.frame, held.before, held.canvas.frame.value)
            held.canvas.undo.push_done(step)

    def cursor_at(self, at: QPointF) -> Qt.CursorShape:
        """Which part of the frame a press would take hold of."""
        frame = None if self._canvas is None else self._canvas.frame.value
        grip = None if frame is None else self._grip(QRectF(frame.rect), at)
        if grip is None:
            return Qt.CursorShape.CrossCursor
        moves = grip == (0, 0)
        return Qt.CursorShape.SizeAllCursor if moves else Qt.CursorShape.PointingHandCursor

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """The handles, and how large frame and picture are."""
        self._scale = viewport.scale
        frame = None if self._canvas is None else self._canvas.frame.value
        if frame is not None:
            draw_words(painter, frame, self._sizing.value, viewport)
            draw_handles(painter, frame.rect, viewport)

    def _grip(self, rect: QRectF, at: QPointF) -> Grip | None:
        away = {grip: _apart(handle(rect, grip), at) * self._scale for grip in GRIPS}
        nearest = min(GRIPS, key=away.__getitem__)
        if away[nearest] < _GRAB:
            return nearest
        return (0, 0) if rect.contains(at) else None

    def _moved(self, held: _Held, at: QPointF) -> QRect:
        assert held.before is not None
        rect, paper = held.before.rect, held.canvas.document.size
        x = self._begin(held.before.x + at.x() - held.start.x(), rect.width(), paper.width())
        y = self._begin(held.before.y + at.y() - held.start.y(), rect.height(), paper.height())
        rect.moveTo(x, y)
        return rect

    def _begin(self, start: float, length: int, paper: int) -> int:
        """Where a stretch begins that lies on the paper, drawn to its ends."""
        last, reach = paper - length, _EDGE / self._scale
        if start < reach:
            return 0
        return last if start > last - reach else round(start)

    def _drawn(self, held: _Held, sample: PointerSample) -> QRect:
        """From the corner that stays to the pointer."""
        paper, before = held.canvas.document.size, held.resized
        across, down = held.grip or (1, 1)
        corner = _on_paper(held.start, paper) if before is None else _corner(before, across, down)
        at = sample.at
        if before is not None:  # not to jump where a handle was taken beside its middle
            at = at + handle(QRectF(before), (across, down)) - held.start
        wide = self._length(corner.x(), at.x(), paper.width())
        high = self._length(corner.y(), at.y(), paper.height())
        if before is not None:
            wide, high = wide if across else before.width(), high if down else before.height()
        if sample.shift:
            ratio = self._ratio(paper if before is None else before.size())
            side = max(abs(wide) if across else 0, abs(high) * ratio if down else 0)
            room_x = corner.x() if wide < 0 else paper.width() - corner.x()
            room_y = corner.y() if high < 0 else paper.height() - corner.y()
            side = min(side, room_x, room_y * ratio)
            wide, high = _signed(side, wide), _signed(side / ratio, high)
        return QRectF(corner.x(), corner.y(), wide, high).normalized().toRect()

    def _length(self, corner: int, at: float, paper: int) -> int:
        """From the corner to the pointer, below 0 to the left and upwards."""
        reach = _EDGE / self._scale
        if at < reach or at > paper - reach:
            return (0 if at < reach else paper) - corner
        step = next((s for s in _STEPS if s * self._scale >= _TOLD_APART), _STEPS[-1])
        return max(-corner, min(paper - corner, step * round((at - corner) / step)))

    def _ratio(self, shape: QSize) -> float:
        size = self._sizing.value.of(Size(shape.width(), shape.height()))
        return shape.width() / shape.height() if size is None else size.width / size.height


def change_frame(canvas: Canvas, after: Frame | None) -> None:
    """Take another frame, undoable; None: the whole painting."""
    before = canvas.frame.value
    if after != before:
        canvas.do(SetFrame(canvas.frame, before, after))


def frame_selection(canvas: Canvas) -> None:
    """Put the frame around what is selected, or, if everything is, around the painting."""
    selection, paper = canvas.selection.value, canvas.document.rect
    bounds = paper if selection is None else selection.bounds
    change_frame(canvas, Frame.of(bounds, paper))


def _is_near(point: QPointF) -> bool:
    return abs(point.x()) + abs(point.y()) < _FAR  # false for NaN, too


def _apart(one: QPointF, other: QPointF) -> float:
    return math.hypot(one.x() - other.x(), one.y() - other.y())


def _corner(rect: QRect, across: int, down: int) -> QPoint:
    """The one that stays while the edges are dragged that `across` and `down` tell."""
    x = rect.x() + rect.width() if across < 0 else rect.x()
    y = rect.y() + rect.height() if down < 0 else rect.y()
    return QPoint(x, y)


def _on_paper(point: QPointF, paper: QSize) -> QPoint:
    x, y = min(paper.width(), max(0.0, point.x())), min(paper.height(), max(0.0, point.y()))
    return QPoint(round(x), round(y))


def _signed(length: float, like: int) -> int:
    return round(math.copysign(length, like))
