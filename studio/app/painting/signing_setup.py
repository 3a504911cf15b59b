"""Setting up who signs exported pictures: opens the dialog, and checks what is chosen there."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.observed import Observed
from studio.storage.content_credentials import check_signer
from studio.ui.main_window import MainWindow
from studio.ui.preferences import Signing

if TYPE_CHECKING:
    from studio.ui.dialogs.signing import SigningDialog


class SigningSetup:
    """Hangs on the action; the files are read on the storage thread."""

    def __init__(
        self, window: MainWindow, action: QAction, signing: Observed[Signing], tasks: Tasks
    ) -> None:
        self._window = window
        self._signing = signing
        self._tasks = tasks
        action.triggered.connect(lambda: self._open())

    @cached_property
    def _dialog(self) -> "SigningDialog":
        from studio.ui.dialogs.signing import SigningDialog

        dialog = SigningDialog(self._window, self._signing)
        dialog.chosen.connect(lambda _: self._tasks.start(self._check()))
        return dialog

    def _open(self) -> None:
        self._dialog.show()
        self._dialog.raise_()
        self._tasks.start(self._check())

    async def _check(self) -> None:
        asked = self._signing.value
        self._dialog.tell("Checking…", sound=False)
        verdict, sound = await self._tasks.in_storage(_verdict, asked)
        now = self._signing.value
        if (now.certificate, now.private_key) == (asked.certificate, asked.private_key):
            self._dialog.tell(verdict, sound=sound)


def _verdict(signing: Signing) -> tuple[str, bool]:
    """A sentence, and whether it is a good one."""
    try:
        return check_signer(signing.certificate, signing.private_key), True
    except UserError as error:
        return str(error), False
