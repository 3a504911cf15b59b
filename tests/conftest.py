"""What every test gets: a screen that is not there, and folders of its own."""

import os
from pathlib import Path

import pytest

# Before Qt is loaded; the tests of the real window set their own platform.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from studio.storage.paths import AppPaths


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    """The app's folders, in a place of this test's own."""
    return AppPaths(tmp_path / "data", tmp_path / "config", tmp_path / "cache")
