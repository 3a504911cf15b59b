from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.storage.library.entry import Query
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin
from tests.storage.library.shelves import NOW, listed
from tests.storage.samples import RECIPE, gradient, texts

PICTURE = gradient(4, 4)
START = datetime(2026, 1, 1, tzinfo=UTC)


def add(library: Library, prompt: str = "a fox", day: int = 0, **recipe: object) -> int:
    made = replace(RECIPE, prompt=prompt, **recipe)  # type: ignore[arg-type]
    return library.add(PICTURE, made, START + timedelta(days=day)).id


def test_the_newest_come_first_whenever_they_were_brought_in(library: Library) -> None:
    late, early, middle = (add(library, day=day) for day in (9, 1, 5))
    assert list(library.ids()) == [late, middle, early]


def test_words_are_found_by_their_beginnings_in_prompts_notes_and_tags(library: Library) -> None:
    fox = add(library, "A red fox, (café:1.3)", negative="blurry")
    hare = add(library, "a brown hare")
    library.note(hare, "for grandmother's birthday")
    library.tag([hare], "best of spring")
    for words, found in (
        ("fox", [fox]),
        ("RE", [fox]),
        ("cafe", [fox]),
        ("blur", [fox]),
        ("birth", [hare]),
        ("spring brown", [hare]),
        ("fox hare", []),
        ("ox", []),
        ("  ", [hare, fox]),
        ("!!", [hare, fox]),
        ("a", [hare, fox]),
    ):
        assert list(library.ids(Query(words=words))) == found, words
    library.tag([hare], "BEST of spring", on=False)
    library.note(hare, "")
    assert listed(library, words="spring") == listed(library, words="birthday") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(words=texts | st.text(alphabet='"*()^:-+NEAR OR', max_size=20))
def test_anything_may_be_typed_into_the_search(library: Library, words: str) -> None:
    library.ids(Query(words=words, model=words, tag=words, collection=words))


def test_filters_hold_all_at_once(library: Library) -> None:
    old, new = add(library, day=1, seed=5), add(library, day=3, seed=6, model_name="other")
    big = library.add(gradient(40, 8), RECIPE, START + timedelta(days=5)).id
    noon = START + timedelta(days=3)
    library.star([new])
    library.collect([new, old], "Foxes")
    for query, found in (
        (Query(seed=5), [old]),
        (Query(model="other"), [new]),
        (Query(min_side=40), [big]),
        (Query(max_side=39), [new, old]),
        (Query(since=noon), [big, new]),
        (Query(until=noon), [old]),
        (Query(starred=True), [new]),
        (Query(collection="foxes"), [new, old]),
        (Query(collection="foxes", starred=True, model="starter"), []),
        (Query(seed=10**30), []),
    ):
        assert list(library.ids(query)) == found, query


def test_labels_are_listed_with_their_entries_and_counted(library: Library) -> None:
    first, second = add(library), add(library)
    library.tag([first, second], "  Fox   cub ")
    library.tag([second], "FOX CUB")
    library.tag([second, 999], "ant")
    library.collect([first], "Ideas")
    assert library.tags() == {"ant": 1, "Fox cub": 2}
    assert library.collections() == {"Ideas": 1}
    assert library.models() == {"starter": 2}
    (entry,) = library.entries([second])
    assert (entry.tags, entry.collections) == (("ant", "Fox cub"), ())
    library.bin([second])
    assert library.tags() == {"Fox cub": 1}
    for wrong in ("", " \n", "x" * 101):
        with pytest.raises(UserError, match="no name for a tag"):
            library.tag([first], wrong)


def test_lineage_leads_both_ways(library: Library) -> None:
    parent = library.add(PICTURE, RECIPE, NOW)
    child = library.add(PICTURE, RECIPE, NOW, Origin(parent=parent.id, relation="refined"))
    assert (child.parent, child.relation) == (parent.id, "refined")
    assert listed(library, parent=parent.id) == [child]


def test_entries_come_in_the_order_asked_for_without_those_that_are_gone(library: Library) -> None:
    ids = [add(library, day=day) for day in range(3)]
    asked = [ids[2], 12345, ids[0]]
    assert [entry.id for entry in library.entries(asked)] == [ids[2], ids[0]]
    assert set(library.thumbnails(asked)) == {ids[0], ids[2]}
