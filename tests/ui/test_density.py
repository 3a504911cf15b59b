"""Screens of other densities: the paint is where the pen is, and pixels stay pixels."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ui.at_scale import LOOKS, PLACE

SCREENS = {
    "screens": [
        {"name": "left", "x": 0, "y": 0, "width": 1600, "height": 1000},
        {"name": "right", "x": 1600, "y": -300, "width": 3840, "height": 2160},
    ]
}


def check(ratio: float, **environment: str) -> dict[str, Any]:
    """Paint in a process of its own, and look whether all is in its place there."""
    found: dict[str, Any] = json.loads(
        subprocess.run(
            [sys.executable, "-m", "tests.ui.at_scale"],
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment},
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        ).stdout
    )
    assert found["ratio"] == ratio
    assert len(found["touches"]) == len(LOOKS)
    for touch in found["touches"]:
        assert touch["document"] == pytest.approx(touch["wanted"], abs=0.6)
        on_screen = [pixel / found["ratio"] for pixel in touch["screen"]]
        assert on_screen == pytest.approx(PLACE.toTuple(), abs=1.5)
    assert found["sharp"]
    assert found["rulers"]
    return found


@pytest.mark.parametrize("factor", ["1", "1.5", "2"])
def test_paint_appears_under_the_pen_and_actual_size_is_sharp(factor: str) -> None:
    check(float(factor), QT_SCALE_FACTOR=factor)


def test_so_it_is_on_a_second_screen_of_another_density(tmp_path: Path) -> None:
    file = tmp_path / "screens.json"
    file.write_text(json.dumps(SCREENS))
    found = check(
        2.0,
        QT_QPA_PLATFORM=f"offscreen:configfile={file}",
        QT_SCREEN_SCALE_FACTORS="left=1;right=2",
    )
    assert found["screen"] == "right"
