"""A disk that is really full, and a folder that may not be written to."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin
from studio.storage.library.verify import verify
from tests.storage.library.shelves import NOW, files, listed
from tests.storage.library.test_sketches import painting
from tests.storage.samples import RECIPE, gradient

MOUNT = "mount -t tmpfs -o size=3m none {space} && exec {python} -m {module} {space}"


def fill_the_disk(space: Path) -> None:
    """Add pictures until there is no room, and on; then make some."""
    ballast = space / "ballast"
    ballast.write_bytes(bytes(400_000))
    library = Library(space / "library")
    kept, refused = [], 0
    for seed in range(200):
        noise = Picture(Size(96, 96), os.urandom(96 * 96 * 4))
        origin = Origin(snapshot=painting(f"#{seed:06}"))
        try:
            kept.append(library.add(noise, replace(RECIPE, seed=seed), NOW, origin))
        except UserError:
            refused += 1
    assert refused > 100
    assert len(kept) > 10
    assert listed(library) == kept[::-1]
    assert not [step.trouble for step in verify(library.shelf) if step.trouble]
    library.close()
    ballast.unlink()
    library = Library(space / "library")
    kept.append(library.add(gradient(4, 4), RECIPE, NOW))
    assert listed(library) == kept[::-1]
    library.close()


def test_on_a_full_disk_nothing_is_lost_that_was_kept_and_it_goes_on_with_room(
    tmp_path: Path,
) -> None:
    inside = MOUNT.format(space=tmp_path, python=sys.executable, module=__name__)
    probe = f"mount -t tmpfs none {tmp_path}"
    if not shutil.which("unshare") or subprocess.run(_alone(probe), capture_output=True).returncode:
        pytest.skip("no file system of its own can be made here")
    result = subprocess.run(_alone(inside), capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def _alone(command: str) -> list[str]:
    """A shell whose mounts nobody else sees."""
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_that_may_not_be_written_is_told(folder: Path) -> None:
    library = Library(folder)
    library.add(gradient(4, 4), RECIPE, NOW)
    before = files(folder)
    (folder / "2026-03").chmod(0o500)
    with pytest.raises(UserError, match="may not write"):
        library.add(gradient(4, 4), RECIPE, NOW)
    (folder / "2026-03").chmod(0o700)
    assert files(folder) == before
    library.close()


if __name__ == "__main__":
    fill_the_disk(Path(sys.argv[1]))
