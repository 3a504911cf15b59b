"""Paints docs/landscape.webp with the app's own tools and brushes.

usage: PYTHONPATH=. python packaging/painted_landscape.py

Needs an X display of 1600x1000 with xdotool.

There is no tablet: the pen's reports are made in this process, but take the way that a tablet's
take; tools and brushes are taken up with the mouse and the keyboard. Runs in a folder of its own.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import qasync
from hand import Painter, Report, ridge, under
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from studio.app.life import live
from studio.app.window import make_application
from studio.engine.child import ChildEngine
from studio.storage.paths import AppPaths
from tests.app.harness import answer_question, open_front
from tests.window.driver import Person, screenshot

WIDTH, HEIGHT, SHORE = 1024, 768, 452
SUN = (690.0, 318.0)


async def sky(hand: Painter) -> None:
    """Blue above, warm below, clouds and the sun."""
    await hand.tool("f", "#fbe6c6")
    hand.stroke([(512, 300, 1.0)])
    await asyncio.sleep(0.6)
    await hand.gradient("#3a679f", (512, -60), (512, 400))
    await hand.gradient("#f0955a", (560, SHORE + 30), (600, 210))
    for colour, size, flow in (
        ("#ffcf86", 490, 0.4),
        ("#ffe6ae", 300, 0.45),
        ("#fff6d8", 150, 0.6),
    ):
        await hand.brush("Soft airbrush", colour, size, flow=flow)
        hand.stroke([(*SUN, 0.9)])
    await hand.brush("Ink", "#fffbe8", 64, hardness=0.9)
    hand.stroke([(*SUN, 1.0)])
    await clouds(hand)


async def clouds(hand: Painter) -> None:
    """Long strokes of a wet brush, lit from below."""
    heaps = ((130, 118, 300, 40), (330, 58, 200, 22), (560, 150, 250, 24), (880, 96, 330, 44))
    wisps = ((300, 216, 330), (820, 206, 300), (60, 262, 240), (640, 34, 260), (960, 262, 200))
    for colour, drop, size in (("#b58fa0", 9, 36), ("#f1c3a6", 4, 32), ("#fff3e3", -4, 24)):
        await hand.brush("Watercolour", colour, size, flow=0.3, opacity=0.7)
        for heap in heaps:
            await hand.strokes(cloud(hand, heap, drop))
    await hand.brush("Watercolour", "#ffe2cc", 13, flow=0.3, opacity=0.6)
    for x, y, wide in wisps:
        await hand.strokes(wisp(hand, x, y, wide))


def cloud(
    hand: Painter, heap: tuple[float, float, float, float], drop: float
) -> Iterable[Sequence[Report]]:
    """Heaped up in the middle, level at its foot; what is lit lies higher."""
    x, y, wide, tall = heap
    for _ in range(16):
        along = hand.dice.triangular(-1, 1, 0)
        middle = x + along * wide / 2
        level = y + drop - tall * hand.dice.random() * (1 - along**2)
        reach = wide * hand.dice.uniform(0.05, 0.14)
        yield [
            (middle - reach, level + 3, 0.2),
            (middle, level - 3, 0.9),
            (middle + reach, level + 2, 0.15),
        ]


def wisp(hand: Painter, x: float, y: float, wide: float) -> Iterable[Sequence[Report]]:
    for _ in range(5):
        start, level = x + hand.near(0, wide / 3), hand.near(y, 9)
        reach = wide * hand.dice.uniform(0.2, 0.5)
        yield [
            (start - reach, level + 5, 0.1),
            (start, level, 0.7),
            (start + reach, level - 4, 0.1),
        ]


async def hills(hand: Painter) -> None:
    """Three ranges, each nearer one darker and clearer."""
    ranges = (
        ("Far range", ridge(3, 268, 120), "#7f8fb8", "#eab492", "#a6aecb"),
        ("Hills", ridge(8, 330, 104), "#4d6488", "#b98f86", "#7288a8"),
        ("Woods", ridge(14, 392, 70), "#2f4a4c", "#56615c", "#46655c"),
    )
    for name, line, top, base, light in ranges:
        await hand.layer(name)
        await hand.lasso(under(line, SHORE, WIDTH))
        await hand.solid(top, SHORE + 4)
        await hand.gradient(base, (512, SHORE + 10), (512, SHORE - 130))
        await hand.brush("Chalk", light, 20, opacity=0.35, flow=0.4)
        await hand.strokes(slopes(hand, line))
        await hand.everything()


def slopes(hand: Painter, line: Callable[[float], float]) -> Iterable[Sequence[Report]]:
    """Light on the sides that look to the sun."""
    for x in range(6, WIDTH, 15):
        top = line(x)
        lit = (line(x + 14) - top) * (1 if x < SUN[0] else -1)
        if lit > 1.5:
            fall = hand.dice.uniform(18, 52)
            side = 12 if x < SUN[0] else -12
            yield [(x, top + 4, 0.7), (x + side, top + fall, 0.1)]


async def water(hand: Painter) -> None:
    """The sky upside down, darker, with ripples and the sun's road."""
    await hand.layer("Water")
    await hand.lasso([(-4, SHORE), (WIDTH + 4, SHORE), (WIDTH + 4, HEIGHT + 4), (-4, HEIGHT + 4)])
    await hand.gradient("#47688f", (512, SHORE - 4), (512, SHORE - 10))
    await hand.gradient("#e9a777", (600, SHORE - 20), (600, SHORE + 190))
    await hand.gradient("#16304f", (512, HEIGHT + 40), (512, SHORE + 120))
    await hand.brush("Ink", "#35505c", 9, opacity=0.5)
    await hand.strokes(ripples(hand, 60, (SHORE + 2, SHORE + 54), 170))
    await hand.brush("Ink", "#f6c59b", 5, opacity=0.55)
    await hand.strokes(ripples(hand, 60, (SHORE + 24, HEIGHT - 60), 90))
    await hand.brush("Ink", "#17324f", 9, opacity=0.5)
    await hand.strokes(ripples(hand, 60, (SHORE + 80, HEIGHT), 150))
    await hand.brush("Ink", "#ffe9b4", 6, opacity=0.9)
    await hand.strokes(glitter(hand))
    await hand.everything()


def ripples(
    hand: Painter, count: int, between: tuple[float, float], wide: float
) -> Iterable[Sequence[Report]]:
    for _ in range(count):
        y = hand.dice.uniform(*between)
        depth = (y - SHORE) / (HEIGHT - SHORE)
        x, reach = hand.dice.uniform(0, WIDTH), wide * (0.25 + depth) * hand.dice.uniform(0.4, 1)
        yield [(x - reach, y, 0.1), (x, hand.near(y, 1.5), 0.9), (x + reach, y + 1, 0.1)]


def glitter(hand: Painter) -> Iterable[Sequence[Report]]:
    y = SHORE + 4.0
    while y < HEIGHT - 30:
        depth = (y - SHORE) / (HEIGHT - SHORE)
        for _ in range(3):
            x, reach = hand.near(SUN[0], 8 + 62 * depth), 3 + 26 * depth * hand.dice.random()
            yield [
                (x - reach, y, 0.2),
                (x, y, 0.5 + 0.4 * depth),
                (x + reach, hand.near(y, 1), 0.1),
            ]
        y += 4 + 9 * depth


async def mist(hand: Painter) -> None:
    """Where the water meets the land."""
    await hand.layer("Mist")
    await hand.brush("Soft airbrush", "#fbe3cf", 60, flow=0.05)
    await hand.strokes(
        [(x, hand.near(SHORE - 2, 5), 0.5), (x + 260, hand.near(SHORE, 5), 0.5)]
        for x in range(-60, WIDTH, 110)
    )


async def shore(hand: Painter) -> None:
    """The near bank with its grass."""
    await hand.layer("Near bank")
    bank = ridge(21, 610, 70)

    def line(x: float) -> float:
        away = max(0.0, x - 420)
        return bank(x) + 0.19 * max(0.0, x - 250) + 0.00022 * away * away

    await hand.lasso(under(line, HEIGHT + 4, WIDTH))
    await hand.solid("#1d2f2b", HEIGHT + 6)
    await hand.brush("Chalk", "#35513a", 34, opacity=0.6, flow=0.5)
    await hand.strokes(turf(hand, line))
    await hand.everything()
    for colour, size, count in (("#14231f", 5, 130), ("#3f6241", 4, 150), ("#93a25a", 3, 90)):
        await hand.brush("Ink", colour, size)
        await hand.strokes(grass(hand, line, count))


def turf(hand: Painter, line: Callable[[float], float]) -> Iterable[Sequence[Report]]:
    for _ in range(70):
        x = hand.dice.uniform(0, WIDTH)
        y = line(x) + hand.dice.uniform(6, 110)
        yield [(x - 22, y + 4, 0.2), (x, y, 0.8), (x + 26, y + 5, 0.15)]


def grass(hand: Painter, line: Callable[[float], float], count: int) -> Iterable[Sequence[Report]]:
    for _ in range(count):
        x = hand.dice.uniform(-5, WIDTH)
        y = line(x) + hand.dice.uniform(-2, 60)
        tall, lean = hand.dice.uniform(14, 46), hand.dice.uniform(-16, 20)
        yield [(x, y, 0.9), (x + lean * 0.35, y - tall * 0.6, 0.5), (x + lean, y - tall, 0.05)]


async def pines(hand: Painter) -> None:
    """A few trees on the bank, dark against the light, with a lit edge."""
    await hand.layer("Pines")
    trees = ((92, 660, 330), (196, 668, 250), (30, 674, 240), (276, 684, 165))
    for x, foot, tall in trees:
        await hand.brush("Ink", "#241c1a", tall / 22)
        hand.stroke(
            [(x, foot, 1.0), (hand.near(x, 2), foot - tall * 0.6, 0.6), (x, foot - tall, 0.1)]
        )
        for colour, shift, size, share in (
            ("#12241f", 0.0, 0.042, 1.0),
            ("#1f3d31", 0.05, 0.03, 0.88),
            ("#49693f", 0.1, 0.018, 0.8),
            ("#a39a58", 0.3, 0.011, 0.7),
        ):
            await hand.brush("Ink", colour, tall * size)
            await hand.strokes(boughs(hand, (x, foot, tall), shift, share))


def boughs(
    hand: Painter, tree: tuple[float, float, float], shift: float, share: float
) -> Iterable[Sequence[Report]]:
    """From the top down, wider and wider; `shift` to the side of the light."""
    x, foot, tall = tree
    at = 0.03
    while at < 0.87:
        y = foot - tall * (1 - at)
        for side in (-1, 1):
            if shift > 0.05 and side < 0:
                continue
            reach = tall * (0.02 + 0.23 * at) * hand.dice.uniform(0.6, 1.1) * share
            middle = x + shift * reach * side
            yield [
                (middle, hand.near(y, 3), 0.7),
                (middle + side * reach * 0.5, y + reach * 0.16, 1.0),
                (middle + side * reach, y + reach * hand.dice.uniform(0.3, 0.55), 0.1),
            ]
        at += 0.014 if shift < 0.2 else 0.03


async def details(hand: Painter) -> None:
    """A boat, birds and reeds, in ink."""
    await hand.layer("Boat and birds")
    await boat(hand, 470, 520)
    await hand.brush("Ink", "#2b2f45", 5)
    for x, y, wide in (
        (390, 150, 17),
        (426, 132, 13),
        (350, 128, 11),
        (452, 168, 9),
        (560, 112, 8),
    ):
        hand.stroke([
            (x - wide, y - wide * 0.35, 0.15), (x - wide / 2, y - wide * 0.5, 0.6), (x, y, 0.9),
            (x + wide / 2, y - wide * 0.55, 0.6), (x + wide, y - wide * 0.3, 0.15),
        ])  # fmt: skip
    reeds = [reed(hand) for _ in range(30)]
    await hand.brush("Ink", "#17261f", 6)
    await hand.strokes(reeds)
    await hand.brush("Ink", "#5a3a24", 11)
    for *_, (tip, top, _) in reeds[::3]:
        hand.stroke([(tip, top - 4, 0.6), (tip - 1, top + 8, 1.0), (tip - 3, top + 20, 0.6)])


def reed(hand: Painter) -> list[Report]:
    x, foot = hand.dice.uniform(300, 540), hand.dice.uniform(690, 750)
    tall, lean = hand.dice.uniform(60, 130), hand.dice.uniform(-8, 26)
    return [(x, foot, 0.8), (x + lean / 3, foot - tall / 2, 0.6), (x + lean, foot - tall, 0.3)]


async def boat(hand: Painter, x: float, y: float) -> None:
    """Its sails, its hull, and what the water shows of them."""
    await hand.brush("Ink", "#fff1d6", 9)
    sail = [(x + 4, y - 92), (x + 4, y - 12), (x + 52, y - 12)]
    jib = [(x - 4, y - 78), (x - 4, y - 12), (x - 34, y - 10)]
    for colour, outline in (("#fff1d6", sail), ("#f0c9a0", jib)):
        await hand.lasso(outline)
        await hand.solid(colour, y)
        await hand.everything()
    await hand.brush("Ink", "#3a2420", 5)
    hand.stroke([(x, y - 98, 0.6), (x, y - 4, 0.9)])
    await hand.brush("Ink", "#4a2a22", 15)
    hand.stroke(
        [(x - 40, y - 4, 0.3), (x - 20, y + 1, 0.9), (x + 26, y + 1, 0.9), (x + 50, y - 5, 0.25)]
    )
    await hand.brush("Ink", "#c98a5e", 4)
    hand.stroke([(x - 42, y - 8, 0.4), (x, y - 4, 0.7), (x + 52, y - 9, 0.4)])
    await hand.brush("Ink", "#ffe9cc", 7, opacity=0.6)
    for row in range(9):
        reach = 34 - 2.6 * row
        at = hand.near(x + 10, 4)
        level = y + 14 + 7 * row
        hand.stroke([(at - reach, level, 0.1), (at, level, 0.9), (at + reach, level, 0.1)])


async def paint(app: QApplication) -> None:
    """The whole picture, then the screenshot."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        front = open_front(app, AppPaths(folder / "data", folder / "config", folder / "cache"))
        life = asyncio.ensure_future(live(front, [], ChildEngine()))
        person = Person(front)
        front.window.resize(1600, 1000)
        await person.look()
        hand = Painter(person)
        for part in (sky, hills, water, mist, shore, pines, details):
            await part(hand)
        await hand.brush("Ink", "#5d7a48", 24)
        await person.hover(front.place.view, QPoint(690, 560))
        await asyncio.sleep(1.5)
        picture = screenshot().convert("RGB")
        docs = Path(__file__).resolve().parent.parent / "docs"
        picture.save(docs / "landscape.webp", quality=88, method=6)
        front.window.close()
        await answer_question("discard")
        await life


def main() -> int:
    """Paint it anew."""
    app = make_application()
    with qasync.QEventLoop(app) as loop:
        loop.run_until_complete(paint(app))
    return 0


if __name__ == "__main__":
    sys.exit(main())
