"""`info` on pictures of all kinds."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from studio.app.cli import main
from studio.storage.pictures import write_picture
from tests.storage.samples import RECIPE, gradient
from tests.storage.test_foreign import A1111

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    texts = PngInfo()
    texts.add_text("parameters", A1111)
    Image.new("RGB", (2, 2)).save(tmp_path / "theirs.png", pnginfo=texts)
    return tmp_path / "theirs.png"


def test_settings_of_other_programs_are_told(
    theirs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", str(theirs)]) == 0
    told = capsys.readouterr().out
    for row in (
        "Program:      A1111's web UI", "Seed:         1234567890", "Size:         640x512",
        "Guidance:     6.5", "Refined by:   1.5", "Not read:     ENSD, ADetailer model",
    ):  # fmt: skip
        assert row in told.splitlines()
    assert main(["info", str(theirs), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 25


def test_a_picture_that_does_not_tell_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(tmp_path / "a.png", gradient())
    assert main(["info", str(tmp_path / "a.png")]) == 2
    assert "does not tell how it was made" in capsys.readouterr().err


def test_what_no_terminal_can_show_does_not_stop_it(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", gradient(), replace(RECIPE, prompt="lone \udc80 surrogate"))
    for extra in ([], ["--json"]):
        run = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), "info", str(tmp_path / "a.png"), *extra],
            capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert "lone \\udc80 surrogate" in run.stdout
