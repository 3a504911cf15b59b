"""A hand that paints: its pen's reports are made in this process, its keys with xdotool."""

import asyncio
import math
import random
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from PySide6.QtWidgets import QListWidget

from tests.ui.pens import Pen
from tests.window.driver import Person

Place = tuple[float, float]
Report = tuple[float, float, float]  # x and y in document pixels, pressure


class Painter:
    """A hand with a pen, and one on the keyboard."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.front = person.front
        self.pen = Pen(person.front.place.view)
        self.dice = random.Random(4)

    async def brush(self, name: str, colour: str, size: float, **more: float) -> None:
        """Choose a brush in the panel, then how large it is and its colour."""
        rows = self.person.find("Brushes")
        assert isinstance(rows, QListWidget)
        (item,) = (rows.item(row) for row in range(rows.count()) if _is(rows, row, name))
        rows.scrollToItem(item)
        await self.person.click(rows.viewport(), rows.visualItemRect(item).center())
        await self.person.press("b")
        await asyncio.sleep(0.15)
        values = {"opacity": 1.0, **more}
        self.front.brush.change(colour=colour, size=size, smoothing="none", **values)

    async def tool(self, keys: str, colour: str = "#000000") -> None:
        """Take up another tool by its keys."""
        await self.person.press(keys)
        await asyncio.sleep(0.15)
        self.front.brush.change(colour=colour, opacity=1.0)

    async def layer(self, name: str) -> None:
        """A new layer on top."""
        await self.person.press("ctrl+shift+n")
        await asyncio.sleep(0.15)
        document = self.front.desk.canvas.document
        assert document.active is not None
        document.set_layer(document.active.id, name=name)

    def stroke(self, reports: Sequence[Report]) -> None:
        """One stroke; its reports lie close together, as a tablet's do."""
        (x, y, pressure), *_ = reports
        self.pen.press((x, y), pressure=pressure)
        for start, end in pairwise(reports):
            count = max(1, math.ceil(math.dist(start[:2], end[:2]) / 6))
            for part in range(1, count + 1):
                x, y, pressure = (
                    a + (b - a) * part / count for a, b in zip(start, end, strict=True)
                )
                self.pen.move((x, y), pressure=pressure)
        self.pen.release((x, y))

    async def strokes(self, many: Iterable[Sequence[Report]]) -> None:
        """Several, and the screen is kept up to date."""
        for each in many:
            self.stroke(each)
            await asyncio.sleep(0)

    async def gradient(self, colour: str, start: Place, end: Place) -> None:
        """From a colour to nothing."""
        await self.tool("g", colour)
        self.stroke([(*start, 1.0), (*end, 1.0)])

    async def solid(self, colour: str, below: float) -> None:
        """A gradient whose end lies outside of what is selected; `below` is a level inside it."""
        await self.gradient(colour, (500, below), (500, below + 6))

    async def lasso(self, outline: Sequence[Place]) -> None:
        """Select what lies inside."""
        await self.tool("shift+l")
        self.stroke([(*point, 1.0) for point in [*outline, outline[0]]])
        await asyncio.sleep(0.3)

    async def everything(self) -> None:
        """Select all again."""
        await self.person.press("ctrl+a")
        await asyncio.sleep(0.15)

    def near(self, value: float, spread: float) -> float:
        """A value that a hand would hit."""
        return value + self.dice.uniform(-spread, spread)


def _is(rows: QListWidget, row: int, name: str) -> bool:
    return rows.item(row).text() == name


def ridge(seed: int, top: float, height: float) -> Callable[[float], float]:
    """A line of hills: y for each x, between `top` and `top + height`."""
    dice = random.Random(seed)
    waves = [(2**each, dice.uniform(0, 2 * math.pi), 0.55**each) for each in range(6)]
    whole = sum(share for *_, share in waves)

    def y(x: float) -> float:
        bend = sum(share * math.sin(x / 190 * often + at) for often, at, share in waves)
        return top + height * (0.5 - 0.5 * bend / whole)

    return y


def under(line: Callable[[float], float], floor: float, width: int) -> list[Place]:
    """The outline of what lies between a ridge and a level."""
    tops = [(float(x), line(x)) for x in range(-4, width + 8, 8)]
    return [*tops, (width + 4.0, floor), (-4.0, floor)]
