"""Finding actions by a few letters."""

from hypothesis import given
from hypothesis import strategies as st

from studio.core.search import found

TEXTS = ["Zoom in View", "Zoom out View", "Merge down Layer", "Add layer Layer", "Brush Tool"]


def test_what_begins_a_word_comes_first_and_shorter_before_longer() -> None:
    assert found("lay", TEXTS) == [3, 2]
    assert found("in", ["Painting", "Zoom in"]) == [1, 0]
    assert found("zoom out", TEXTS) == [1]


def test_letters_in_their_order_are_enough() -> None:
    assert found("mdn", TEXTS) == [2]
    assert found("zzz", TEXTS) == []


@given(st.text(), st.lists(st.text()))
def test_everything_that_contains_what_was_typed_is_found_once(
    query: str, texts: list[str]
) -> None:
    places = found(query, texts)
    assert len(places) == len(set(places))
    words = query.casefold().split()
    for index, text in enumerate(texts):
        if all(word in text.casefold() for word in words):
            assert index in places
