"""Whatever is done to a library in whatever order, it says what was done."""

import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from studio.storage.library.entry import Query
from studio.storage.library.library import Library
from studio.storage.library.rebuild import rebuild
from studio.storage.library.verify import verify
from tests.storage.samples import RECIPE, gradient

START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("fox", "hare", "owl")


@dataclass(eq=False)
class Known:
    """A picture as it should be."""

    id: int
    day: int
    seed: int
    words: set[str]
    starred: bool = False
    binned: bool = False
    tags: set[str] = field(default_factory=set)


class Life(RuleBasedStateMachine):
    """A library beside a list of what was done to it."""

    pictures = Bundle("pictures")

    def __init__(self) -> None:
        super().__init__()
        self.space = tempfile.TemporaryDirectory()
        self.folder = Path(self.space.name) / "library"
        self.library = Library(self.folder)
        self.known: list[Known] = []

    @rule(target=pictures, day=st.integers(0, 3), words=st.sets(st.sampled_from(WORDS)))
    def add(self, day: int, words: set[str]) -> Known:
        seed = len(self.known)
        recipe = replace(RECIPE, prompt=" ".join(sorted(words)), seed=seed)
        entry = self.library.add(gradient(2, 2), recipe, START + timedelta(days=day))
        made = Known(entry.id, day, seed, set(words))
        self.known.append(made)
        return made

    @rule(picture=pictures, on=st.booleans())
    def star(self, picture: Known, on: bool) -> None:
        self.library.star([picture.id], on)
        picture.starred = on

    @rule(picture=pictures, tag=st.sampled_from(("Best", "vixen")), on=st.booleans())
    def tag(self, picture: Known, tag: str, on: bool) -> None:
        self.library.tag([picture.id], tag, on)
        (picture.tags.add if on else picture.tags.discard)(tag)

    @rule(picture=pictures)
    def bin(self, picture: Known) -> None:
        self.library.bin([picture.id])
        picture.binned = True

    @rule(picture=pictures)
    def restore(self, picture: Known) -> None:
        self.library.restore([picture.id])
        picture.binned = False

    @rule(doomed=st.lists(consumes(pictures), max_size=2))
    def empty(self, doomed: list[Known]) -> None:
        for each in self.known:
            (self.library.bin if each in doomed else self.library.restore)([each.id])
            each.binned = False
        assert self.library.empty() == len(set(doomed))
        self.known = [each for each in self.known if each not in doomed]

    @rule()
    def open_again(self) -> None:
        self.library.close()
        self.library = Library(self.folder)

    @rule()
    def rebuild(self) -> None:
        before = {entry.path: entry.id for entry in self.library.entries([*self.every()])}
        self.library.close()
        assert not [step for step in rebuild(self.folder) if step.trouble]
        self.library = Library(self.folder)
        now = {before[entry.path]: entry.id for entry in self.library.entries([*self.every()])}
        for each in self.known:
            each.id = now[each.id]

    def every(self) -> list[int]:
        return [*self.library.ids(), *self.library.ids(Query(binned=True))]

    @invariant()
    def says_what_was_done(self) -> None:
        shown = [each for each in self.known if not each.binned]
        shown.sort(key=lambda each: (each.day, each.id), reverse=True)
        assert list(self.library.ids()) == [each.id for each in shown]
        for entry, each in zip(self.library.entries(self.library.ids()), shown, strict=True):
            assert (entry.recipe.seed, entry.starred) == (each.seed, each.starred)
            assert set(entry.tags) == each.tags
        for words, query in (("fox", Query(words="fo")), ("vixen", Query(words="VIX"))):
            found = [each.id for each in shown if words in each.words | each.tags]
            assert list(self.library.ids(query)) == found
        starred = [each.id for each in shown if each.starred]
        assert list(self.library.ids(Query(starred=True))) == starred
        assert sorted(self.every()) == sorted(each.id for each in self.known)

    def teardown(self) -> None:
        assert not [step for step in verify(self.library.shelf) if step.trouble]
        self.library.close()
        self.space.cleanup()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=6, stateful_step_count=20, deadline=None)
