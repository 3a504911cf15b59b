"""Gets the test pictures of Pillow, libpng and MyPaint into build/corpora/sources.

Uses pip and, on Debian and its kin, `apt-get source` with a list of sources of its own. Nothing of
it is committed: the pictures belong to their projects.
"""

import subprocess
import sys
import tarfile
from pathlib import Path

import PIL

FOLDER = Path("build/corpora")
PACKAGES = ("libpng1.6", "mypaint")
_LIST = "deb-src http://deb.debian.org/debian bookworm main\n"


def main() -> None:
    """Download what is missing, and unpack it."""
    archives, sources = FOLDER / "archives", FOLDER / "sources"
    for folder in (archives / "apt/partial", sources):
        folder.mkdir(parents=True, exist_ok=True)
    pillow = f"pillow=={PIL.__version__}"
    _run(
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:"),
        *("--dest", str(archives), pillow),
    )
    (archives / "apt.list").write_text(_LIST)
    apt = ("apt-get", "-o", f"Dir::Etc::SourceList={(archives / 'apt.list').absolute()}")
    apt += ("-o", "Dir::Etc::SourceParts=-")
    apt += ("-o", f"Dir::State::Lists={(archives / 'apt').absolute()}")
    _run(*apt, "update")
    _run(*apt, "source", "--download-only", "--tar-only", *PACKAGES, cwd=archives)
    for archive in sorted(archives.glob("*.tar.*")):
        with tarfile.open(archive) as file:
            file.extractall(sources, filter="data")


def _run(*words: str, cwd: Path | None = None) -> None:
    subprocess.run(words, cwd=cwd, check=True)


if __name__ == "__main__":
    main()
