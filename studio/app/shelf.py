"""The models that can be chosen, and the one that is."""

from studio.app.desk import Desk
from studio.app.places import STARTER, model_folders
from studio.app.plan import offered_sizes
from studio.app.runner import JobRunner
from studio.app.tasks import Tasks
from studio.core.form import FormState
from studio.core.observed import Observed
from studio.engine.catalogue import ModelInfo, describe, find_models, resolve
from studio.storage.paths import AppPaths
from studio.ui.panels.prompt import PromptPanel


class Shelf:
    """Keeps the prompt panel's model and sizes right."""

    def __init__(
        self,
        paths: AppPaths,
        form: Observed[FormState],
        desk: Desk,
        panel: PromptPanel,
        runner: JobRunner,
        tasks: Tasks,
    ) -> None:
        self._folders = model_folders(paths)
        self._form = form
        self._desk = desk
        self._panel = panel
        self._runner = runner
        self._tasks = tasks
        self._starter = describe(STARTER)
        self._current = self._starter
        form.changed.connect(self._choose)
        desk.replaced.connect(lambda _: self._offer())
        self._offer()

    def current(self) -> ModelInfo:
        """The model that the next picture is made with."""
        return self._current

    async def open(self) -> None:
        """Look for models, then load the chosen one, so that the first picture comes soon."""
        models = await self._tasks.in_storage(find_models, self._folders)
        names = [model.name for model in models if isinstance(model, ModelInfo)]
        others = [name for name in names if name != self._starter.name]
        self._panel.show_models((self._starter.name, *others))
        self._choose(self._form.value)
        self._runner.prepare(self._current.path)

    def _choose(self, form: FormState) -> None:
        if (form.model or self._starter.name) != self._current.name:
            self._tasks.start(self._take(form.model))

    async def _take(self, name: str) -> None:
        if name:
            self._current = await self._tasks.in_storage(resolve, name, self._folders)
        else:
            self._current = self._starter
        self._offer()
        self._runner.prepare(self._current.path)

    def _offer(self) -> None:
        self._panel.show_sizes(offered_sizes(self._current.rule, self._desk.canvas))
