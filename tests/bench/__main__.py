"""`make bench`: speed and latency, as ratios within one run."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median, quantiles

ROUNDS = 9


def start_up() -> None:
    """Time from starting the interpreter to the first paint, beside a bare Qt window."""
    times: dict[str, list[float]] = {"bare": [], "frame": [], "full": []}
    for _ in range(ROUNDS + 1):  # the first round fills the caches
        for which, seconds in times.items():
            seconds.append(float(_python("tests.bench.start", which, str(time.monotonic()))))
    usual = {which: median(seconds[1:]) for which, seconds in times.items()}
    _row("bare PySide6 window", f"{usual['bare'] * 1000:.0f} ms")
    for which, name in (("frame", "Underpaint, window painted"), ("full", "with every panel")):
        ratio = usual[which] / usual["bare"]
        _row(name, f"{usual[which] * 1000:.0f} ms", f"{ratio:.2f} x bare")


def stalls() -> None:
    """Gaps of a 10 ms timer in the real app while the child engine loads and paints."""
    gaps: dict[str, list[float]] = json.loads(_python("tests.bench.stall"))
    idle = _p99(gaps["idle"])
    for phase in ("idle", "load", "paint"):
        ticks = gaps[phase]
        over = _p99(ticks) - idle
        words = f"p50 {median(ticks):.1f}, p99 {_p99(ticks):.1f}, max {max(ticks):.1f} ms"
        _row(f"timer gaps, {phase} ({len(ticks)} ticks)", words, f"p99 {over:+.1f} ms over idle")


PARTS: dict[str, Callable[[], None]] = {"start": start_up, "stall": stalls}


def main() -> None:
    """Run the parts that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    names = ", ".join(PARTS)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{names}; all if missing")
    parts = parser.parse_args().parts or list(PARTS)
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part called {', '.join(unknown)}; choose from {names}")
    _row("machine", f"{platform.machine()}, {os.cpu_count()} cores, {platform.platform()}")
    for part in parts:
        _row(f"-- {part}", PARTS[part].__doc__ or "")
        PARTS[part]()


def _python(module: str, *words: str) -> str:
    """What a module prints, run as a fresh user's would be: with its bytecode cached."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", module, *words]
    result = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=600
    )
    return result.stdout


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


def _row(*words: str) -> None:
    first, *rest = words
    sys.stdout.write(f"{first:<42}{'   '.join(rest)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if not os.environ.get("DISPLAY"):
        xvfb = shutil.which("xvfb-run")
        if xvfb is None:
            sys.exit("There is no display, and no xvfb-run to make one.")
        screen = ["-a", "-s", "-screen 0 1600x1000x24"]
        command = [xvfb, *screen, sys.executable, "-m", "tests.bench", *sys.argv[1:]]
        sys.exit(subprocess.run(command, check=False).returncode)
    main()
