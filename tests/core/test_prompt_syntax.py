"""Weights in prompts, and that nothing typed is ever an error."""

import itertools
import math
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.prompt_syntax import EMPHASIS, MAX_WEIGHT, Span, parse_prompt

awkward = st.text(alphabet="()[]:\\.0123 ab,\n-", max_size=60) | st.text(max_size=60)
plain = st.text(st.characters(exclude_characters="()[]\\"), min_size=1, max_size=30)


def pairs(prompt: str) -> list[tuple[str, float]]:
    return [(span.text, pytest.approx(span.weight)) for span in parse_prompt(prompt)]


@pytest.mark.parametrize(
    ("prompt", "spans"),
    [
        ("", []),
        ("a cat", [("a cat", 1)]),
        ("a (red) cat", [("a ", 1), ("red", 1.1), (" cat", 1)]),
        ("a (red:1.3) cat", [("a ", 1), ("red", 1.3), (" cat", 1)]),
        ("(red : .5 )", [("red ", 0.5)]),
        ("(red:0)", [("red", 0)]),
        ("[red]", [("red", 1 / 1.1)]),
        ("((red))", [("red", 1.21)]),
        ("(a (b:2) [c])", [("a ", 1.1), ("b", 2.2), (" ", 1.1), ("c", 1)]),
        ("(a:1.2:1.3)", [("a:1.2", 1.3)]),
        (r"a \(red\) \[cat\] \\", [(r"a (red) [cat] \ "[:-1], 1)]),
        (r"(a\):2)", [("a)", 2)]),
        ("()(:2)[]", []),
        ("(a)(b)", [("ab", 1.1)]),
    ],
)
def test_brackets_give_weights(prompt: str, spans: list[tuple[str, float]]) -> None:
    assert pairs(prompt) == spans


@pytest.mark.parametrize(
    "prompt",
    ["(a", "a)", "[a", "a]", ":)", "a:1.3)", "[a:1.3)", "\\", "\\a", "a: b", ")(", "][", "(a]"],
)
def test_what_does_not_fit_is_text(prompt: str) -> None:
    assert parse_prompt(prompt) == (Span(prompt, 1.0),)


@pytest.mark.parametrize("inside", ["a:-1", "a:+1", "a:1e3", "a:b", "a:1.2.3", "a:99999", "a:"])
def test_numbers_of_another_form_are_text(inside: str) -> None:
    assert pairs(f"({inside})") == [(inside, EMPHASIS)]
    assert pairs(f"[{inside}]") == [(inside, 1 / EMPHASIS)]


def test_a_bracket_closes_the_nearest_of_its_kind() -> None:
    assert pairs("(a [b) c]") == [("a [b", 1.1), (" c]", 1)]
    assert pairs("[a (b] c)") == [("a (b", 1 / 1.1), (" c)", 1)]


def test_weights_are_held_within_bounds() -> None:
    assert parse_prompt("(a:9999)") == (Span("a", MAX_WEIGHT),)
    assert parse_prompt("(" * 3000 + "a" + ":9)" * 3000) == (Span("a", MAX_WEIGHT),)
    assert parse_prompt("(" * 900 + "(a:0)" + ":9)" * 900) == (Span("a", 0.0),)


@given(awkward)
def test_no_prompt_is_an_error_and_no_word_is_lost(prompt: str) -> None:
    spans = parse_prompt(prompt)
    assert all(math.isfinite(span.weight) and 0 <= span.weight <= MAX_WEIGHT for span in spans)
    assert all(span.text for span in spans)
    assert all(one.weight != two.weight for one, two in itertools.pairwise(spans))
    text = "".join(span.text for span in spans)
    left = iter(prompt)
    assert all(character in left for character in text)  # in the same order
    lost = Counter(prompt) - Counter(text)
    assert all(re.fullmatch(r"[()\[\]\\:.0-9\s]", character) for character in lost)


@given(plain)
def test_text_without_brackets_is_itself(text: str) -> None:
    assert parse_prompt(text) == (Span(text, 1.0),)


@given(awkward.filter(bool))
def test_text_after_backslashes_is_itself(text: str) -> None:
    escaped = re.sub(r"([()\[\]\\])", r"\\\1", text)
    assert parse_prompt(escaped) == (Span(text, 1.0),)
    assert pairs(f"({escaped}:1.5)") == [(text, 1.5)]
