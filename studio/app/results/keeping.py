"""Results on their way to the library: none is let go of before it is there."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from studio.app.results.librarian import Librarian
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.picture import Picture
from studio.core.recipe import Recipe
from studio.storage.library.origin import Origin

log = logging.getLogger(__name__)

PAUSE = 30.0
"""Seconds after which is tried again what could not be written."""


@dataclass(frozen=True, slots=True)
class Result:
    """A finished picture and everything the library is told of it."""

    picture: Picture
    recipe: Recipe
    created: datetime
    origin: Origin


class Keeper:
    """Writes results to the library, and holds those that cannot be written. UI thread only."""

    def __init__(
        self,
        librarian: Librarian,
        tasks: Tasks,
        say: Callable[[str], None],
        ask: Callable[[str, Callable[[], None]], None],
        pause: float = PAUSE,
    ) -> None:
        """`ask` puts a question, and calls what it is given if the answer is yes."""
        self._librarian = librarian
        self._tasks = tasks
        self._say = say
        self._ask = ask
        self._pause = pause
        self._waiting: list[Result] = []
        self._writing = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._checking = False  # whether there is something to ask about

    @property
    def unwritten(self) -> int:
        """How many results are only in memory."""
        return len(self._waiting)

    async def prepare(self, origin: Origin) -> None:
        """Store what a picture comes from while it is being made, to be quicker in the end."""
        try:
            await self._librarian.write(lambda library: library.prepare(origin))
        except UserError as error:  # to be told when the picture itself cannot be written
            log.warning("What a picture comes from could not be stored yet: %s", error)

    async def keep(self, result: Result) -> None:
        """Write a result. What cannot be written is told, held, and tried again and again."""
        self._waiting.append(result)
        await self.try_again()

    async def try_again(self) -> None:
        """Write everything that waits."""
        async with self._writing:
            late = self._timer is not None  # it was told that some could not be written
            error = None
            for result in tuple(self._waiting):
                try:
                    await self._write(result)
                except UserError as found:
                    error = found
                except Exception:  # must not keep the others out, nor the window open for good
                    log.exception("A picture could not be written")
                    error = UserError(
                        "A picture could not be written, for something went wrong inside"
                        " Underpaint; the log has the details."
                    )
            self._stop_timer()
            if error is not None:
                self._wait(error, told=late)
            elif late:
                self._say("The library can be written again: every picture is in it now.")

    def when_safe(self, then: Callable[[], None]) -> None:
        """Go on with `then` if nothing would be lost; else try again, and ask if that fails."""
        if not self._waiting:
            then()
        elif not self._checking:
            self._checking = True
            self._tasks.start(self._ask_if_unwritten(then))

    def close(self) -> None:
        """Try no more."""
        self._stop_timer()

    async def _ask_if_unwritten(self, then: Callable[[], None]) -> None:
        try:
            await self.try_again()
        finally:
            self._checking = False
        count = len(self._waiting)
        if not count:
            then()
            return
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        self._ask(f"{pictures} could not be written to the library. Close, and lose them?", then)

    async def _write(self, result: Result) -> None:
        added = await self._librarian.add(
            result.picture, result.recipe, result.created, result.origin
        )
        self._waiting.remove(result)  # before anybody is told, or a fault there would repeat it
        self._librarian.added.emit(added)

    def _wait(self, error: UserError, *, told: bool) -> None:
        if not told:
            self._say(
                f"{error} The picture is on the canvas, and writing it to the library is tried"
                " again until it succeeds."
            )
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._pause, lambda: self._tasks.start(self.try_again()))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
