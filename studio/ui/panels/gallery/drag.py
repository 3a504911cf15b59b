"""Pictures on their way to other programs: as files, and one of them as an image, too."""

from collections.abc import Sequence

from PySide6.QtCore import QMetaType, QMimeData, QSize, Qt, QUrl
from PySide6.QtGui import QDrag, QGuiApplication, QImage, QPixmap
from PySide6.QtWidgets import QWidget

_IMAGE = "application/x-qt-image"
_SHOWN = QSize(96, 96)


class PictureFiles(QMimeData):
    """Files of pictures. The first is read only if somebody wants its pixels."""

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__()
        self._first = paths[0] if len(paths) == 1 else ""
        self.setUrls([QUrl.fromLocalFile(path) for path in paths])

    def formats(self) -> list[str]:
        """A list of files, and an image if it is one file."""
        return [*super().formats(), *([_IMAGE] if self._first else [])]

    def hasFormat(self, kind: str) -> bool:
        """Whether that is one of them."""
        return kind in self.formats()

    def retrieveData(self, kind: str, wanted: QMetaType | QMetaType.Type) -> object:
        """The files' names, or the picture."""
        if kind == _IMAGE and self._first:
            return QImage(self._first)
        return super().retrieveData(kind, wanted)


def drag_files(source: QWidget, paths: Sequence[str], image: QImage | None) -> None:
    """Let the person drop them somewhere; returns after that. Nothing, if the mouse is up again."""
    if not paths or not QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
        return
    drag = QDrag(source)
    drag.setMimeData(PictureFiles(paths))
    if image is not None and not image.isNull():
        small = image.scaled(
            _SHOWN,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        drag.setPixmap(QPixmap.fromImage(small))
    drag.exec(Qt.DropAction.CopyAction)
