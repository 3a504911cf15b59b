"""The app is killed in the midst of work, three times: nothing that it acknowledged is lost.

`make bench ARGS=kill` does it more often.
"""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.app.kill_check import KillTest


@pytest.mark.usefixtures("qapp")
def test_nothing_acknowledged_is_lost_when_the_app_is_killed(tmp_path: Path) -> None:
    assert QApplication.instance() is not None
    test = KillTest(tmp_path, seed=3)
    for _ in range(3):
        test.kill_once()
    test.finish()
    assert test.tally.problems == []
    assert test.tally.states > 3
