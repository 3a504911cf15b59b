"""The words that captions are made of, apart from nouns: backgrounds, weather, styles, effects."""

from __future__ import annotations

from dataclasses import dataclass

from colours import NAMES as COLOUR_NAMES


@dataclass(frozen=True)
class Background:
    """A place that scenes are set in, and how captions say so."""

    name: str
    phrases: tuple[str, ...]  # the first is the plainest: evaluation prompts use it
    tag: str  # for captions that are lists of words
    ground: str  # "plain", "land", "indoors", "water", "deep" (under water), "none" (all float)
    homely: str = ""  # nouns' places and sizes that are often seen there: "boat", "s", ...


def _plain(colour: str) -> Background:
    article = "an" if colour == "orange" else "a"
    phrases = (
        f"on {article} {colour} background",
        f"on a plain {colour} background",
        f"against {article} {colour} backdrop",
        f"with {article} {colour} background",
        f"on {colour}",
    )
    return Background(f"{colour} background", phrases, f"{colour} background", "plain", "s")


PLAIN = tuple(_plain(colour) for colour in COLOUR_NAMES)

SCENIC = (
    Background(
        "beach",
        ("on the beach", "at the beach", "on a sandy beach", "on the sand by the sea"),
        "beach",
        "land",
    ),
    Background(
        "sunset",
        ("at sunset", "in the sunset", "in front of a sunset", "under an evening sky"),
        "sunset",
        "land",
        "air",
    ),
    Background(
        "forest", ("in a forest", "in the forest", "in the woods", "among trees"), "forest", "land"
    ),
    Background(
        "snow", ("in the snow", "on the snow", "in a snowy landscape", "in winter"), "snow", "land"
    ),
    Background(
        "night",
        ("at night", "in the night", "under the stars", "under a starry night sky"),
        "night",
        "land",
        "air",
    ),
    Background(
        "city",
        ("in a city", "in the city", "in town", "in front of a skyline"),
        "city",
        "land",
        "l",
    ),
    Background(
        "desert",
        ("in the desert", "in a desert", "among sand dunes", "on a dune"),
        "desert",
        "land",
    ),
    Background(
        "sea",
        ("on the sea", "at sea", "on the water", "on the ocean", "on the waves"),
        "sea",
        "water",
        "boat fish",
    ),
    Background(
        "underwater",
        ("under water", "underwater", "at the bottom of the sea", "in the deep sea"),
        "underwater",
        "deep",
        "fish",
    ),
    Background(
        "meadow", ("in a meadow", "on the grass", "in a green field", "on a lawn"), "meadow", "land"
    ),
    Background(
        "mountains",
        ("in the mountains", "in front of mountains", "with mountains behind", "in the alps"),
        "mountains",
        "land",
    ),
    Background(
        "space",
        ("in space", "in outer space", "among the stars in space", "floating in space"),
        "space",
        "none",
        "air",
    ),
    Background(
        "sky",
        ("in the sky", "in a blue sky", "high in the sky", "among the clouds"),
        "sky",
        "none",
        "air",
    ),
    Background("room", ("in a room", "indoors", "in a living room", "at home"), "room", "indoors"),
    Background(
        "autumn",
        ("in autumn", "in an autumn forest", "among autumn trees", "in the fall"),
        "autumn",
        "land",
    ),
    Background(
        "road", ("on a road", "on the road", "on a street", "on the street"), "road", "land", "l"
    ),
    Background(
        "garden",
        ("in a garden", "in the garden", "among flowers", "in a flower bed"),
        "garden",
        "land",
    ),
    Background(
        "table",
        ("on a table", "on a wooden table", "on the table", "on a kitchen table"),
        "table",
        "indoors",
        "s",
    ),
)

BACKGROUNDS = PLAIN + SCENIC

WEATHER: dict[str, tuple[str, ...]] = {
    "rain": ("in the rain", "on a rainy day", "while it rains"),
    "snowfall": ("with snow falling", "while it snows", "in falling snow"),
    "fog": ("in the fog", "on a foggy day", "in the mist"),
    "rainbow": ("with a rainbow", "under a rainbow", "with a rainbow in the sky"),
    "storm": ("in a storm", "under dark clouds", "in a thunderstorm"),
}
"""What captions say of weather; only where there is a sky."""

CLEAR_WEATHER = frozenset({"rainbow"})
"""Weather that makes no sense in the dark."""

STYLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "3d": (("3d",), ("a 3d render of", "3d render of")),
    "flat": (("flat",), ("a flat illustration of", "flat vector art of")),
    "cartoon": (("cartoon",), ("a cartoon of", "a cartoon drawing of")),
}
"""For a sprite's style: adjectives before the noun, and beginnings of the caption."""

EFFECTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sketch": (
        ("a pencil sketch of", "a pencil drawing of", "a sketch of", "a line drawing of"),
        ("pencil sketch", "sketch", "line drawing"),
    ),
    "watercolour": (
        ("a watercolour of", "a watercolour painting of", "a watercolor painting of"),
        ("watercolour", "watercolor", "watercolour painting"),
    ),
    "oil painting": (
        ("an oil painting of", "a painting of", "an impressionist painting of"),
        ("oil painting", "painting"),
    ),
    "pixel art": (
        ("pixel art of", "a pixel art picture of", "an 8-bit pixel art of"),
        ("pixel art", "8-bit pixel art"),
    ),
    "neon": (("a neon sign of", "a glowing neon picture of"), ("neon", "neon lights")),
    "black and white": (
        ("a black and white picture of", "a black and white photo of"),
        ("black and white", "monochrome"),
    ),
}
"""For what is done to the whole picture: beginnings of the caption, and endings."""

SMALL = ("small", "little", "tiny")
BIG = ("big", "large", "huge")
NUMBERS = ("one", "two", "three", "four")

POSITIONS: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "on the left side"),
    "right": ("on the right", "on the right side"),
    "middle": ("in the middle", "in the centre"),
}

RELATIONS: dict[str, tuple[str, ...]] = {
    "left of": ("to the left of", "left of"),
    "right of": ("to the right of", "right of"),
    "next to": ("next to", "beside", "and", "with"),
    "above": ("above", "over"),
    "below": ("below", "under"),
    "on": ("on", "on top of", "sitting on"),
    "in front of": ("in front of",),
    "behind": ("behind",),
}
"""Between the first thing and the second."""
