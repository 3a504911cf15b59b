"""The models that can be chosen, and the one that is."""

from collections.abc import Callable

from studio.app.desk import Desk
from studio.app.places import STARTER, model_folders
from studio.app.plan import offered_sizes
from studio.app.runner import JobRunner
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.observed import Observed
from studio.engine.models.catalogue import BrokenModel, describe, find_models, resolve
from studio.engine.models.info import ModelInfo
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
        say: Callable[[str], None],
    ) -> None:
        self._folders = model_folders(paths)
        self._form = form
        self._desk = desk
        self._panel = panel
        self._runner = runner
        self._tasks = tasks
        self._say = say
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
        for model in models:
            if isinstance(model, BrokenModel):
                self._say(f"{model.problem} {model.remedy}")
        others = [name for name in names if name != self._starter.name]
        self._panel.show_models((self._starter.name, *others))
        self._choose(self._form.value)
        self._runner.prepare(self._current.path)

    def _choose(self, form: FormState) -> None:
        if form.model != self._name(self._current):
            self._tasks.start(self._take(form.model))

    async def _take(self, name: str) -> None:
        try:
            self._current = await self._tasks.in_storage(self._find, name)
        except UserError:
            self._form.change(model=self._name(self._current))  # as it was; the task tells why
            raise
        self._offer()
        self._runner.prepare(self._current.path)

    def _find(self, name: str) -> ModelInfo:
        return resolve(name, self._folders) if name else self._starter

    def _name(self, model: ModelInfo) -> str:
        return "" if model == self._starter else model.name

    def _offer(self) -> None:
        self._panel.show_sizes(offered_sizes(self._current.rule, self._desk.canvas))
