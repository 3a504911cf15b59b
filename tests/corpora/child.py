"""Opens the files whose paths come in on stdin, one a line, as the app would.

For each a line goes out: how many seconds it took, and "opened", "told", or what broke. Memory is
limited to what the imports took and a gigabyte more.
"""

import logging
import resource
import sys
import time
import warnings
from pathlib import Path

from studio.core.errors import UserError
from studio.storage.marks import mark_in_file
from studio.storage.metadata import read_recipe
from studio.storage.openraster import read_openraster
from studio.storage.pictures import read_map, read_scan
from studio.storage.psd.read import read_psd

MORE = 2**30


def open_file(path: Path) -> None:
    """Read it by every reader that its name asks for. Raises UserError as they do."""
    suffix = path.suffix.lower()
    if suffix == ".ora":
        read_openraster(path).snapshot.canvas()
    elif suffix == ".psd":
        read_psd(path).snapshot.canvas()
    else:
        read_scan(path)
        read_map(path)
        read_recipe(path)
        mark_in_file(path)


def main() -> None:
    """Serve until stdin ends."""
    warnings.simplefilter("ignore")  # Pillow's remarks on damaged files
    logging.lastResort = None
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MORE, taken + MORE))
    for line in sys.stdin:
        start, outcome = time.process_time(), "opened"
        try:
            open_file(Path(line.rstrip("\n")))
        except UserError:
            outcome = "told"
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            outcome = f"broke: {type(error).__name__}: {error}".replace("\n", " ")[:200]
        sys.stdout.write(f"{time.process_time() - start:.3f} {outcome}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
