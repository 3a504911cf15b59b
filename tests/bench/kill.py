"""Kills the app again and again while it is used, and counts what is lost.

usage: python -m tests.bench.kill KILLS     prints one JSON object
"""

import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtGui import QGuiApplication

from tests.app.kill_check import KillTest


def main(kills: int) -> None:
    """In one home folder, so that each start finds what the last one left."""
    application = QGuiApplication([])
    with tempfile.TemporaryDirectory() as home:
        test = KillTest(Path(home))
        for _ in range(kills):
            test.kill_once()
        test.finish()
    json.dump(asdict(test.tally), sys.stdout)
    del application


if __name__ == "__main__":
    main(int(sys.argv[1]))
