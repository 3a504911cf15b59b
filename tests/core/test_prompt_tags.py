"""LoRA tags in prompts, and words with a meaning of their own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.prompt_syntax import (
    LoraTag,
    Word,
    split_at_words,
    take_loras,
    write_lora,
)

awkward = st.lists(
    st.sampled_from(["<lora:", "<", ">", ":", "a", "0.8", "-", " ", "\n", "é", "(", "lora"]),
    max_size=20,
).map("".join)
names = st.text(st.characters(codec="utf-8", exclude_characters="<>:"), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("prompt", "text", "tags"),
    [
        ("a <lora:ink:0.8> cat", "a  cat", [("ink", 0.8)]),
        ("<lora:ink>", "", [("ink", 1.0)]),
        ("<lora:ink:-1.5><lora:ink:+.5>", "", [("ink", -1.5), ("ink", 0.5)]),
        ("(a <lora:my style (v2)-1.0:1> b:1.3)", "(a  b:1.3)", [("my style (v2)-1.0", 1.0)]),
        ("<lora: ink : 2 >", "", [("ink", 2.0)]),
    ],
)
def test_a_tag_names_a_lora_and_leaves_the_text(
    prompt: str, text: str, tags: list[tuple[str, float]]
) -> None:
    assert take_loras(prompt) == (text, tuple(LoraTag(*tag) for tag in tags))


@pytest.mark.parametrize(
    "prompt",
    ["<lora:>", "<lora: >", "<lora:ink", "<lora:ink:>", "<lora:ink:much>", "<lora:ink:1:2>",
     "<lora:in\nk>", "<Lora:ink>", "lora:ink:1", "<hypernet:ink:1>", "<lora:ink:1e5>"],
)  # fmt: skip
def test_what_is_no_tag_stays_text(prompt: str) -> None:
    assert take_loras(prompt) == (prompt, ())


@given(awkward)
def test_no_prompt_is_an_error_and_only_tags_are_taken(prompt: str) -> None:
    text, tags = take_loras(prompt)
    assert (text == prompt) == (not tags)
    for tag in tags:
        assert tag.name == tag.name.strip() != ""
        assert prompt.count("<lora:") >= len(tags)


@given(names.map(str.strip).filter(bool), st.integers(-20_000, 20_000))
def test_tags_that_are_written_are_read(name: str, thousandths: int) -> None:
    tag = LoraTag(name, thousandths / 1000)
    if "\n" in name:
        with pytest.raises(UserError):
            write_lora(tag)
    else:
        assert take_loras(write_lora(tag)) == ("", (tag,))


def test_a_name_that_no_tag_can_hold_is_one_sentence() -> None:
    for name in ("", "a:b", "<a>", "a\nb"):
        with pytest.raises(UserError):
            write_lora(LoraTag(name, 1))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("a cat", ["a cat"]),
        ("by Ink.", ["by ", Word("ink"), "."]),
        ("ink,ink", [Word("ink"), ",", Word("ink")]),
        ("INK-2.0 inkwell", [Word("ink-2.0"), " inkwell"]),
        ("ink-2", ["ink-2"]),
        ("pre-ink _ink ink_ 1.ink ink.1", ["pre-ink _ink ink_ 1.ink ink.1"]),
        ("the end. ink", ["the end. ", Word("ink")]),
        ("a (b) c", ["a ", Word("(b)"), " c"]),
    ],
)
def test_whole_words_are_found_whatever_their_case(text: str, pieces: list[str | Word]) -> None:
    assert split_at_words(text, ["ink", "ink-2.0", "(b)"]) == pieces


@given(st.text(max_size=40), st.lists(names, max_size=4))
def test_nothing_is_lost_between_words(text: str, known: list[str]) -> None:
    pieces = split_at_words(text, known)
    assert all(pieces)
    rest = "".join(piece for piece in pieces if isinstance(piece, str))
    words = sum(len(piece.name) for piece in pieces if isinstance(piece, Word))
    assert len(rest) + words == len(text)
