"""A sample of what `make corpora` does at length."""

import logging
from contextlib import suppress
from pathlib import Path

import pytest

from studio.core.errors import UserError
from tests.corpora.child import open_file
from tests.corpora.mutate import mutated
from tests.corpora.samples import samples
from tests.storage.samples import PILLOW_ALSO_WARNS

KINDS = ("png", "jpg", "webp", "tif", "bmp", "gif", "ora", "psd")


@pytest.mark.filterwarnings(PILLOW_ALSO_WARNS)
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_of_every_kind_open_or_are_refused_in_a_sentence(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    bases, path = samples(tmp_path)[kind], tmp_path / f"damaged.{kind}"
    for base in bases:
        path.write_bytes(base)
        open_file(path)
    for number in range(40):
        path.write_bytes(mutated(bases[number % len(bases)], bases, f"{kind} {number}"))
        with suppress(UserError):
            open_file(path)
