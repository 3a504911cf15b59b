"""The command line: finds the command that was meant and turns its outcome into an exit code."""

import logging
import sys
from collections.abc import Callable, Sequence

from studio.app.commands.parser import COMMANDS, Parser, window_parser
from studio.core.errors import UserError

MISTAKE = 2
INTERRUPTED = 130


def run() -> int:
    """`main` for a process of its own, whose stderr holds our sentences and nothing else."""
    logging.captureWarnings(True)  # Pillow's remarks on damaged files belong in the log,
    logging.lastResort = None  # and where there is no log, nowhere
    return main(sys.argv[1:])


def main(arguments: Sequence[str]) -> int:
    """Run Underpaint; returns 0, 1 where a check failed, 2 for a mistake, 130 for Ctrl+C."""
    try:
        return _command(arguments)()
    except UserError as error:
        print(f"underpaint: {error}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("underpaint: stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stderr.close()
        return 0


def _command(arguments: Sequence[str]) -> Callable[[], int]:
    # Each command is imported only when it is meant: opening the window must not load torch,
    # and `info` needs no Qt.
    name = arguments[0] if arguments else ""
    if name not in COMMANDS:
        return _window(window_parser().parse(arguments).files)
    parser: Parser = COMMANDS[name]()
    parsed = parser.parse(arguments[1:])
    if name == "render":
        from studio.app.commands.render import render

        return lambda: render(parsed)
    if name == "info":
        from studio.app.commands.info import info

        return lambda: info(parsed.file, as_json=parsed.json)
    if name == "rerun":
        from studio.app.commands.rerun import rerun

        return lambda: rerun(parsed)
    if name == "convert":
        from studio.app.commands.convert import convert

        return lambda: convert(parsed.source, parsed.out)
    if name == "library":
        from studio.app.commands.library import library

        return lambda: library(parsed)
    if name == "models":
        from studio.app.commands.models import models

        return lambda: models(as_json=parsed.json)
    from studio.app.commands.doctor import doctor

    return doctor


def _window(files: list[str]) -> Callable[[], int]:
    from studio.app.commands.display import has_display, render_example

    if not has_display():
        return lambda: render_example(files)
    from studio.app.window import run_window

    return lambda: run_window(files)
