"""What a prompt says beside its words: weights, LoRAs, and words with a meaning of their own."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from studio.core.errors import UserError

EMPHASIS = 1.1
"""What a pair of brackets multiplies the weight of its words by, or in square ones divides it."""

MAX_WEIGHT = 10.0
"""Larger weights, also as products of nested ones, are held at this."""

Kind = Literal["text", "open", "close"]

_TOKEN = re.compile(
    r"""
    \\(?P<escaped>[()\[\]\\])
    | :\s*(?P<weight>\d{1,4}(?:\.\d{0,20})?|\.\d{1,20})\s*\)
    | (?P<bracket>[()\[\]])
    | (?P<plain>[^()\[\]\\:]+ | [\\:])
    """,
    re.VERBOSE | re.ASCII,
)

_LORA = re.compile(
    r"<lora:\s*(?P<name>[^<>:\s](?:[^<>:\n]*[^<>:\s])?)\s*"
    r"(?::\s*(?P<weight>[+-]?(?:\d{1,4}(?:\.\d{0,20})?|\.\d{1,20})))?\s*>",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Span:
    """Text that counts as much as `weight` says: 1 is usual, 0 .. MAX_WEIGHT."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class LoraTag:
    """A LoRA that a prompt asks for by name, `weight` times as strong as it was trained."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Word:
    """A word that means what is kept under `name`, however it was written."""

    name: str


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the prompt: `text` as typed, `shown` where it turns out to be mere text."""

    text: str
    shown: str
    kind: Kind = "text"
    weight: float = 1.0  # by which a bracket that closes multiplies what is inside


def parse_prompt(prompt: str) -> tuple[Span, ...]:
    """The spans of a prompt, neighbours of different weights, none empty. Never raises.

    The grammar, which is the one that people know from AUTOMATIC1111's web UI::

        prompt   = { group | text }
        group    = "(" prompt ")"               times 1.1
                 | "(" prompt ":" number ")"    times the number, spaces around it allowed
                 | "[" prompt "]"               divided by 1.1
        number   = digits [ "." digits ] | "." digits
        text     = any other character, or one of ( ) [ ] \\ after a backslash, which goes

    Groups nest, and their weights multiply. Whatever does not fit is text, with all its
    characters: a bracket without its partner, a colon without a number, a sign before a number.
    A bracket closes the nearest open one of its own kind; open ones of the other kind inside are
    text. Unlike there, an open bracket does not reach to the end of the prompt.
    """
    tokens = _tokens(prompt)
    partners = _partners(tokens)
    spans: list[Span] = []
    weights = [1.0]
    for index, token in enumerate(tokens):
        if index not in partners:
            _append(spans, token.shown, weights[-1])
        elif token.kind == "open":
            weights.append(min(weights[-1] * tokens[partners[index]].weight, MAX_WEIGHT))
        else:
            weights.pop()
    return tuple(spans)


def take_loras(prompt: str) -> tuple[str, tuple[LoraTag, ...]]:
    """The prompt without its LoRA tags, and the tags in their order. Never raises.

    A tag is ``<lora:name:weight>`` or, at weight 1, ``<lora:name>``; the weight may be negative.
    Names hold no ``< > :`` and no newline. Whatever does not fit is text, and stays.
    """
    tags = [LoraTag(found["name"], float(found["weight"] or 1)) for found in _LORA.finditer(prompt)]
    return _LORA.sub("", prompt), tuple(tags)


def write_lora(tag: LoraTag) -> str:
    """The tag as it stands in a prompt. Raises UserError for names that no tag can hold."""
    text = f"<lora:{tag.name}:{tag.weight:.6f}".rstrip("0").rstrip(".") + ">"
    if take_loras(text)[0]:
        raise UserError(f"There can be no LoRA called '{tag.name}'.", "Check its name.")
    return text


def split_at_words(text: str, names: Iterable[str]) -> list[str | Word]:
    """The text, cut around those of `names` that stand in it as words of their own; none empty.

    Capital and small letters are the same. A word ends where neither a letter, a digit, "_" or
    "-" follows, nor a dot with one of them behind it; of names that fit, the longest counts.
    """
    known = sorted(names, key=len, reverse=True)
    if not known:
        return [text] if text else []
    either = "|".join(f"({re.escape(name)})" for name in known)
    pattern = re.compile(rf"(?<![\w-])(?<![\w-]\.)(?:{either})(?![\w-]|\.[\w-])", re.IGNORECASE)
    pieces: list[str | Word] = []
    end = 0
    for found in pattern.finditer(text):
        assert found.lastindex is not None
        pieces += [text[end : found.start()], Word(known[found.lastindex - 1])]
        end = found.end()
    return [piece for piece in (*pieces, text[end:]) if piece]


def _tokens(prompt: str) -> list[_Token]:
    return [_token(match) for match in _TOKEN.finditer(prompt)]


def _token(match: re.Match[str]) -> _Token:
    text = match[0]
    if match["escaped"]:
        return _Token(text, match["escaped"])
    if match["weight"]:
        return _Token(text, text, "close", float(match["weight"]))
    if text in ("(", "["):
        return _Token(text, text, "open")
    if text in (")", "]"):
        return _Token(text, text, "close", EMPHASIS if text == ")" else 1 / EMPHASIS)
    return _Token(text, text)


def _partners(tokens: list[_Token]) -> dict[int, int]:
    """Which opening bracket belongs to which closing one, both ways; others are text."""
    partners: dict[int, int] = {}
    waiting: list[int] = []
    count = {"(": 0, "[": 0}
    for index, token in enumerate(tokens):
        if token.kind == "open":
            waiting.append(index)
            count[token.text] += 1
        elif token.kind == "close":
            kind = "[" if token.text == "]" else "("
            while count[kind]:
                partner = waiting.pop()
                count[tokens[partner].text] -= 1
                if tokens[partner].text == kind:
                    partners.update({index: partner, partner: index})
                    break
    return partners


def _append(spans: list[Span], text: str, weight: float) -> None:
    if spans and spans[-1].weight == weight:
        text = spans.pop().text + text
    spans.append(Span(text, weight))
