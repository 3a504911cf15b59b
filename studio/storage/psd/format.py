"""What a Photoshop file consists of, as numbers and names.

Specification: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/
"""

from studio.paint.modes import BlendMode

SUFFIX = ".psd"
SIGNATURE = b"8BPS"
BLOCK = b"8BIM"

GREY, INDEXED, RGB, CMYK, DUOTONE = 1, 2, 3, 4, 8
"""Colour modes that can be read; 0, 7 and 9 are bitmaps, multichannel and Lab."""

RED, GREEN, BLUE, ALPHA, MASK = 0, 1, 2, -1, -2
"""Channels of a layer."""

RESOLUTION, GUIDES, PROFILE, XMP = 1005, 1032, 1039, 1060
"""Image resources."""

OPEN_GROUP, CLOSED_GROUP, END_OF_GROUP = 1, 2, 3
"""What a record is that is no layer. In the file, from the bottom up, a group begins with its end
and ends with the record that names it."""

ALPHA_LOCKED, HIDDEN = 1 << 0, 1 << 1
"""Flags of a layer."""

MASK_OFF = 1 << 1
"""Flag of a mask."""

PIXELS_LOCKED, PLACE_LOCKED, ALL_LOCKED = 1 << 1, 1 << 2, 1 << 31
"""Flags of the block "lspf"."""

PASS_THROUGH = b"pass"
"""The mode of a group whose layers blend one by one with what is below it."""

MODE_KEYS = {
    BlendMode.NORMAL: b"norm",
    BlendMode.MULTIPLY: b"mul ",
    BlendMode.SCREEN: b"scrn",
    BlendMode.OVERLAY: b"over",
    BlendMode.DARKEN: b"dark",
    BlendMode.LIGHTEN: b"lite",
    BlendMode.COLOR_DODGE: b"div ",
    BlendMode.COLOR_BURN: b"idiv",
    BlendMode.HARD_LIGHT: b"hLit",
    BlendMode.SOFT_LIGHT: b"sLit",
    BlendMode.DIFFERENCE: b"diff",
    BlendMode.PLUS: b"lddg",
    BlendMode.HUE: b"hue ",
    BlendMode.SATURATION: b"sat ",
    BlendMode.COLOR: b"colr",
    BlendMode.LUMINOSITY: b"lum ",
}
"""The others, which erase or keep what is below, do not exist there."""

KEY_MODES = {key: mode for mode, key in MODE_KEYS.items()}

MAX_BYTES = 2**31 - 1
"""Of a whole file; beyond that the format is another one."""
