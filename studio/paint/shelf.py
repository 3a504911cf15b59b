"""The brushes to choose from: those that come with the app, and a person's own."""

from dataclasses import replace

from studio.core.signal import Signal
from studio.paint.brush import Brush
from studio.paint.presets import MAX_NAME, MAX_PRESETS, Preset


class BrushShelf:
    """Presets under names of which there is one each. `changed`: the own ones are others now."""

    def __init__(self, shipped: tuple[Preset, ...]) -> None:
        self._shipped = shipped
        self._own: tuple[Preset, ...] = ()
        self.changed: Signal[None] = Signal()

    @property
    def own(self) -> tuple[Preset, ...]:
        """The person's, in the order they were made."""
        return self._own

    @property
    def all(self) -> tuple[Preset, ...]:
        """Those that come with the app, then the person's."""
        return (*self._shipped, *self._own)

    def find(self, name: str) -> Brush:
        """The brush of that name, or else the first."""
        presets = self.all or (Preset("Plain", Brush()),)
        return next((each.brush for each in presets if each.name == name), presets[0].brush)

    def is_own(self, name: str) -> bool:
        """Whether that brush can be renamed and deleted."""
        return any(each.name == name for each in self._own)

    def put(self, own: tuple[Preset, ...]) -> None:
        """Take these as the person's own; names that are taken get a number."""
        self._own = ()
        for preset in own[:MAX_PRESETS]:
            self._own += (replace(preset, name=self._free(preset.name)),)
        self.changed.emit(None)

    def add(self, name: str, brush: Brush) -> str:
        """Keep a brush as an own one; returns its name, which gets a number if it is taken."""
        preset = Preset(self._free(name), brush)
        self._own = (*self._own, preset)[-MAX_PRESETS:]
        self.changed.emit(None)
        return preset.name

    def change(self, name: str, brush: Brush) -> None:
        """Make an own brush another one; nothing happens to others."""
        if self.is_own(name) and self.find(name) != brush:
            self._own = tuple(Preset(name, brush) if p.name == name else p for p in self._own)
            self.changed.emit(None)

    def rename(self, name: str, wanted: str) -> str:
        """Call an own brush something else; returns its name, the old one if that is none."""
        wanted = " ".join(wanted.split())[:MAX_NAME].strip()
        if not self.is_own(name) or not wanted or not wanted.isprintable() or wanted == name:
            return name
        new = self._free(wanted)
        self._own = tuple(replace(p, name=new) if p.name == name else p for p in self._own)
        self.changed.emit(None)
        return new

    def remove(self, name: str) -> None:
        """Forget an own brush; nothing happens to others."""
        if self.is_own(name):
            self._own = tuple(preset for preset in self._own if preset.name != name)
            self.changed.emit(None)

    def _free(self, name: str) -> str:
        taken = {preset.name for preset in self.all}
        number, free = 2, name
        while free in taken:
            tail = f" {number}"
            number, free = number + 1, name[: MAX_NAME - len(tail)] + tail
        return free
