"""The models that can be chosen, and the one that is."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from studio.app.making.plan import Tools, offered_sizes
from studio.app.making.runner import JobRunner
from studio.app.painting.desk import Desk
from studio.app.places import STARTER, adapter_folders, model_folders, upscaler_folders
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.observed import Observed
from studio.core.request import SAMPLER_NAMES
from studio.core.sizing import SizeRule
from studio.engine.adapters import Adapters
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
        self._adapters = Adapters(adapter_folders(paths))
        self._told: set[Path] = set()  # of which broken models
        self._wanted = ""  # the name that was chosen last, if not yet found
        self._looking = 1  # looks for a model that are under way; `open` is the first
        self._waiting: list[Callable[[], None]] = []  # for the chosen model to be found
        self._names: tuple[str, ...] = ()  # of the person's models
        self._upscalers: Mapping[str, Path] = {}
        self._form = form
        self._desk = desk
        self._panel = panel
        self._runner = runner
        self._tasks = tasks
        self._say = say
        self._starter = describe(STARTER)
        self._current = self._starter
        self.rule: Observed[SizeRule] = Observed(self._starter.rule)  # of the model that is chosen
        self._advice = advice_for(self._starter)
        form.changed.connect(self._choose)
        desk.replaced.connect(lambda _: self.offer_sizes())
        self.offer_sizes()

    def tools(self) -> Tools:
        """What the next picture is made with."""
        return Tools(self._current, self._upscalers, self._adapters)

    def name_in_form(self, name: str) -> str | None:
        """What the form calls the model of that name; None if it is not here."""
        if name == self._starter.name:
            return ""
        return name if name in self._names else None

    def when_ready(self, then: Callable[[], None]) -> None:
        """Call `then` once the model that was chosen last is known; mostly that is now."""
        if self._looking:
            self._waiting.append(then)
        else:
            then()

    async def open(self) -> None:
        """Look for models, then load the chosen one, so that the first picture comes soon."""
        try:
            await self.look()
            self._wanted = name = self._form.value.model
            if name != self._name(self._current):
                await self._change_to(name)
            else:
                self._runner.prepare(self._current.path)
        finally:
            self._end_look()

    async def look(self) -> None:
        """Look for what there is by now, and offer it."""
        models = await self._tasks.in_storage(find_models, self._folders)
        names = [model.name for model in models if isinstance(model, ModelInfo)]
        self._tell([model for model in models if isinstance(model, BrokenModel)])
        self._names = tuple(name for name in names if name != self._starter.name)
        self._panel.show_models((self._starter.name, *self._names))
        self._upscalers = await self._tasks.in_storage(find_upscalers, self._upscaler_folders)
        self._adapters = await self._tasks.in_storage(Adapters.look, self._adapters.folders)
        self._panel.show_adapters(tuple(self._adapters.loras), tuple(self._adapters.vaes))
        self._panel.show_upscalers(tuple(self._upscalers))

    def _tell(self, broken: list[BrokenModel]) -> None:
        """Say once of each what cannot be used, however many there are."""
        fresh = [model for model in broken if model.path not in self._told]
        self._told |= {model.path for model in fresh}
        if fresh:
            more = f" So it is with {len(fresh) - 1} more: see 'models'." if fresh[1:] else ""
            self._say(f"{fresh[0].problem} {fresh[0].remedy}{more}")

    def _choose(self, form: FormState) -> None:
        if form.model != self._wanted:
            self._wanted = form.model
            self._looking += 1
            self._tasks.start(self._take(form.model))

    async def _take(self, name: str) -> None:
        try:
            await self._change_to(name)
        finally:
            self._end_look()

    async def _change_to(self, name: str) -> None:
        before = self._advice
        try:
            self._current, self._advice = await self._tasks.in_storage(self._find, name)
        except UserError:
            if self._wanted == name:  # and not another one since
                self._wanted = self._name(self._current)
                self._form.change(model=self._wanted)  # as it was; the task tells why
            raise
        else:
            self._suit(before)
            self.offer_sizes()
            self._runner.prepare(self._current.path)

    def _end_look(self) -> None:
        """Only with the last one the model is the one that the form names."""
        self._looking -= 1
        if not self._looking:
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then()

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

    def offer_sizes(self) -> None:
        """Offer those that suit the model, and the part of the painting that it sees."""
        self.rule.set(self._current.rule)
        canvas = self._desk.canvas
        sizes = offered_sizes(self._current.rule, canvas)
        self._panel.show_sizes(sizes, framed=canvas.frame.value is not None)


def advised(form: FormState) -> Advice:
    """What of a form models have advice about."""
    return Advice(form.steps, form.guidance, form.sampler)
