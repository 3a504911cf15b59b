"""The settings on disk."""

import json
import logging
from pathlib import Path

from studio.core.settings import Settings
from studio.storage.atomic import write_atomic
from studio.storage.files import make_folder, read_bounded, unwritable

MAX_BYTES = 1_000_000
"""A settings file has a few kB, mostly prompt."""

log = logging.getLogger(__name__)


def load_settings(path: Path) -> Settings:
    """The settings kept in `path`; the defaults if there are none.

    A file that is damaged is logged and moved to "<name>.damaged", so that it can be looked at
    and the next save does not bury it. Raises UserError if the file is there but not to be read.
    """
    if not path.exists():
        return Settings()
    data = read_bounded(path, MAX_BYTES)
    try:
        values = json.loads(data)
        if not isinstance(values, dict):
            raise ValueError(f"an object was expected, not {type(values).__name__}")
        return Settings.from_dict(values)
    except (ValueError, RecursionError, OverflowError) as error:
        aside = path.with_name(f"{path.name}.damaged")
        log.warning("The settings in %s are damaged (%s); kept as %s", path, error, aside.name)
        _move(path, aside)
        return Settings()


def save_settings(path: Path, settings: Settings) -> None:
    """Write the settings, making the folder. Raises UserError where that is not possible."""
    text = json.dumps(settings.to_dict(), indent=2, sort_keys=True)
    make_folder(path.parent)
    write_atomic(path, text.encode("ascii"))


def _move(path: Path, aside: Path) -> None:
    try:
        path.replace(aside)
    except OSError as error:
        raise unwritable(aside, error) from error
