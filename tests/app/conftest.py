"""The whole app behind a window, driven from a coroutine."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import qasync
from PySide6.QtWidgets import QApplication

from studio.app.front import Front
from studio.app.life import live
from studio.storage.paths import AppPaths
from tests.app.harness import FakeEngine, close_for_good, open_front

Script = Callable[[Front], Coroutine[Any, Any, None]]


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    """An engine that needs no model."""
    fake = FakeEngine()
    yield fake
    fake.gate.set()


@pytest.fixture
def run_app(qapp: QApplication, paths: AppPaths, engine: FakeEngine) -> Callable[..., None]:
    """Open the app on folders of its own, follow a script, and close it as a person would."""

    def run(script: Script, *files: Path) -> None:
        async def whole(front: Front) -> None:
            life = asyncio.ensure_future(live(front, [str(file) for file in files], engine))
            await asyncio.sleep(0)
            try:
                await asyncio.wait_for(script(front), 20)
            except TimeoutError as error:
                error.add_note(f"The window says last: {front.place.notice.words!r}")
                raise
            finally:
                await close_for_good(front)
                await asyncio.wait_for(life, 20)

        with qasync.QEventLoop(qapp) as loop:
            loop.run_until_complete(whole(open_front(qapp, paths)))

    return run
