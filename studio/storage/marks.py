"""Whether a picture file says that a model had a part in it."""

from pathlib import Path

from studio.core.errors import UserError
from studio.storage.decoding import MAX_BYTES
from studio.storage.files import read_bounded
from studio.storage.foreign.read import read_foreign

_MARK = b"rainedAlgorithmicMedia"
"""The end of IPTC's words for it, which stand in the file as they are."""


def says_generated(path: Path) -> bool:
    """By IPTC's word for it, or by the settings that it was made with.

    False for what is no picture. Raises UserError where the file cannot be read.
    """
    if _MARK in read_bounded(path, MAX_BYTES):
        return True
    try:
        return read_foreign(path) is not None
    except UserError:  # whoever wants the picture is told what is wrong with it
        return False
