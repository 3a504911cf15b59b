"""Which pictures are chosen: one or many, by mouse or by keys."""

from array import array
from collections.abc import Iterable, Sequence


class Picks:
    """The pictures' ids in their order, those that are chosen, and the one that keys start from."""

    def __init__(self) -> None:
        self.ids: array[int] = array("q")
        self.current: int | None = None  # an id
        self._anchor: int | None = None  # where a range begins
        self._chosen: set[int] = set()

    @property
    def chosen(self) -> tuple[int, ...]:
        """The chosen ids, in the order they are shown."""
        if len(self._chosen) < 2:
            return tuple(self._chosen)
        return tuple(which for which in self.ids if which in self._chosen)

    def is_chosen(self, which: int) -> bool:
        """Whether that picture is."""
        return which in self._chosen

    def replace(self, ids: "array[int]") -> None:
        """Go on with other pictures; of the chosen ones those stay that are still there.

        Where the current one is gone, the one in its place is current; and it is chosen, if all
        that were are gone.
        """
        place, some = self.place(self.current), bool(self._chosen)
        self.ids = ids
        if some:
            self._chosen &= set(ids)
        if self.place(self._anchor) is None:
            self._anchor = None
        if self.place(self.current) is None:
            kept = place is not None and len(ids) > 0
            self.current = ids[min(place or 0, len(ids) - 1)] if kept else None
            if some and not self._chosen and self.current is not None:
                self._chosen = {self.current}

    def place(self, which: int | None) -> int | None:
        """Where a picture is among all; None if it is not."""
        try:
            return None if which is None else self.ids.index(which)
        except ValueError:
            return None

    def choose(self, index: int) -> None:
        """This one alone."""
        self.current = self._anchor = self.ids[index]
        self._chosen = {self.ids[index]}

    def toggle(self, index: int) -> None:
        """This one too, or no longer."""
        self.current = self._anchor = self.ids[index]
        self._chosen ^= {self.ids[index]}

    def extend(self, index: int) -> None:
        """All from where the range began to this one."""
        start = self.place(self._anchor)
        start = index if start is None else start
        self._anchor = self.ids[start]
        self.current = self.ids[index]
        self._chosen = set(self.ids[min(start, index) : max(start, index) + 1])

    def choose_these(self, places: Sequence[int], besides: Iterable[int]) -> None:
        """Those in these places, in their order, and the pictures `besides`."""
        self._chosen = {self.ids[place] for place in places}.union(besides)
        if places:
            self._anchor, self.current = self.ids[places[0]], self.ids[places[-1]]

    def choose_all(self) -> None:
        """Every one."""
        self._chosen = set(self.ids)

    def clear(self) -> None:
        """None."""
        self._chosen = set()
