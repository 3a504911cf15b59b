"""The models that can be chosen, and the one that is."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from studio.app.desk import Desk
from studio.app.places import STARTER, model_folders, upscaler_folders
from studio.app.plan import Tools, offered_sizes
from studio.app.runner import JobRunner
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.observed import Observed
from studio.core.request import SAMPLER_NAMES
from studio.engine.models.advice import Advice, advice_for
from studio.engine.models.catalogue import BrokenModel, describe, find_models, resolve
from studio.engine.models.info import ModelInfo
from studio.engine.upscalers import find_upscalers
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
        self._upscaler_folders = upscaler_folders(paths)
        self._upscalers: Mapping[str, Path] = {}
        self._form = form
        self._desk = desk
        self._panel = panel
        self._runner = runner
        self._tasks = tasks
        self._say = say
        self._starter = describe(STARTER)
        self._current = self._starter
        self._advice = advice_for(self._starter)
        form.changed.connect(self._choose)
        desk.replaced.connect(lambda _: self._offer())
        self._offer()

    def tools(self) -> Tools:
        """What the next picture is made with."""
        return Tools(self._current, self._upscalers)

    async def open(self) -> None:
        """Look for models, then load the chosen one, so that the first picture comes soon."""
        models = await self._tasks.in_storage(find_models, self._folders)
        names = [model.name for model in models if isinstance(model, ModelInfo)]
        for model in models:
            if isinstance(model, BrokenModel):
                self._say(f"{model.problem} {model.remedy}")
        others = [name for name in names if name != self._starter.name]
        self._panel.show_models((self._starter.name, *others))
        self._upscalers = await self._tasks.in_storage(find_upscalers, self._upscaler_folders)
        self._panel.show_upscalers(tuple(self._upscalers))
        self._choose(self._form.value)
        self._runner.prepare(self._current.path)

    def _choose(self, form: FormState) -> None:
        if form.model != self._name(self._current):
            self._tasks.start(self._take(form.model))

    async def _take(self, name: str) -> None:
        before = self._advice
        try:
            self._current, self._advice = await self._tasks.in_storage(self._find, name)
        except UserError:
            self._form.change(model=self._name(self._current))  # as it was; the task tells why
            raise
        self._suit(before)
        self._offer()
        self._runner.prepare(self._current.path)

    def _suit(self, before: Advice) -> None:
        """Take over what the model does well with, unless the person has settings of their own."""
        if advised(self._form.value) == before:
            self._form.change(**asdict(self._advice))
        elif advised(self._form.value) != self._advice:
            advice = self._advice
            self._say(
                f"{self._current.name} does well with {advice.steps} steps, guidance "
                f"{advice.guidance:g} and {SAMPLER_NAMES[advice.sampler]}; your own are kept."
            )

    def _find(self, name: str) -> tuple[ModelInfo, Advice]:
        info = resolve(name, self._folders) if name else self._starter
        return info, advice_for(info)

    def _name(self, model: ModelInfo) -> str:
        return "" if model == self._starter else model.name

    def _offer(self) -> None:
        self._panel.show_sizes(offered_sizes(self._current.rule, self._desk.canvas))


def advised(form: FormState) -> Advice:
    """What of a form models have advice about."""
    return Advice(form.steps, form.guidance, form.sampler)
