import subprocess
import sys
from pathlib import Path

import pytest

from studio.storage.paths import AppPaths


@pytest.mark.skipif(sys.platform != "linux", reason="XDG is the custom of Linux")
def test_the_folders_are_those_xdg_asks_for_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("DATA", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    paths = AppPaths.for_user()
    assert paths.library == tmp_path / "DATA/underpaint/library"
    assert paths.models == tmp_path / "DATA/underpaint/models"
    assert paths.upscalers == tmp_path / "DATA/underpaint/upscalers"
    assert paths.loras == tmp_path / "DATA/underpaint/loras"
    assert paths.embeddings == tmp_path / "DATA/underpaint/embeddings"
    assert paths.vaes == tmp_path / "DATA/underpaint/vae"
    assert paths.settings == tmp_path / "CONFIG/underpaint/settings.json"
    assert paths.cache == tmp_path / "CACHE/underpaint"
    assert paths.log.is_relative_to(paths.data)
    assert paths.lock.parent == paths.data
    assert not any(tmp_path.iterdir())


def test_what_the_window_needs_at_start_does_not_import_pillow() -> None:
    program = (
        "import sys, studio.storage.paths, studio.storage.settings\n"
        "sys.exit(bool({'PIL', 'sqlite3', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
