"""Writing a file so that it is there whole, or not at all."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from studio.core.errors import UserError
from studio.storage.files import unwritable


def write_atomic(path: Path, data: bytes) -> None:
    """Put `data` under `path`: at any moment the old file is there whole, or the new one.

    When this returns, the bytes have reached the disk. A link is followed and stays a link; a
    file that was there passes its permissions on. On any failure the file is as it was, and
    nothing is left beside it. Raises UserError where the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".underpaint-{secrets.token_hex(8)}.tmp")
    try:
        mode = _mode_to_keep(target)
        try:
            _write_through(temporary, data, mode)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
    _sync_folder(target.parent)


def _mode_to_keep(target: Path) -> int | None:
    """The permissions of the file that is there; raises where it must not be replaced."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not stat.S_ISREG(mode):  # replacing would remove the device or pipe itself
        raise UserError(f"'{target}' is not an ordinary file.", "Choose another name.")
    if not os.access(target, os.W_OK):  # replacing asks for rights on the folder only
        raise PermissionError(errno.EACCES, "is read-only")
    return stat.S_IMODE(mode)


def _write_through(path: Path, data: bytes, mode: int | None) -> None:
    with path.open("xb") as file:
        if mode is not None:
            path.chmod(mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name outlast a power cut, on systems that can."""
    if os.name != "posix":
        return
    # Some network file systems refuse this; the file is in its place already.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
