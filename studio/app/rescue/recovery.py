"""After a crash: offers what the journals hold, and brings it back."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QRect

from studio.app.making.generate import Generator
from studio.app.making.plan import Place
from studio.app.painting.desk import Desk
from studio.app.painting.files import Files
from studio.app.rescue.recorder import Recorder
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.jobs import JobId, JobQueue, JobState
from studio.core.observed import Observed
from studio.paint.canvas import Canvas
from studio.paint.rebuild import State, canvas_of
from studio.storage.journal.reader import (
    ASIDE,
    discard,
    find_offers,
    put_aside,
    recover,
    take_back,
)
from studio.storage.journal.record import TWICE, Offer, OpenJob, Recovered
from studio.ui.notice import Notice
from studio.ui.offer import OfferBar

_FITTING = 3  # the halved size that is composed ahead of showing


class Recovery:
    """Asks about each painting that a crash has ended; nothing waits for the answer."""

    def __init__(
        self,
        folder: Path,
        desk: Desk,
        form: Observed[FormState],
        generator: Generator,
        queue: JobQueue,
        recorder: Recorder,
        files: Files,
        bar: OfferBar,
        tasks: Tasks,
        notice: Notice,
    ) -> None:
        self._folder = folder
        self._desk = desk
        self._form = form
        self._queue = queue
        self._generator = generator
        self._recorder = recorder
        self._files = files
        self._bar = bar
        self._tasks = tasks
        self._notice = notice
        self._say = notice.say
        self._offers: list[Offer] = []
        self._crashes: dict[JobId, int] = {}

    async def open(self) -> None:
        """Look for what there is to offer."""
        self._offers, said = await self._tasks.in_storage(
            find_offers, self._folder, self._recorder.own
        )
        if said:
            self._say(" ".join(said))
        self._ask()

    def resume(self) -> None:
        """Go on with the pictures that are paused; with those that ended the app twice, last."""
        paused = [job for job in self._queue.open if job.state is JobState.PAUSED]
        feared = [job for job in paused if self._crashes.get(job.id, 0) >= TWICE]
        sound = [job for job in paused if job not in feared]
        for job in sound or feared:
            self._generator.resume(job)
        if sound and feared:
            self._say(
                "A picture that Underpaint ended with twice still waits. Resume again to try it."
            )

    def _ask(self) -> None:
        if not self._offers:
            self._bar.hide()
            return
        offer = self._offers[0]
        answers = {
            "Restore": lambda: self._tasks.start(self._restore(offer)),
            "Discard": lambda: self._tasks.start(self._discard(offer)),
            "Later": lambda: None,
        }
        self._bar.offer(_question(offer, len(self._offers)), answers)

    async def _discard(self, offer: Offer) -> None:
        try:
            await self._tasks.in_storage(discard, offer.path)
            self._offers.remove(offer)
        finally:
            self._ask()
        self._notice.offer(
            "The painting was discarded.", "Undo", lambda: self._tasks.start(self._take_back(offer))
        )

    async def _take_back(self, offer: Offer) -> None:
        await self._tasks.in_storage(take_back, offer.path)
        self._offers.insert(0, offer)
        self._ask()

    async def _restore(self, offer: Offer) -> None:
        try:
            found, canvas = await self._tasks.in_storage(_load, offer.path)
        except UserError as error:
            self._offers.remove(offer)
            await self._tasks.in_storage(put_aside, offer.path)
            self._say(f"{error} Its file is kept in '{offer.path.parent / ASIDE}'.")
        else:
            put = partial(self._put, offer, found, canvas)
            self._files.when_safe("restoring another", put)
        finally:
            self._ask()  # about the same one where the person stays, or saving fails

    def _put(self, offer: Offer, found: Recovered, canvas: Canvas) -> None:
        if offer not in self._offers:  # it is back already
            return
        self._offers.remove(offer)
        self._desk.put(canvas, found.saved_as, dpi=found.dpi, recovered=True)
        self._form.set(found.form)
        crashes = {self._wait(job, canvas): job.crashes for job in found.jobs}
        self._crashes.update(crashes)
        self._recorder.note_crashes(crashes)
        first = found.position - canvas.undo.position  # older states may not have fitted
        states = canvas.undo.states
        if found.damage:
            kept = [snapshot for _, snapshot in found.states[first : first + len(states)]]
            self._recorder.begin_with(dict(zip(states, kept, strict=True)))
            self._tasks.start(self._tasks.in_storage(put_aside, offer.path))
        else:
            numbers = found.numbers[first : first + len(states)]
            self._recorder.go_on(offer.path, dict(zip(numbers, states, strict=True)))
        self._say(_told(found, offer.path.parent))
        self._ask()

    def _wait(self, job: OpenJob, canvas: Canvas) -> JobId:
        """Put a job of the painting's into the queue, paused; others go to the library only."""
        if job.frame is not None:
            place = Place(canvas, QRect(*job.frame))
        else:
            unseen = Canvas(job.request.size)
            place = Place(unseen, unseen.document.rect)
        return self._generator.submit(job.request, place, job.origin, paused=True)


def _load(path: Path) -> tuple[Recovered, Canvas]:
    """The painting, composed already, so that showing it does not stop the window."""
    found = recover(path)
    states = [State(label, snapshot) for label, snapshot in found.states]
    canvas = canvas_of(states, found.position, found.saved)
    canvas.compositor.image(_FITTING)
    return found, canvas


def _question(offer: Offer, count: int) -> str:
    name = offer.saved_as.replace("\\", "/").rsplit("/", 1)[-1]
    what = f"'{name}'" if name else "a painting without a name"
    words = f"Underpaint was ended in the midst of {what}."
    if offer.jobs:
        words += f" {_pictures(offer.jobs)} waiting to be made."
    if count > 1:
        words += " One more painting waits." if count == 2 else f" {count - 1} more paintings wait."
    return words


def _told(found: Recovered, folder: Path) -> str:
    words = "Your painting is back as it was, not saved yet."
    if found.jobs:
        words += f" {_pictures(len(found.jobs))} put into the queue, paused."
    if found.damage:
        words += f" {found.damage} The file is kept in '{folder / ASIDE}'."
    return words


def _pictures(count: int) -> str:
    return "One picture was" if count == 1 else f"{count} pictures were"
