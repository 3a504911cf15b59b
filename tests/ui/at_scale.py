"""Paints with a pen on a screen of another density, and tells where the paint is.

Run with QT_SCALE_FACTOR set: the factor counts from when Qt is loaded. Where there is a second
screen, the window goes there after it has been painted on the first.
"""

import json
import sys

from PIL import Image, ImageChops
from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from studio.app.painting.desk import blank_canvas
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.settings import BrushState
from studio.ui.canvas.ruler import BREADTH
from studio.ui.canvas.sheet import MAX_LEVEL
from studio.ui.canvas.view import CanvasView
from studio.ui.canvas.viewport import Viewport
from tests.ui.pens import Pen, brush_tool

_MIDDLE = QPointF(250, 200)
LOOKS = (
    Viewport(x=40.0, y=30.0),
    Viewport(scale=0.37, x=40.25, y=30.5),
    Viewport(scale=3.0, x=-300.0, y=-200.0),
    Viewport(scale=0.8, x=60.0, y=30.0).turned(33, _MIDDLE),
    Viewport(scale=0.8, x=60.0, y=30.0).turned(-120, _MIDDLE).flipped(_MIDDLE),
)
PLACE = QPointF(230.0, 180.0)  # widget pixels


def paint_centre(image: QImage) -> tuple[float, float]:
    """The middle of all that is red on white, in the image's own pixels."""
    pixels = image.convertToFormat(QImage.Format.Format_RGBA8888)
    size = (pixels.width(), pixels.height())
    red, green, *_ = Image.frombytes("RGBA", size, bytes(pixels.constBits())).split()
    left, top, right, bottom = ImageChops.subtract(red, green).point(lambda v: v > 100).getbbox()
    return (left + right) / 2, (top + bottom) / 2


def touched(view: CanvasView, look: Viewport) -> dict[str, object]:
    """Where a touch at PLACE leaves paint: on the screen, and in the document."""
    canvas = blank_canvas(Size(900, 700))
    view.show_canvas(canvas)
    view.look(look)
    document = look.to_document(PLACE)
    Pen(view).stroke([document.toTuple()])
    view.show_outline(None)
    for level in range(MAX_LEVEL + 1):
        canvas.compositor.image(level)  # for a frame shows only what is ready in time
    return {
        "screen": paint_centre(view.grab().toImage()),
        "document": paint_centre(canvas.compositor.flatten()),
        "wanted": document.toTuple(),
    }


def sharp(view: CanvasView) -> bool:
    """Whether at actual size every pixel of the screen is one of the document."""
    canvas = blank_canvas(Size(600, 400))
    view.show_canvas(canvas)
    Pen(view).stroke([(300, 200), (311, 207), (302, 219)])
    view.show_outline(None)
    view.actual_size()
    ratio = view.devicePixelRatioF()
    corner = view.viewport.point_on_widget(QPointF(280, 180)) * ratio
    shown = view.grab().toImage().copy(round(corner.x()), round(corner.y()), 60, 60)
    shown.setDevicePixelRatio(1.0)
    form = QImage.Format.Format_RGB32
    return shown.convertedTo(form) == canvas.compositor.image(0).copy(280, 180, 60, 60).convertedTo(
        form
    )


def ruled(view: CanvasView) -> bool:
    """Whether the rulers look as in a view that was made for this screen."""
    brush = Observed(BrushState())
    fresh = CanvasView(brush, brush_tool(brush))
    fresh.move(view.pos())
    fresh.resize(view.size())
    fresh.show()
    QApplication.processEvents()
    strips = [_strip(each) for each in (view, fresh)]
    view.aids.change(shown=False)
    return strips[0] == strips[1]


def _strip(view: CanvasView) -> QImage:
    """The ruler along the top."""
    view.show_canvas(blank_canvas(Size(600, 400)))
    view.aids.change(shown=True)
    view.show_outline(None)
    return view.grab(QRect(0, 0, view.width(), BREADTH)).toImage()


def main() -> None:
    """Print what was found as JSON."""
    app = QApplication(sys.argv[:1])
    brush = Observed(BrushState(preset="Plain", size=17, hardness=1.0, colour="#ff0000"))
    view = CanvasView(brush, brush_tool(brush))
    view.resize(503, 401)
    view.show()
    app.processEvents()
    for screen in app.screens()[1:]:
        ruled(view)
        view.move(screen.geometry().topLeft() + QPoint(100, 80))
        app.processEvents()
    found = {
        "ratio": view.devicePixelRatioF(),
        "screen": view.screen().name(),
        "rulers": ruled(view),
        "touches": [touched(view, look) for look in LOOKS],
        "sharp": sharp(view),
    }
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
