"""What a pen told lately, and what is wrong with it."""

import itertools
from collections import deque
from dataclasses import dataclass
from statistics import median

WINDOW = 2000.0
"""Milliseconds of reports that are looked at."""

_FEW = 20  # reports, before anything is said
_SLOW_RATE = 70.0  # reports a second while the pen moves
_LATE = 40.0  # ms
_APART = 4.0  # pixels


@dataclass(frozen=True, slots=True)
class PenReport:
    """One report: milliseconds, pressure 0 .. 1, degrees, screen pixels."""

    time: float
    pressure: float
    down: bool
    tilt: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    offset: float = 0.0  # from the cursor
    latency: float | None = None  # until it was handled; None if the clocks differ


class PenLog:
    """Takes reports as they come and says what they mean."""

    def __init__(self) -> None:
        self._reports: deque[PenReport] = deque()
        self._mouse_presses = 0
        self._mouse_during_pen = 0

    def add(self, report: PenReport) -> None:
        """The pen told something."""
        self._reports.append(report)
        while self._reports[0].time < report.time - WINDOW:
            self._reports.popleft()

    def add_mouse(self) -> None:
        """A mouse went down that is no echo of the pen."""
        self._mouse_presses += 1
        if self._reports and self._reports[-1].down:
            self._mouse_during_pen += 1

    @property
    def last(self) -> PenReport | None:
        """The newest report."""
        return self._reports[-1] if self._reports else None

    @property
    def rate(self) -> float:
        """Reports a second, from the usual gap between two; 0 while that is not known."""
        times = [report.time for report in self._reports]
        gaps = [b - a for a, b in itertools.pairwise(times) if b > a]
        moving = len(times) - 1
        if moving < 2 or not gaps:
            return 0.0
        usual = median(gaps)
        busy = sum(gap for gap in gaps if gap < 5 * usual)
        steps = moving - sum(gap >= 5 * usual for gap in gaps)
        return 1000.0 * steps / busy if busy else 0.0

    @property
    def latency(self) -> float | None:
        """Milliseconds from a report to its handling, usually; None if that is not known."""
        known = [report.latency for report in self._reports if report.latency is not None]
        return median(known) if known else None

    @property
    def offset(self) -> float:
        """Pixels between pen and cursor, usually."""
        return median(report.offset for report in self._reports) if self._reports else 0.0

    @property
    def verdict(self) -> str:
        """What is wrong, and what to do about it."""
        if not self._reports and self._mouse_presses:
            return (
                "Only a mouse is heard. If that was your pen, the system takes it for a mouse: "
                "install the tablet's driver, or switch on its pen (Windows Ink) mode."
            )
        down = [report for report in self._reports if report.down]
        if len(down) < _FEW:
            return "Draw in the field with your pen, from light to hard."
        return self._complaint(down) or "Everything a pen can tell arrives as it should."

    def _complaint(self, down: list[PenReport]) -> str:
        pressures = {round(report.pressure, 3) for report in down}
        latency = self.latency
        if len(pressures) == 1:
            return (
                "The pressure never changes. Check that the driver reports pressure, and that "
                "no other program has taken the pen."
            )
        if self._mouse_during_pen:
            return (
                "Mouse presses arrive beside the pen's, which makes double strokes elsewhere: "
                "switch off mouse emulation in the tablet's driver."
            )
        if self.offset > _APART:
            return (
                f"Pen and cursor are {self.offset:.0f} pixels apart: map the tablet to the right "
                "screen in its driver's settings."
            )
        if 0.0 < self.rate < _SLOW_RATE:
            return (
                f"Only {self.rate:.0f} reports a second arrive, so curves get corners: "
                "plug the tablet in by cable, and check its driver's report rate."
            )
        if latency is not None and latency > _LATE:
            return f"Reports arrive {latency:.0f} ms late: something else keeps the computer busy."
        return ""
