"""The real app on a real X display, with its real engine in its child process."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import qasync
from PySide6.QtWidgets import QApplication

from studio.app.life import live
from studio.app.window import make_application
from studio.engine.child import ChildEngine
from studio.storage.paths import AppPaths
from tests.app.harness import answer_question, open_front
from tests.window.driver import Person

Script = Callable[[Person], Coroutine[Any, Any, None]]


@pytest.fixture(scope="session")
def qapp_cls() -> Callable[..., QApplication]:
    """The app's own way to make the application."""
    return lambda _: make_application()


@pytest.fixture
def use_app(qapp: QApplication, paths: AppPaths) -> Callable[[Script], None]:
    """Open the app, let a person use it, and close it."""
    if not os.environ.get("DISPLAY"):
        pytest.fail("There is no X display: run these with 'make test-window'.")

    def use(script: Script) -> None:
        async def whole() -> None:
            front = open_front(qapp, paths)
            life = asyncio.ensure_future(live(front, [], ChildEngine()))
            person = Person(front)
            try:
                await person.look()
                await asyncio.wait_for(script(person), 120)
            finally:
                front.window.close()
                await answer_question("discard")
                await asyncio.wait_for(life, 30)

        with qasync.QEventLoop(qapp) as loop:
            loop.run_until_complete(whole())

    return use
