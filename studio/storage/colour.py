"""Whatever colours a file has, as 8-bit sRGB."""

import io
import logging

from PIL import Image, ImageChops, ImageCms

log = logging.getLogger(__name__)

_PROBES = tuple(
    (red, green, blue)
    for red in range(0, 256, 51)
    for green in range(0, 256, 51)
    for blue in (0, 128, 255)
)
_SAME = 2
"""Levels of 255 that two sRGB profiles of different origin may differ by."""


def to_rgba(image: Image.Image) -> Image.Image:
    """The picture in mode RGBA, straight alpha, its numbers taken as they are.

    16-bit levels are rounded to 8; palettes and transparent colours are resolved. Raises
    ValueError for modes that cannot be converted.
    """
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda level: level * (1 / 257) + 0.5).convert("L")
    return image.convert("RGBA")


def to_srgb(image: Image.Image) -> Image.Image:
    """`to_rgba`, with the colours converted from the embedded ICC profile to sRGB.

    Pictures whose profile is sRGB, under whatever name, keep their exact numbers; so do those
    whose profile is damaged or belongs to another kind of pixels (this is logged).
    """
    rgba = to_rgba(image)
    profile = image.info.get("icc_profile")
    if not profile:
        return rgba
    try:
        colours = _converted(image, rgba, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        log.warning("A colour profile cannot be used, so the colours are taken for sRGB: %s", error)
        return rgba
    if colours is None:
        return rgba
    colours.putalpha(rgba.getchannel("A"))
    return colours


def to_strength(image: Image.Image) -> Image.Image:
    """The picture's lightness times its alpha, in mode L. Profiles play no part: it is data."""
    rgba = to_rgba(image)
    return ImageChops.multiply(rgba.convert("L"), rgba.getchannel("A"))


def _converted(
    image: Image.Image, rgba: Image.Image, profile: ImageCms.ImageCmsProfile
) -> Image.Image | None:
    """The colours in sRGB, mode RGB; None if they are in sRGB already."""
    space = profile.profile.xcolor_space.strip()
    if space == "RGB":
        base = rgba.convert("RGB")
    elif space == "GRAY" and image.mode[0] in "1LI":
        base = rgba.getchannel("R")
    elif space == "CMYK" == image.mode:
        base = image
    else:
        raise ImageCms.PyCMSError(f"the profile is for {space}, the pixels are {image.mode}")
    transform = ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        base.mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if base.mode != "CMYK" and _changes_nothing(transform, base.mode):
        return None
    return ImageCms.applyTransform(base, transform)


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    probes = Image.new("RGB", (len(_PROBES), 1))
    probes.putdata(_PROBES)
    probes = probes.convert(mode)
    after = ImageCms.applyTransform(probes, transform)
    if after is None:
        return False
    difference = ImageChops.difference(probes.convert("RGB"), after)
    return max(difference.tobytes()) <= _SAME
