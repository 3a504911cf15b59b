"""The text tool: puts words on the painting, or takes up those under the pointer."""

from collections.abc import Callable
from dataclasses import replace

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.paint.canvas import Canvas
from studio.paint.document import Document
from studio.paint.layer import Layer
from studio.paint.lettering import add_text
from studio.paint.text import MAX_AWAY, Text
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.tools import Tool

_PLACEHOLDER = "Text"


class TextTool(Tool):
    """A click on words makes their layer the active one; any other click is where new ones stand.

    New words look like `style`, in the brush's colour. `placed` is called when the active layer's
    words are there to be written.
    """

    measures = True

    def __init__(
        self, brush: Observed[BrushState], style: Observed[Text], placed: Callable[[], None]
    ) -> None:
        super().__init__()
        self._brush = brush
        self._style = style
        self._placed = placed

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Take up the words there, or put some."""
        if not abs(sample.at.x()) + abs(sample.at.y()) <= MAX_AWAY:  # true for NaN, too
            return
        found = _text_at(canvas.document, sample)
        if found is not None:
            canvas.document.set_active(found.id)
        else:
            text = replace(
                self._style.value,
                words=_PLACEHOLDER,
                x=sample.at.x(),
                y=sample.at.y(),
                colour=self._brush.value.colour,
            )
            step = add_text(canvas.document, text)
            if step.group is not None and canvas.document.is_locked(step.group):
                self.refused.emit("The group is locked. Unlock it to write in it.")
                return
            canvas.do(step)
        self._placed()


def _text_at(document: Document, sample: PointerSample) -> Layer | None:
    """The topmost layer of text there, of those that can be changed."""
    for layer in reversed(document.layers):
        text = layer.props.text
        if text is None or document.is_locked(layer.id) or not document.is_shown(layer.id):
            continue
        if text.box().contains(sample.at):
            return layer
    return None
