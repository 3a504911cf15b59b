"""A library of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.storage.library.library import Library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    library = Library(folder)
    yield library
    library.close()
