"""Work that goes through a whole library, and the files it comes to."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.storage.files import unreadable, unwritable

BLOBS = "blobs"
"""The folder, within the library's, of what pictures came from."""


SPARED = 3600.0
"""Seconds for which files stay that nothing names: they may belong to a picture in the making."""

_UNFINISHED = ".underpaint-*.tmp"  # what `atomic` writes before it takes its name


@dataclass(frozen=True, slots=True)
class Step:
    """How far long work is, and a sentence on what it came to last, if there is one to say.

    `trouble` is something wrong, a `remark` is not.
    """

    done: int
    total: int
    trouble: str = ""
    remark: str = ""


def picture_files(folder: Path) -> Iterator[Path]:
    """Every PNG file of a library, those of a month after another.

    Raises UserError where a folder cannot be read.
    """
    yield from pictures_in(folder)
    for each in sorted(folder.iterdir()):
        if each.is_dir() and not each.is_symlink() and each.name != BLOBS:
            yield from pictures_in(each)


def pictures_in(folder: Path) -> list[Path]:
    """The PNG files that lie in a folder, by name. Raises UserError if it cannot be read."""
    try:
        return sorted(path for path in folder.glob("*.png") if path.is_file())
    except OSError as error:
        raise unreadable(folder, error) from error


def name_of(folder: Path, file: Path) -> str:
    """What the database calls a file of the library in that folder."""
    return file.relative_to(folder).as_posix()


def remove_unfinished(folder: Path) -> int:
    """Delete what was being written when the app was killed; returns how many files.

    Raises UserError where one cannot be deleted.
    """
    removed = 0
    for path in folder.rglob(_UNFINISHED):
        try:
            if path.stat().st_mtime < time.time() - SPARED:
                path.unlink()
                removed += 1
        except FileNotFoundError:  # it has its name now
            continue
        except OSError as error:
            raise unwritable(path, error) from error
    return removed


def bytes_of(file: Path) -> int:
    """The bytes of a file; none if it is gone. Raises UserError if that cannot be told."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise unreadable(file, error) from error
