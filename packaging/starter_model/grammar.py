"""What scenes are made of and what their captions say, drawn at random from a grammar."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

import layout
import words
from captions import Wording, caption_of, phrase
from colours import NAMES as COLOUR_NAMES
from sprites import Sprite, SpriteSet, extents

SEEDS = 2**31

MIRRORED = 0.1
"""Share of things that face the other way. With half of them a small network paints both ways at
once: a cat with a tail at either end."""


@dataclass(frozen=True)
class Thing:
    """One sprite in a scene, placed on a square canvas."""

    sprite: int
    x: float  # its middle; 0..1, left to right
    y: float  # 0..1, top to bottom
    scale: float  # the sprite's side as a share of the canvas's shorter side
    colour: str | None  # what it is recoloured to; None leaves it as it is
    flip: bool  # mirrored left to right


@dataclass(frozen=True)
class Scene:
    """Everything that is drawn, and the words for it. Things are drawn in their order."""

    caption: str
    background: str
    weather: str | None
    effect: str | None
    things: tuple[Thing, ...]
    count: int  # how many copies of the first thing there are
    relation: str | None  # between the first thing and the second
    seed: int  # 0 .. 2**31 - 1; drives all that the grammar leaves open


@dataclass(frozen=True)
class HeldOut:
    """Combinations that training never shows, told by a hash: the same ones everywhere."""

    share: float = 0.04  # of all combinations
    salt: str = "underpaint"

    def contains(self, noun: str, colour: str, background: str) -> bool:
        """Whether this noun in this colour is kept from this background."""
        key = "|".join((self.salt, noun, colour, background)).encode()
        value = int.from_bytes(hashlib.blake2b(key, digest_size=4).digest(), "big")
        return value < self.share * 2**32


class Grammar:
    """Draws scenes. The same generator state gives the same scene on any machine.

    Attributes:
        nouns, colours, backgrounds, weathers, effects, relations: all that scenes may hold, in
            a fixed order; labels for a classifier.
    """

    def __init__(self, sprites: SpriteSet, held_out: HeldOut) -> None:
        self._sprites = sprites.sprites
        self._extents = extents(sprites.pixels)
        self._held_out = held_out
        self._by_noun: dict[str, list[int]] = {}
        for index, sprite in enumerate(self._sprites):
            self._by_noun.setdefault(sprite.noun, []).append(index)
        self.nouns = tuple(self._by_noun)
        self.colours = COLOUR_NAMES
        self.backgrounds = tuple(entry.name for entry in words.BACKGROUNDS)
        self.weathers = tuple(words.WEATHER)
        self.effects = tuple(words.EFFECTS)
        self.relations = tuple(words.RELATIONS)
        self._held: dict[tuple[str, str, str], bool] = {}

    def sample(self, rng: random.Random) -> Scene:
        """A training scene; never one with a held-out combination."""
        while True:
            kind = rng.random()
            if kind < 0.70:
                scene = self._single(rng)
            elif kind < 0.84:
                scene = self._several(rng)
            elif kind < 0.97:
                scene = self._pair(rng)
            else:
                scene = self._three(rng)
            if not any(self._is_held(thing, scene.background) for thing in scene.things):
                return scene

    def held_out(self, count: int, seed: int) -> list[Scene]:
        """Evaluation scenes in fixed wording ("two red cars on the beach"), held-out ones only.

        A quarter leaves the colour as it is and does not name it, a quarter shows two to four
        copies; nouns and backgrounds take turns, so that each is asked for about equally often.
        """
        rng = random.Random(seed)
        nouns = rng.sample(self.nouns, len(self.nouns))
        places = rng.sample(words.BACKGROUNDS, len(words.BACKGROUNDS))
        found: list[Scene] = []
        turn = 0
        while len(found) < count:
            turn += 1
            if turn > 1000 * count + 1000:
                raise ValueError("too few combinations are held out for so many prompts")
            # The backgrounds' period is prime to the nouns' unless one walks on.
            place = places[(turn + turn // len(nouns)) % len(places)]
            scene = self._asked(rng, nouns[turn % len(nouns)], place, len(found))
            if scene is not None:
                found.append(scene)
        return found

    def _asked(
        self, rng: random.Random, noun: str, place: words.Background, number: int
    ) -> Scene | None:
        """One evaluation scene, or None where this noun and background hold nothing out."""
        candidates = self._by_noun[noun]
        colours: list[str | None] = [
            colour for colour in self.colours if self._holds(noun, colour, place.name)
        ]
        if number % 4 == 0:
            naturals = {self._sprites[index].colours[0] for index in candidates}
            held = all(self._holds(noun, colour, place.name) for colour in naturals)
            colours = [None] if held else []
        colours = [colour for colour in colours if f"{colour} background" != place.name]
        if not colours:
            return None
        sprite, colour = rng.choice(candidates), rng.choice(colours)
        copies = rng.randint(2, 4) if number % 4 == 1 else 1
        return self._plainly(rng, sprite, colour, copies, place)

    def each_thing(self, count: int, seed: int) -> list[Scene]:
        """Evaluation scenes as people begin: one of each noun in turn, in its own colours.

        Places are drawn as for training, which may have shown the combinations.
        """
        rng = random.Random(seed)
        found = []
        for number in range(count):
            sprite = rng.choice(self._by_noun[self.nouns[number % len(self.nouns)]])
            place = self._place(rng, self._sprites[sprite])
            found.append(self._plainly(rng, sprite, None, 1, place))
        return found

    def _plainly(
        self,
        rng: random.Random,
        sprite: int,
        colour: str | None,
        copies: int,
        place: words.Background,
    ) -> Scene:
        """Copies of one thing, neither mirrored nor in weather, in fixed wording."""
        known = self._sprites[sprite]
        spots = layout.several(rng, self._box(sprite), copies, place, None)
        wording = Wording(known, colour, None, copies)
        caption = f"{phrase(wording, known.noun)} {place.phrases[0]}"
        things = tuple(Thing(sprite, *spot, colour, False) for spot in spots)
        return Scene(caption, place.name, None, None, things, copies, None, rng.randrange(SEEDS))

    # ------------------------------------------------------------ training scenes

    def _single(self, rng: random.Random) -> Scene:
        sprite = self._pick(rng)
        place = self._place(rng, self._sprites[sprite])
        size = rng.choices((None, "small", "big"), (8, 1, 1))[0]
        position = rng.choices((None, "left", "right", "middle"), (17, 1, 1, 1))[0]
        if position in ("left", "right") and size is None:
            size = rng.choice((None, "small"))
        spot = layout.single(rng, self._box(sprite), place, size, position)
        colour = self._colour(rng, sprite, place)
        thing = Thing(sprite, *spot, colour, rng.random() < MIRRORED)
        wording = [Wording(self._sprites[sprite], colour, size)]
        where = rng.choice(words.POSITIONS[position]) if position else ""
        return self._scene(rng, wording, (thing,), place, None, where)

    def _several(self, rng: random.Random) -> Scene:
        sprite = self._pick(rng)
        place = self._place(rng, self._sprites[sprite])
        copies = rng.choices((2, 3, 4), (3, 3, 2))[0]
        size = rng.choices((None, "small"), (8, 1))[0]
        colour = self._colour(rng, sprite, place)
        flip = rng.random() < MIRRORED
        spots = layout.several(rng, self._box(sprite), copies, place, size)
        things = tuple(Thing(sprite, *spot, colour, flip) for spot in spots)
        wording = [Wording(self._sprites[sprite], colour, size, copies)]
        return self._scene(rng, wording, things, place, None, "")

    def _pair(self, rng: random.Random) -> Scene:
        pair = self._pick_together(rng, 2)
        place = self._place(rng, self._sprites[pair[rng.randrange(2)]])
        relation = rng.choice(self.relations)
        spots = layout.pair(rng, [self._box(sprite) for sprite in pair], place, relation)
        colours = [self._colour(rng, sprite, place) for sprite in pair]
        things = [
            Thing(sprite, *spot, colour, rng.random() < MIRRORED)
            for sprite, spot, colour in zip(pair, spots, colours, strict=True)
        ]
        wording = [
            Wording(self._sprites[sprite], colour, None)
            for sprite, colour in zip(pair, colours, strict=True)
        ]
        if relation in ("on", "in front of"):  # the first is the nearer: drawn last
            things.reverse()
        return self._scene(rng, wording, tuple(things), place, relation, "")

    def _three(self, rng: random.Random) -> Scene:
        row = self._pick_together(rng, 3)
        place = self._place(rng, self._sprites[row[0]])
        spots = layout.row(rng, [self._box(sprite) for sprite in row], place)
        colours = [self._colour(rng, sprite, place) for sprite in row]
        things = tuple(
            Thing(sprite, *spot, colour, rng.random() < MIRRORED)
            for sprite, spot, colour in zip(row, spots, colours, strict=True)
        )
        wording = [
            Wording(self._sprites[sprite], colour, None)
            for sprite, colour in zip(row, colours, strict=True)
        ]
        return self._scene(rng, wording, things, place, None, "")

    def _scene(
        self,
        rng: random.Random,
        wording: Sequence[Wording],
        things: tuple[Thing, ...],
        place: words.Background,
        relation: str | None,
        where: str,
    ) -> Scene:
        """Adds weather and effect, and finds the words for all of it."""
        weather = effect = None
        if place.ground in ("land", "water") and rng.random() < 0.12:
            weather = rng.choice(self.weathers)
            if place.name == "night" and weather in words.CLEAR_WEATHER:
                weather = None
        if rng.random() < 0.15:
            effect = rng.choice(self.effects)
        caption = caption_of(rng, wording, relation, where, place, weather, effect)
        count = wording[0].count
        seed = rng.randrange(SEEDS)
        return Scene(caption, place.name, weather, effect, things, count, relation, seed)

    # ------------------------------------------------------------ choices

    def _pick(self, rng: random.Random) -> int:
        return rng.choice(self._by_noun[rng.choice(self.nouns)])

    def _pick_together(self, rng: random.Random, count: int) -> list[int]:
        """Different nouns, in one style where each has it: a picture is of a piece."""
        nouns = rng.sample(self.nouns, min(count, len(self.nouns)))
        while len(nouns) < count:
            nouns.append(rng.choice(self.nouns))
        first = rng.choice(self._by_noun[nouns[0]])
        picked = [first]
        for noun in nouns[1:]:
            own = self._by_noun[noun]
            same = [i for i in own if self._sprites[i].style == self._sprites[first].style]
            picked.append(rng.choice(same or own))
        return picked

    def _place(self, rng: random.Random, sprite: Sprite) -> words.Background:
        """Any background, but more often one that is plain, or where such a thing belongs."""
        if rng.random() < 0.25:
            return rng.choice(words.PLAIN)
        if rng.random() < 0.3:
            homes = [
                place
                for place in words.SCENIC
                if sprite.place in place.homely.split() or sprite.size in place.homely.split()
            ]
            if homes:
                return rng.choice(homes)
        return rng.choice(words.SCENIC)

    def _colour(self, rng: random.Random, sprite: int, place: words.Background) -> str | None:
        """A colour to give it, unlike a plain background's; None leaves it as it is."""
        if rng.random() < 0.6:
            return None
        colour = rng.choice(self.colours)
        return None if place.name == f"{colour} background" else colour

    def _is_held(self, thing: Thing, background: str) -> bool:
        sprite = self._sprites[thing.sprite]
        return self._holds(sprite.noun, thing.colour or sprite.colours[0], background)

    def _holds(self, noun: str, colour: str, background: str) -> bool:
        key = (noun, colour, background)
        if key not in self._held:
            self._held[key] = self._held_out.contains(*key)
        return self._held[key]

    def _box(self, sprite: int) -> layout.Box:
        half_width, half_height = self._extents[sprite]
        known = self._sprites[sprite]
        return layout.Box(half_width, half_height, known.place, known.size)
