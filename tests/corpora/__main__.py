"""`make corpora`: every file of other projects' tests, and thousands of damaged ones, are opened.

Each must open or be refused in a sentence within 5 s and 1 GB; what does otherwise is kept in
build/corpora/found. Without the files of other projects (`python -m tests.corpora.fetch` gets them)
only our own are damaged.
"""

import argparse
import os
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.corpora.mutate import mutated
from tests.corpora.samples import samples

FOLDER = Path("build/corpora")
LIMIT = 5.0  # seconds of the CPU a file
HANGS = 60.0  # seconds of the clock, on however busy a machine
KINDS = ("png", "jpg", "webp", "tif", "bmp", "gif", "ora", "psd")
_SAME = {"jpeg": "jpg", "tiff": "tif", "mpo": "jpg", "jfif": "jpg", "jpe": "jpg"}
_SMALL = 200_000  # bytes of files that are worth damaging


class Opener:
    """A child process that opens files, and another one whenever it dies."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def open(self, path: Path) -> tuple[float, str]:
        """Seconds of the CPU, and what came out."""
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "tests.corpora.child"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                stderr=subprocess.DEVNULL,  # libtiff talks a lot
                env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            )  # fmt: skip
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{path.absolute()}\n")
        answered = select.select([child.stdout], [], [], HANGS)[0]
        line = child.stdout.readline() if answered else ""
        if line:
            seconds, outcome = line.rstrip("\n").split(" ", 1)
            return float(seconds), outcome
        child.kill()
        self._child = None
        return HANGS, f"crashed with {child.wait()}" if answered else "hung"

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            assert self._child.stdin is not None
            self._child.stdin.close()
            self._child.wait()


def main() -> int:
    """Returns 1 if anything broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpora", description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="damaged files of each kind")
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    opener, broken = Opener(), 0
    foreign = _foreign()
    files = sorted(path for paths in foreign.values() for path in paths)
    broken += _report("as they are", ((path.name, path, opener.open(path)) for path in files))
    with tempfile.TemporaryDirectory() as folder:
        own = samples(Path(folder))
        for kind in options.kinds:
            small = [path for path in foreign.get(kind, []) if path.stat().st_size <= _SMALL]
            bases = own[kind] + [path.read_bytes() for path in small]
            run = _damaged(opener, Path(folder) / f"a.{kind}", bases, options)
            broken += _report(f"damaged {kind}, from {len(bases)}", run)
    opener.close()
    return int(broken > 0)


def _foreign() -> dict[str, list[Path]]:
    """Other projects' files by kind."""
    found: dict[str, list[Path]] = {}
    for path in sorted(FOLDER.glob("sources/**/*")):
        kind = path.suffix.lower().removeprefix(".")
        kind = _SAME.get(kind, kind)
        if kind in KINDS and path.is_file():
            found.setdefault(kind, []).append(path)
    return found


def _damaged(
    opener: Opener, path: Path, bases: list[bytes], options: argparse.Namespace
) -> Iterator[tuple[str, Path, tuple[float, str]]]:
    for number in range(options.count):
        seed = f"{options.seed}-{path.suffix}-{number}"
        path.write_bytes(mutated(bases[number % len(bases)], bases, seed))
        yield f"{seed}{path.suffix}", path, opener.open(path)


def _report(title: str, run: Iterator[tuple[str, Path, tuple[float, str]]]) -> int:
    """Print one row; keep and name what broke. Returns how many did."""
    outcomes: Counter[str] = Counter()
    slowest, start = 0.0, time.monotonic()
    for name, path, (seconds, outcome) in run:
        slowest = max(slowest, seconds)
        if outcome in ("opened", "told") and seconds > LIMIT:
            outcome = f"took {seconds:.1f} s"
        if outcome not in ("opened", "told"):
            kept = FOLDER / "found" / name
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(path.read_bytes())
            _say(f"  {name}: {outcome}")
            outcome = "broke"
        outcomes[outcome] += 1
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    took = time.monotonic() - start
    _say(f"{title}: {told or 'none'}; slowest {slowest:.2f} s, all in {took:.0f} s")
    return outcomes["broke"]


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
