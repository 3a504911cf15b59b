"""The outermost frame: a fault of ours is logged whole and told in one sentence."""

import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

_SENTENCE = "Something went wrong inside Underpaint; your painting is as it was. The log: {log}"

log = logging.getLogger(__name__)


def start_log(file: Path) -> None:
    """Write warnings and worse to `file` from now on; it starts anew at every start.

    Where that cannot be, there is no log: those who keep more than that there will tell.
    """
    with suppress(OSError):
        _start(file)


def _start(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=file,
        filemode="w",
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )


def tell_faults(say: Callable[[str], None], file: Path, loop: asyncio.AbstractEventLoop) -> None:
    """Show one sentence for every exception that nobody caught, in Qt's slots and in the loop."""
    sentence = _SENTENCE.format(log=file)

    def in_slot(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        log.error("Uncaught", exc_info=(kind, error, trace))
        say(sentence)

    def in_loop(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        log.error("%s", context.get("message"), exc_info=context.get("exception"))
        say(sentence)

    sys.excepthook = in_slot
    loop.set_exception_handler(in_loop)
