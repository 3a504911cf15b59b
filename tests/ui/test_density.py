"""Screens of other densities: the paint is where the pen is, and pixels stay pixels."""

import json
import os
import subprocess
import sys

import pytest

from tests.ui.at_scale import LOOKS, PLACE


@pytest.mark.parametrize("factor", ["1", "1.5", "2"])
def test_paint_appears_under_the_pen_and_actual_size_is_sharp(factor):
    found = json.loads(
        subprocess.run(
            [sys.executable, "-m", "tests.ui.at_scale"],
            env={**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        ).stdout
    )
    assert found["ratio"] == float(factor)
    assert len(found["touches"]) == len(LOOKS)
    for touch in found["touches"]:
        assert touch["document"] == pytest.approx(touch["wanted"], abs=0.6)
        on_screen = [pixel / found["ratio"] for pixel in touch["screen"]]
        assert on_screen == pytest.approx(PLACE.toTuple(), abs=1.5)
    assert found["sharp"]
