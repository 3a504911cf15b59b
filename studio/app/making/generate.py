"""The job controller: from Generate to a saved picture and a layer."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from studio.app.making.plan import Place, Tools, plan
from studio.app.making.runner import JobRunner
from studio.app.painting.desk import Desk, put_tiles
from studio.app.results.keeping import Keeper, Result
from studio.app.tasks import Tasks
from studio.core.form import FormState
from studio.core.jobs import Job, JobId, JobQueue, JobState
from studio.core.observed import Observed
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.recipe import recipe_of
from studio.core.request import GenerationRequest
from studio.core.seeds import draw_seed
from studio.core.signal import Signal
from studio.engine.api import Event, Failed, Finished, Progress
from studio.paint.canvas import Canvas
from studio.paint.layer import LayerProps
from studio.paint.pictures import picture_to_image, placed_tiles
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import Tiles
from studio.storage.flat import flat_digest
from studio.storage.library.origin import Origin
from studio.storage.metadata import Mark, mark_of_recipe
from studio.ui.canvas.overlay import JobOverlay


@dataclass(frozen=True, slots=True)
class _Asked:
    """All that a picture will be made from, as it was at the moment of asking."""

    form: FormState
    tools: Tools
    snapshot: Snapshot
    seed: int
    document: str

    def plan(self) -> tuple[GenerationRequest, QRect, Origin]:
        """The request, its frame on the paper, and what is kept with the picture. Any thread."""
        request, place = plan(self.form, self.tools, self.snapshot.canvas(), self.seed)
        frame = place.frame
        origin = Origin(
            snapshot=self.snapshot,
            form=replace(self.form, seed=self.seed),
            frame=(frame.x(), frame.y(), frame.width(), frame.height()),
            source=request.source,
            strength_map=request.strength_map,
            document=self.document,
        )
        return request, frame, origin


class Generator:
    """Starts and follows jobs. UI thread only.

    `when_free` calls back once no stroke is under way: a layer that came in the midst of one would
    be a step of the history that shows half of it. `failed`: a picture cannot be made.
    """

    def __init__(
        self,
        form: Observed[FormState],
        queue: JobQueue,
        desk: Desk,
        runner: JobRunner,
        keeper: Keeper,
        tasks: Tasks,
        tools: Callable[[], Tools],
        show: Callable[[JobOverlay | None], None],
        when_free: Callable[[Callable[[], None]], None],
        say: Callable[[str], None],
    ) -> None:
        self.failed: Signal[None] = Signal()
        self._form = form
        self._queue = queue
        self._desk = desk
        self._runner = runner
        self._keeper = keeper
        self._tasks = tasks
        self._tools = tools
        self._show = show
        self._when_free = when_free
        self._say = say
        self._places: dict[JobId, Place] = {}
        self._origins: dict[JobId, Origin] = {}
        self._preview: QImage | None = None
        self._turn = asyncio.Lock()  # plans become jobs in the order they were asked for
        self._planning = 0  # how many are asked for that are not in the queue yet
        self._ended = False
        runner.arrived.connect(lambda arrival: self._receive(*arrival))
        desk.replaced.connect(lambda _: show(None))

    def generate(self) -> None:
        """Ask for a picture of what the form says, now. What cannot be asked for is told."""
        form = self._form.value
        seed = form.seed if form.seed_locked else draw_seed()
        self._form.change(seed=seed)
        canvas = self._desk.canvas
        asked = _Asked(form, self._tools(), Snapshot.of_canvas(canvas), seed, self._desk.saved_as)
        self._tasks.start(self._plan(asked, canvas))

    async def _plan(self, asked: _Asked, canvas: Canvas) -> None:
        """Compose what the model starts from beside the window: a large painting takes a while."""
        with self.planning():
            async with self._turn:
                request, frame, origin = await asyncio.to_thread(asked.plan)
            if not self._ended:
                self.submit(request, Place(canvas, frame), origin)

    @contextmanager
    def planning(self) -> Iterator[None]:
        """Count a picture that is asked for, but that `submit` is not yet told of."""
        self._planning += 1
        try:
            yield
        except BaseException:
            self.failed.emit(None)
            raise
        finally:
            self._planning -= 1

    @property
    def unmade(self) -> int:
        """How many pictures were asked for and are not there yet, those that are paused too."""
        return len(self._queue.open) + self._planning

    @property
    def resting(self) -> bool:
        """Whether no picture is made before the person says so."""
        paused = all(job.state is JobState.PAUSED for job in self._queue.open)
        return paused and not self._planning

    def submit(
        self, request: GenerationRequest, place: Place, origin: Origin, *, paused: bool = False
    ) -> JobId:
        """Ask for a picture that is planned already; `origin` goes to the library with it.

        A paused one waits for `resume`.
        """
        job = self._queue.add(request, JobState.PAUSED if paused else JobState.QUEUED)
        self._places[job.id] = place
        self._origins[job.id] = origin
        if not paused:
            self._runner.submit(job.id, request)
        self._tasks.start(self._keeper.prepare(origin))
        return job.id

    def resume(self, job: Job) -> None:
        """Make a picture that was paused, after those that were asked for before."""
        self._queue.resume(job.id)
        self._runner.submit(job.id, job.request)

    def planned(self, job: JobId) -> tuple[Place, Origin] | None:
        """Where a picture will go, and what it comes from; None once it is made."""
        return (self._places[job], self._origins[job]) if job in self._places else None

    def cancel(self) -> None:
        """Stop the job that runs, or the next one."""
        going = [
            job.id
            for job in self._queue.open
            if job.state is not JobState.PAUSED and job.id in self._places  # else it is made
        ]
        if going:
            self._runner.cancel(going[0])

    def end(self) -> None:
        """Stop every job, and begin no other."""
        self._ended = True
        self.cancel_paused()
        for job in self._queue.open:
            self._runner.cancel(job.id)

    def cancel_paused(self) -> None:
        """Give up those that wait to be resumed."""
        for job in self._queue.open:
            if job.state is JobState.PAUSED:
                self._places.pop(job.id, None)
                self._origins.pop(job.id, None)
                self._queue.end(job.id, JobState.CANCELLED)

    def _receive(self, job: JobId, event: Event) -> None:
        if self._queue.find(job) is None:  # over already: a late event
            return
        if isinstance(event, Progress):
            self._progress(job, event)
            return
        place, origin = self._places.pop(job), self._origins.pop(job)
        self._preview = None
        self._show(None)
        if isinstance(event, Finished):
            self._tasks.start(self._finish(job, event, place, origin))
        elif isinstance(event, Failed):
            self.failed.emit(None)  # first, or whoever waits for the last one takes it for made
            self._queue.end(job, JobState.FAILED, event.problem)
            self._say(f"{event.problem} {event.remedy}".strip())
        else:
            self._queue.end(job, JobState.CANCELLED)

    def _progress(self, job: JobId, event: Progress) -> None:
        self._queue.advance(job, event.stage, event.done, event.total)
        if event.preview is not None:
            self._preview = picture_to_image(event.preview)
        place = self._places[job]
        if place.canvas is self._desk.canvas:
            fraction = event.done / event.total if event.total else 0.0
            self._show(JobOverlay(place.frame, event.stage, fraction, self._preview))

    async def _finish(self, job: JobId, event: Finished, place: Place, origin: Origin) -> None:
        """On disk first, then on screen: nothing that was made is lost on the way."""
        found = self._queue.find(job)
        if found is None:
            return
        try:
            await self._keep(found.request, event, place, origin)
        finally:
            self._queue.end(job, JobState.FINISHED)

    async def _keep(
        self, request: GenerationRequest, event: Finished, place: Place, origin: Origin
    ) -> None:
        size = event.picture.size
        recipe = recipe_of(request, event.made, size.width, size.height)
        await self._keeper.keep(Result(event.picture, recipe, datetime.now(UTC), origin))
        name, where = f"Picture {recipe.seed}", request.strength_map
        paper = place.canvas.document.rect
        tiles, pristine = await self._tasks.in_storage(
            _placed, event.picture, place.frame, paper, where, mark_of_recipe(recipe)
        )
        self._when_free(
            lambda: put_tiles(place.canvas, tiles, name, generated=True, pristine=pristine)
        )
        if event.note:
            self._say(event.note)


def _placed(
    picture: Picture, frame: QRect, paper: QRect, where: StrengthMap | None, mark: Mark
) -> tuple[Tiles, str]:
    """The picture on the paper, and what LayerProps calls `pristine`. Any thread."""
    tiles = placed_tiles(picture, frame, paper, where)
    if mark is not Mark.GENERATED:
        return tiles, ""
    alone = Sheet(props=LayerProps(name=""), tiles=tiles)
    size = Size(paper.width(), paper.height())
    return tiles, flat_digest(Snapshot(size=size, sheets=(alone,)))
