"""What the gallery can be searched for."""

import re
from dataclasses import dataclass, fields
from datetime import date, timedelta

TODAY, WEEK, MONTH = "Today", "Last 7 days", "Last 30 days"
PERIODS = (TODAY, WEEK, MONTH)
"""Besides, a year, a month or a day, as 2026, 2026-11 or 2026-11-21."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which pictures to show: those for which all of this holds; by itself, all but the bin's."""

    words: str = ""  # of prompts, notes and tags
    model: str = ""
    seed: int | None = None
    min_side: int | None = None  # the longer side's pixels, at least
    max_side: int | None = None
    since: date | None = None  # this day and later
    until: date | None = None  # this day and earlier
    starred: bool = False
    tag: str = ""
    collection: str = ""
    parent: int | None = None  # the picture that they came from
    binned: bool = False

    @property
    def filters(self) -> int:
        """How many things are asked for beside the words."""
        usual = Search(words=self.words)
        return sum(
            getattr(self, each.name) != getattr(usual, each.name)
            for each in fields(self)
            if each.name != "until" or self.since is None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What there is to search for: names with how many pictures have them; and what is told."""

    models: tuple[tuple[str, int], ...] = ()
    tags: tuple[tuple[str, int], ...] = ()
    collections: tuple[tuple[str, int], ...] = ()
    disk: str = ""  # a sentence


def period(text: str, today: date) -> tuple[date, date] | None:
    """The first and the last day that a text means; None where it means none."""
    text = text.strip()
    for name, days in ((TODAY, 0), (WEEK, 6), (MONTH, 29)):
        if text.casefold() == name.casefold():
            return today - timedelta(days=days), today
    match = re.fullmatch(r"((?:19|20)\d\d)(?:-(\d{1,2})(?:-(\d{1,2}))?)?", text, re.ASCII)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
        if day is not None:
            return first, first
        after = date(first.year + 1, 1, 1) if month is None else _next_month(first)
    except ValueError:
        return None
    return first, after - timedelta(days=1)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
