"""One window for each data folder: a second start hands its files to the first and ends."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLockFile, QObject

from studio.core.errors import UserError
from studio.storage.files import make_folder
from studio.storage.paths import AppPaths

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

PATIENCE = 10.0
"""Seconds that a second start waits for the first, which may be just opening its window."""

MAX_MESSAGE = 2**20  # bytes
_END = b"\n"
_ANSWER = b"heard\n"
_WAIT = 500  # ms
_ANSWERS_WITHIN = 5000  # ms; the window may be busy
_BETWEEN = 0.1  # seconds


class LockError(UserError):
    """There can be no lock where it should be."""


class Instance:
    """Holds the app's lock. A lock whose holder was killed is free."""

    def __init__(self, paths: AppPaths) -> None:
        self._path = paths.lock
        self._lock = QLockFile(str(paths.lock))
        self._lock.setStaleLockTime(0)  # however long it is held: only its holder's death frees it
        self._name = _server_name(paths.data)
        self._server: QObject | None = None

    def take(self) -> bool:
        """Whether this is the only one. Raises LockError where there can be no lock."""
        with suppress(UserError):  # the lock tells, too
            make_folder(self._path.parent)
        if self._lock.tryLock(0):
            return True
        if self._lock.error() == QLockFile.LockError.LockFailedError:
            return False
        raise LockError(
            f"'{self._path.parent}' cannot be written: nothing that is made here is kept.",
            "Allow writing there, or make room, and start again.",
        )

    def hand_over(self, files: list[str], patience: float = PATIENCE) -> bool:
        """Ask the first one to come to the front, and to open `files`.

        Whether it does: else it has ended meanwhile, and this is the only one now. Raises UserError
        if it does not answer within `patience` seconds.
        """
        application = QCoreApplication([]) if QCoreApplication.instance() is None else None
        message = json.dumps([str(Path(file).absolute()) for file in files]).encode() + _END
        end = time.monotonic() + patience
        while not (heard := _heard(self._name, message)) and not self.take():
            if time.monotonic() > end:
                raise UserError(
                    "Underpaint is open already, but does not answer.",
                    f"Close it first; if there is none, remove '{self._path}'.",
                )
            time.sleep(_BETWEEN)
        if application is not None:
            application.shutdown()  # a window needs one of another kind
        return heard

    def listen(
        self, called: Callable[[list[str]], None], there: Callable[[], bool] = lambda: True
    ) -> None:
        """Call `called` with the files of every second start from now on.

        Once nobody is `there`, whoever starts waits for the end of this one.
        """
        from PySide6.QtNetwork import QLocalServer

        QLocalServer.removeServer(self._name)  # ours is the lock: whoever left it there is dead
        server = QLocalServer()
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(lambda: _answer(server, called, there))
        server.listen(self._name)
        self._server = server

    def release(self) -> None:
        """Another start may open a window now."""
        self._server = None
        self._lock.unlock()


def _server_name(data: Path) -> str:
    """Another for every user and data folder."""
    user = os.getuid() if hasattr(os, "getuid") else os.getlogin()
    digest = hashlib.sha256(f"{user} {data.resolve()}".encode()).hexdigest()
    return f"underpaint-{digest[:16]}"


def _answer(
    server: "QLocalServer", called: Callable[[list[str]], None], there: Callable[[], bool]
) -> None:
    """Read what a second start has to say, and say that it was heard."""
    socket = server.nextPendingConnection()
    heard = bytearray()

    def read() -> None:
        heard.extend(socket.readAll().data())
        if len(heard) > MAX_MESSAGE or not there():
            socket.abort()
        elif heard.endswith(_END):
            files = _files(bytes(heard))
            socket.write(_ANSWER)
            socket.flush()
            socket.disconnectFromServer()
            called(files)

    socket.readyRead.connect(read)
    socket.disconnected.connect(socket.deleteLater)
    read()


def _files(message: bytes) -> list[str]:
    """Nonsense names no files."""
    try:
        files = json.loads(message)
    except (ValueError, RecursionError):
        return []
    return [file for file in files if isinstance(file, str)] if isinstance(files, list) else []


def _heard(name: str, message: bytes) -> bool:
    """Whether somebody listens under that name and has answered."""
    from PySide6.QtNetwork import QLocalSocket

    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(_WAIT):
        return False
    socket.write(message)
    socket.waitForBytesWritten(_WAIT)
    socket.waitForReadyRead(_ANSWERS_WITHIN)
    return bytes(socket.readAll().data()) == _ANSWER
