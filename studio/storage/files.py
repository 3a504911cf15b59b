"""What the system says about files, as sentences; and reading within a limit."""

import errno
import stat
import zlib
from pathlib import Path

from studio.core.errors import UserError


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    Raises UserError when it is larger, and where `bytes_in` does.
    """
    size = bytes_in(path)
    if size > limit:
        raise UserError(
            f"'{path.name}' is too large to open: it has {size // 10**6} MB.",
            f"The most that can be read is {max(1, limit // 10**6)} MB.",
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def bytes_in(path: Path) -> int:
    """How many bytes a regular file has.

    Raises UserError when it is missing, not to be read, or not a file: a pipe would be waited on
    for ever, and a device may never end.
    """
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, "is a folder")
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        raise UserError(f"'{path}' is not an ordinary file.", "Choose another one.")
    return found.st_size


def inflated(packed: bytes, limit: int) -> bytes:
    """What was packed in zlib's format, at most about `limit` bytes.

    Raises ValueError if there are more, or if the end is missing; zlib.error if it is damaged.
    """
    inflate = zlib.decompressobj()
    plain = inflate.decompress(packed, limit)
    if not inflate.eof:
        raise ValueError("what was packed is too long or cut short")
    return plain


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, if it is not there. Raises UserError where it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def unreadable(path: Path, error: OSError) -> UserError:
    """Why the file cannot be read, and what to do."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return UserError(f"There is no file '{path}'.", "Check its name and its folder.")
        case errno.EISDIR:
            return UserError(f"'{path}' is a folder.", "Choose a file inside it.")
        case errno.EACCES | errno.EPERM:
            return UserError(f"You may not read '{path}'.", "Change its permissions.")
        case _:
            return UserError(f"'{path}' cannot be read: {_reason(error)}.", "Choose another file.")


def unwritable(path: Path, error: OSError) -> UserError:
    """Why the file cannot be written, and what to do."""
    elsewhere = "Choose another folder."
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return UserError(
                f"There is no room left on the disk for '{path.name}'.",
                "Free some space, or choose another folder.",
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return UserError(f"You may not write '{path}'.", elsewhere)
        case errno.ENOENT | errno.ENOTDIR:
            return UserError(f"There is no folder '{path.parent}'.", elsewhere)
        case errno.EISDIR:
            return UserError(f"'{path}' is a folder.", "Choose the name of a file.")
        case errno.ENAMETOOLONG:
            return UserError(f"'{path}' is too long a name.", "Choose a shorter one.")
        case _:
            return UserError(f"'{path}' cannot be written: {_reason(error)}.", elsewhere)


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]
