"""A picture of the library as a beginning: made again, refined, or varied."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from studio.app.making.generate import Generator
from studio.app.making.plan import Place, place_again
from studio.app.making.remake import Remake, Stock, remake
from studio.app.painting.desk import Desk
from studio.app.results.librarian import Librarian
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.form import SHARED, FormState
from studio.core.observed import Observed
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.recipe import Recipe
from studio.core.remaking import differences
from studio.core.request import GenerationRequest, Refine
from studio.core.seeds import draw_seed
from studio.engine.digests import Digests
from studio.storage.library.entry import Entry, Relation
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin, Sketch
from studio.storage.likeness import Likeness, likeness
from studio.storage.paths import AppPaths

VARIATION = 0.2
"""How far a variation goes from the noise of the picture's own seed."""

MAX_TOLD = 3
"""Differences that are told in one sentence."""

log = logging.getLogger(__name__)


class Again:
    """Asks for pictures that come from one in the library. UI thread only.

    They go through the queue like any other; one that was made again is compared once it is done.
    All methods raise UserError where the picture is gone, or cannot be made from what is here.
    """

    def __init__(
        self,
        paths: AppPaths,
        librarian: Librarian,
        generator: Generator,
        desk: Desk,
        form: Observed[FormState],
        tasks: Tasks,
        say: Callable[[str], None],
    ) -> None:
        self._paths = paths
        self._librarian = librarian
        self._generator = generator
        self._desk = desk
        self._form = form
        self._say = say
        self._digests = Digests()

        def compare(added: tuple[Entry, bytes]) -> None:
            entry, _ = added
            if entry.relation == "rerun" and entry.parent is not None:
                tasks.start(self._compare(entry.parent, entry))

        librarian.added.connect(compare)

    async def make(self, which: int) -> None:
        """Make the picture again from its recipe, to see whether it comes out the same."""
        await self._ask(which, "rerun", lambda request, stock: request)

    async def refine(self, which: int) -> None:
        """Make it again and refine it as the form says."""
        form = self._form.value

        def refined(request: GenerationRequest, stock: Stock) -> GenerationRequest:
            upscaler = stock.upscalers.get(form.refine_upscaler)
            how = Refine(form.refine_factor, form.refine_strength, upscaler)
            return replace(request, refine=how)

        await self._ask(which, "refined", refined)

    async def vary(self, which: int, amount: float = VARIATION) -> None:
        """Make another one that is much like it; `amount` 1 is as far away as another seed."""

        def varied(request: GenerationRequest, stock: Stock) -> GenerationRequest:
            return replace(request, variation=amount, variation_seed=draw_seed())

        await self._ask(which, "varied", varied)

    async def _ask(
        self,
        which: int,
        relation: Relation,
        change: Callable[[GenerationRequest, Stock], GenerationRequest],
    ) -> None:
        with self._generator.planning():
            kept = await self._librarian.read(lambda library: _kept(library, which))

            def find() -> tuple[Remake, GenerationRequest]:
                stock = Stock.look(self._paths, self._digests)
                found = remake(kept.recipe, stock, kept)
                return found, change(found.request, stock)

            # Files may have to be read to the end to know them: no thread that others wait for.
            found, request = await asyncio.to_thread(find)
            if found.missing:
                self._say(f"{' '.join(found.missing)} The picture is made without.")
            place = kept.place_on(self._desk)
            origin = kept.origin(request, relation, self._desk.saved_as)
            self._generator.submit(request, place, origin)

    async def _compare(self, parent: int, made: Entry) -> None:
        before, found = await self._librarian.read(lambda library: _compared(library, parent, made))
        told = differences(before, made.recipe)[:MAX_TOLD]
        because = f" Not as it was: {'; '.join(map(str, told))}." if told else ""
        self._say(f"Made again: {found.verdict}, {found}.{because}")


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the library has of a picture that is to be made again."""

    entry: Entry
    source: Picture | None
    strength_map: StrengthMap | None
    sketch: Sketch | None

    @property
    def recipe(self) -> Recipe:
        return self.entry.recipe

    def picture_of(self, digest: str) -> Picture | None:
        return self.source

    def map_of(self, digest: str) -> StrengthMap | None:
        return self.strength_map

    def place_on(self, desk: Desk) -> Place:
        """Where the picture was, if this is its painting and has room there; else in the middle."""
        ours = self.entry.document == desk.saved_as
        frame = self.sketch.frame if self.sketch and ours else None
        return place_again(desk.canvas, frame, Size(self.recipe.width, self.recipe.height))

    def origin(self, request: GenerationRequest, relation: Relation, document: str) -> Origin:
        """What the new picture comes from: the same painting, and this picture."""
        return Origin(
            snapshot=self.sketch.snapshot if self.sketch else None,
            form=self._form_for(request),
            frame=self.sketch.frame if self.sketch else None,
            source=request.source,
            strength_map=request.strength_map,
            document=document,
            parent=self.entry.id,
            relation=relation,
        )

    def _form_for(self, request: GenerationRequest) -> FormState | None:
        """The form of its painting, as it would be for this request."""
        form, refine = self.sketch.form if self.sketch else None, request.refine
        if form is None:
            return None
        form = replace(form, **{name: getattr(request, name) for name in SHARED})
        if refine is None:
            return replace(form, refine=False)
        return replace(
            form,
            refine=True,
            refine_factor=refine.factor,
            refine_strength=refine.strength,
            refine_upscaler=refine.upscaler.stem if refine.upscaler else "",
        )


def _kept(library: Library, which: int) -> _Kept:
    entry = _entry(library, which)
    source, strength_map = entry.recipe.source, entry.recipe.strength_map
    return _Kept(
        entry,
        library.picture_of(source) if source else None,
        library.map_of(strength_map) if strength_map else None,
        _sketch(library, entry),
    )


def _sketch(library: Library, entry: Entry) -> Sketch | None:
    """The painting it was made from; a picture can be made again without it."""
    try:
        return library.sketch(entry)
    except UserError as error:
        log.warning("The painting that a picture was made from cannot be read: %s", error)
        return None


def _compared(library: Library, parent: int, made: Entry) -> tuple[Recipe, Likeness]:
    before = _entry(library, parent)
    return before.recipe, likeness(library.read(before), library.read(made))


def _entry(library: Library, which: int) -> Entry:
    found = library.entries([which])
    if not found:
        raise UserError("That picture is not in the library any more.", "It was deleted.")
    return found[0]
