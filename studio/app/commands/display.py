"""What `python main.py` does on a machine without a screen."""

import os
import sys
from pathlib import Path

from studio.app.commands.parser import render_parser
from studio.core.errors import UserError
from studio.core.example import EXAMPLE_PROMPT

EXAMPLE_FILE = "underpaint-example.png"
EXAMPLE_SEED = 7


def has_display() -> bool:
    """Whether a window can be shown: always on Windows and macOS, elsewhere where a server is."""
    if not sys.platform.startswith("linux"):
        return True
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return any(os.environ.get(name) for name in names)


def render_example(files: list[str]) -> int:
    """Say that there is no display, and make the README's example instead.

    Raises UserError if there were files to open: that needs a window.
    """
    if files:
        raise UserError(
            "There is no display to open a window on.", "Start a desktop session first."
        )
    from studio.app.commands.render import render

    print("There is no display to open a window on: making the README's example instead.")
    out = Path(EXAMPLE_FILE).resolve()
    example = [EXAMPLE_PROMPT, "--seed", str(EXAMPLE_SEED), "--out", str(out)]
    render(render_parser().parse(example))
    print(f"The picture is at {out}")
    return 0
