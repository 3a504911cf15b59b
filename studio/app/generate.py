"""The job controller: from Generate to a saved picture and a layer."""

from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtGui import QImage

from studio.app.desk import Desk, put_picture
from studio.app.history import History
from studio.app.plan import Place, Tools, plan
from studio.app.runner import JobRunner
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.jobs import JobId, JobQueue, JobState
from studio.core.observed import Observed
from studio.core.recipe import recipe_of
from studio.core.request import GenerationRequest
from studio.core.seeds import draw_seed
from studio.engine.api import Event, Failed, Finished, Progress
from studio.paint.pictures import picture_to_image
from studio.ui.canvas.overlay import JobOverlay


class Generator:
    """Starts and follows jobs. UI thread only."""

    def __init__(
        self,
        form: Observed[FormState],
        queue: JobQueue,
        desk: Desk,
        runner: JobRunner,
        history: History,
        tasks: Tasks,
        tools: Callable[[], Tools],
        show: Callable[[JobOverlay | None], None],
        say: Callable[[str], None],
    ) -> None:
        self._form = form
        self._queue = queue
        self._desk = desk
        self._runner = runner
        self._history = history
        self._tasks = tasks
        self._tools = tools
        self._show = show
        self._say = say
        self._places: dict[JobId, Place] = {}
        self._preview: QImage | None = None
        runner.arrived.connect(lambda arrival: self._receive(*arrival))
        desk.replaced.connect(lambda _: show(None))

    def generate(self) -> None:
        """Ask for a picture of what the form says, now. What cannot be asked for is told."""
        form = self._form.value
        seed = form.seed if form.seed_locked else draw_seed()
        try:
            request, place = plan(form, self._tools(), self._desk.canvas, seed)
        except UserError as error:
            self._say(str(error))
            return
        self._form.change(seed=seed)
        job = self._queue.add(request)
        self._places[job.id] = place
        self._runner.submit(job.id, request)

    def cancel(self) -> None:
        """Stop the job that runs, or the next one."""
        if self._queue.open:
            self._runner.cancel(self._queue.open[0].id)

    def cancel_all(self) -> None:
        """Stop every job."""
        for job in self._queue.open:
            self._runner.cancel(job.id)

    def _receive(self, job: JobId, event: Event) -> None:
        if self._queue.find(job) is None:  # over already: a late event
            return
        if isinstance(event, Progress):
            self._progress(job, event)
            return
        place = self._places.pop(job)
        self._preview = None
        self._show(None)
        if isinstance(event, Finished):
            self._tasks.start(self._finish(job, event, place))
        elif isinstance(event, Failed):
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

    async def _finish(self, job: JobId, event: Finished, place: Place) -> None:
        """On disk first, then on screen: nothing that was made is lost on the way."""
        found = self._queue.find(job)
        if found is None:
            return
        try:
            await self._keep(found.request, event, place)
        finally:
            self._queue.end(job, JobState.FINISHED)

    async def _keep(self, request: GenerationRequest, event: Finished, place: Place) -> None:
        size = event.picture.size
        recipe = recipe_of(request, event.made, size.width, size.height)
        try:
            await self._history.keep(event.picture, recipe, datetime.now(UTC))
        except UserError as error:
            self._say(f"{error} The picture is on the canvas; save it from there.")
        put_picture(place.canvas, event.picture, place.frame, f"Picture {recipe.seed}")
        if event.note:
            self._say(event.note)
