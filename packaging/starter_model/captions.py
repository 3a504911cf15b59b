"""Says in words what a scene shows, the same thing in ever other words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import words
from sprites import Sprite


@dataclass(frozen=True)
class Wording:
    """What a caption says of one thing beside its noun; None says nothing of it."""

    sprite: Sprite
    colour: str | None
    size: str | None
    count: int = 1


def caption_of(
    rng: random.Random,
    wording: Sequence[Wording],
    relation: str | None,
    where: str,
    place: words.Background,
    weather: str | None,
    effect: str | None,
) -> str:
    """A scene in words, some of them left out.

    Args:
        rng: chooses the words.
        wording: the scene's one, two or three kinds of thing.
        relation: a key of words.RELATIONS, between the first two.
        where: words for the only thing's position, or none.
        place, weather, effect: of the scene.
    """
    parts = [_spoken(rng, entry) for entry in wording]
    style = wording[0].sprite.style
    adjectives, beginnings = words.STYLES.get(style, ((style,), (f"a {style} picture of",)))
    says_style = effect is None and rng.random() < 0.5
    begin = rng.choice(beginnings) if says_style and rng.random() < 0.4 else ""
    if says_style and not begin:
        parts[0] = _with_adjective(parts[0], rng.choice(adjectives))
    ending = ""
    if effect is not None:
        beginnings, endings = words.EFFECTS[effect]
        begin, ending = rng.choice(((rng.choice(beginnings), ""), ("", rng.choice(endings))))
    says_place = rng.random() < 0.93
    told_weather = rng.choice(words.WEATHER[weather]) if weather else ""
    if rng.random() < 0.07:
        tags = [*(_bare(part) for part in parts), place.tag if says_place else "", told_weather]
        return ", ".join(tag for tag in (*tags, _bare(begin.removesuffix(" of")), ending) if tag)
    told_place = rng.choice(place.phrases) if says_place else ""
    subject = " ".join(word for word in (_joined(rng, parts, relation), where) if word)
    return _ordered(rng, begin, subject, told_place, told_weather, ending)


def _ordered(
    rng: random.Random, begin: str, subject: str, place: str, weather: str, ending: str
) -> str:
    """Puts the pieces one after another, now and then the place first."""
    around = " ".join(part for part in (place, weather) if part)
    if around and not begin and rng.random() < 0.1:
        text = f"{around}, {subject}"
    else:
        comma = "," if around and rng.random() < 0.08 else ""
        text = " ".join(part for part in (begin, subject + comma, around) if part)
    if not ending:
        return text
    return f"{ending}, {text}" if rng.random() < 0.2 else f"{text}, {ending}"


def _joined(rng: random.Random, parts: Sequence[str], relation: str | None) -> str:
    if relation is not None:
        return f"{parts[0]} {rng.choice(words.RELATIONS[relation])} {parts[1]}"
    if len(parts) == 3:
        return f"{parts[0]}, {parts[1]} and {parts[2]}"
    return parts[0]


def _spoken(rng: random.Random, entry: Wording) -> str:
    """A thing in words that vary: synonyms, spellings, articles, number words."""
    sprite = entry.sprite
    noun = sprite.noun
    if sprite.synonyms and entry.count == 1 and rng.random() < 0.25:
        noun = rng.choice(sprite.synonyms)
    colour = entry.colour
    if colour == "grey" and rng.random() < 0.4:
        colour = "gray"
    size = entry.size
    if size is not None:
        size = rng.choice(words.SMALL if size == "small" else words.BIG)
    told = phrase(Wording(sprite, colour, size, entry.count), noun)
    if entry.count == 1:
        article = rng.random()
        if article < 0.08:
            return _bare(told)
        if article < 0.12:
            return f"the {_bare(told)}"
        if article < 0.14:
            return f"one {_bare(told)}"
    elif rng.random() < 0.15:
        return told.replace(words.NUMBERS[entry.count - 1], str(entry.count), 1)
    return told


def phrase(entry: Wording, noun: str) -> str:
    """A thing in plain words: a small red car, three red cars."""
    if entry.count > 1:
        head = words.NUMBERS[entry.count - 1]
        noun = entry.sprite.plural or f"{noun}s"
    else:
        head = ""
    told = " ".join(word for word in (head, entry.size, entry.colour, noun) if word)
    return told if head else _with_article(told)


def _with_article(told: str) -> str:
    vowel = told.startswith(("a", "e", "i", "o", "um", "hour", "suv"))
    return f"{'an' if vowel else 'a'} {told}"


def _with_adjective(told: str, adjective: str) -> str:
    """Puts it after the article or number word, if there is one."""
    head, _, rest = told.partition(" ")
    if head in ("a", "an"):
        return _with_article(f"{adjective} {rest}")
    if head in (*words.NUMBERS, "the", "2", "3", "4"):
        return f"{head} {adjective} {rest}"
    return f"{adjective} {told}"


def _bare(told: str) -> str:
    """Without its article."""
    return told.removeprefix("an ").removeprefix("a ")
