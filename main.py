"""Starts Underpaint: `python main.py` opens the window, `python main.py --help` tells the rest."""

import sys

from studio.app.cli import run

if __name__ == "__main__":
    sys.exit(run())
