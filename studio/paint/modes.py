"""The ways in which a layer can blend with what lies below it."""

from enum import Enum


class BlendMode(Enum):
    """The values are OpenRaster's names: https://www.openraster.org/baseline/layer-stack-spec.html.

    What they mean is said in https://www.w3.org/TR/compositing-1/.
    """

    NORMAL = "svg:src-over"
    MULTIPLY = "svg:multiply"
    SCREEN = "svg:screen"
    OVERLAY = "svg:overlay"
    DARKEN = "svg:darken"
    LIGHTEN = "svg:lighten"
    COLOR_DODGE = "svg:color-dodge"
    COLOR_BURN = "svg:color-burn"
    HARD_LIGHT = "svg:hard-light"
    SOFT_LIGHT = "svg:soft-light"
    DIFFERENCE = "svg:difference"
    PLUS = "svg:plus"
    HUE = "svg:hue"
    SATURATION = "svg:saturation"
    COLOR = "svg:color"
    LUMINOSITY = "svg:luminosity"
    SOURCE_ATOP = "svg:src-atop"
    DESTINATION_IN = "svg:dst-in"
    DESTINATION_OUT = "svg:dst-out"
    DESTINATION_ATOP = "svg:dst-atop"

    __hash__ = object.__hash__  # an enum's own is written in Python: too slow for a key

    @property
    def label(self) -> str:
        """What the mode is called in paint programs."""
        return _LABELS.get(self, self.name.replace("_", " ").capitalize())

    @property
    def reaches_out(self) -> bool:
        """Whether the layer changes pixels where it has no paint, by taking away what is below."""
        return self in (BlendMode.DESTINATION_IN, BlendMode.DESTINATION_ATOP)


_LABELS = {
    BlendMode.PLUS: "Add",
    BlendMode.SOURCE_ATOP: "Atop",
    BlendMode.DESTINATION_IN: "Keep below",
    BlendMode.DESTINATION_OUT: "Erase below",
    BlendMode.DESTINATION_ATOP: "Keep below, fill gaps",
}
