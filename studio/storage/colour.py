"""Whatever colours a file has, as 8-bit sRGB."""

import io
import logging
import struct

from PIL import Image, ImageChops, ImageCms

log = logging.getLogger(__name__)

_PROBES = tuple(
    (red, green, blue)
    for red in range(0, 256, 51)
    for green in range(0, 256, 51)
    for blue in (0, 128, 255)
)
_DATE = 24  # where a profile says when it was made
_LONG_AGO = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
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
    """`to_rgba`, with the colours converted from the embedded ICC profile to sRGB, as `ToSrgb`."""
    return ToSrgb(image.info.get("icc_profile"))(image)


class ToSrgb:
    """Takes pictures from the colours of one ICC profile, or of none, to sRGB.

    Pictures whose profile is sRGB, under whatever name, keep their exact numbers; so do those
    whose profile is damaged or belongs to another kind of pixels (this is logged).
    """

    def __init__(self, profile: bytes | None) -> None:
        self._profile = profile
        self._transforms: dict[str, ImageCms.ImageCmsTransform | None] = {}  # by mode of pixels

    def __call__(self, image: Image.Image) -> Image.Image:
        """The picture in mode RGBA, straight alpha."""
        rgba = to_rgba(image)
        if image.mode not in self._transforms:
            self._transforms[image.mode] = self._transform(image)
        transform = self._transforms[image.mode]
        if transform is None:
            return rgba
        colours = ImageCms.applyTransform(_base(image, rgba, transform.input_mode), transform)
        assert colours is not None  # it was not to be changed in place
        colours.putalpha(rgba.getchannel("A"))
        return colours

    def _transform(self, image: Image.Image) -> ImageCms.ImageCmsTransform | None:
        """What changes the numbers of such pictures; None where they are to stay."""
        if not self._profile or self._profile == srgb_profile():
            return None
        try:
            return _transform(image, ImageCms.ImageCmsProfile(io.BytesIO(self._profile)))
        except (ImageCms.PyCMSError, OSError, ValueError) as error:
            log.warning("A colour profile cannot be used, so colours stay as they are: %s", error)
            return None


def srgb_profile() -> bytes:
    """An ICC profile of sRGB, to be written into files; the same bytes every time."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made[:_DATE] + _LONG_AGO + made[_DATE + len(_LONG_AGO) :]


def to_strength(image: Image.Image) -> Image.Image:
    """The picture's lightness times its alpha, in mode L. Profiles play no part: it is data."""
    rgba = to_rgba(image)
    return ImageChops.multiply(rgba.convert("L"), rgba.getchannel("A"))


def _transform(
    image: Image.Image, profile: ImageCms.ImageCmsProfile
) -> ImageCms.ImageCmsTransform | None:
    space = profile.profile.xcolor_space.strip()
    if space == "RGB":
        mode = "RGB"
    elif space == "GRAY" and image.mode[0] in "1LI":
        mode = "L"
    elif space == "CMYK" == image.mode:
        mode = "CMYK"
    else:
        raise ImageCms.PyCMSError(f"the profile is for {space}, the pixels are {image.mode}")
    transform = ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if mode != "CMYK" and _changes_nothing(transform, mode):
        return None
    return transform


def _base(image: Image.Image, rgba: Image.Image, mode: str) -> Image.Image:
    """The pixels in the mode that a transform starts from."""
    if mode == "RGB":
        return rgba.convert("RGB")
    return rgba.getchannel("R") if mode == "L" else image


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    probes = Image.new("RGB", (len(_PROBES), 1))
    probes.putdata(_PROBES)
    probes = probes.convert(mode)
    after = ImageCms.applyTransform(probes, transform)
    if after is None:
        return False
    difference = ImageChops.difference(probes.convert("RGB"), after)
    return max(difference.tobytes()) <= _SAME
