"""Writing a file so that it is there whole, or not at all."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from studio.core.errors import UserError
from studio.storage.files import unwritable


def write_atomic(path: Path, data: bytes) -> None:
    """Put `data` under `path`, as `replacing` does."""
    with replacing(path) as file:
        file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write into that takes the place of `path` at the end of the block.

    At any moment the old file is there whole, or the new one. After the block the bytes have
    reached the disk. A link is followed and stays a link; a file that was there passes its
    permissions on. On any failure, also of the block, the file is as it was, and nothing is left
    beside it. Raises UserError where the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".underpaint-{secrets.token_hex(8)}.tmp")
    try:
        mode = _mode_to_keep(target)
        try:
            with temporary.open("xb") as file:
                if mode is not None:
                    temporary.chmod(mode)
                yield file
                file.flush()
                os.fsync(file.fileno())
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
