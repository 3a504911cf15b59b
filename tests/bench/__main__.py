"""`make bench`: speed and latency, as ratios within one run."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, median, quantiles

from studio.app.places import STARTER

ROUNDS = 9

QUICK = "BENCH_QUICK"
"""The environment variable that tells parts to do less."""

FULL = "BENCH_FULL"
"""And the one that tells them to do more."""


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


def cancels() -> None:
    """From a cancel at a random moment until the app knows, and until work has stopped."""
    for until, phases in json.loads(_python("tests.bench.cancel")).items():
        for phase, seconds in phases.items():
            late = [1000 * value for value in seconds]
            words = f"p50 {median(late):.0f}, p99 {_p99(late):.0f}, max {max(late):.0f} ms"
            _row(f"cancel, {phase}, {until} ({len(late)} moments)", words)


def engine() -> None:
    """20 steps at 512x512 on a model of Stable Diffusion 1.5's size, beside plain diffusers."""
    told = json.loads(_python("tests.bench.engine"))
    _row("precision, threads", f"{told['dtype']}, {told['threads']}")
    pictures = (told["first"], told["next"])
    step = {who: mean(pictures[0][who][1] + pictures[1][who][1]) for who in ("ours", "theirs")}
    for which, name in (("first", "first picture"), ("next", "next seed")):
        both = {who: told[which][who][0] + told["steps"] * step[who] for who in step}
        words = f"ours {both['ours']:.0f} s, diffusers {both['theirs']:.0f} s"
        _row(name, words, f"{both['ours'] / both['theirs']:.3f} x diffusers")
    for name, usual in (("starter model", told["previews"]["step"]), ("this model", step["ours"])):
        words = f"{1000 * told['previews']['preview']:.2f} ms"
        share = told["previews"]["preview"] / usual
        _row(f"a preview, beside a step of {name}", words, f"{100 * share:.3f} % of it")
    if "float32" in told:
        rest, steps = told["float32"]["theirs"]
        slow = rest + told["steps"] * mean(steps)
        fast = told["first"]["ours"][0] + told["steps"] * step["ours"]
        _row("diffusers in float32", f"{slow:.0f} s", f"ours is {fast / slow:.2f} x that")


def soak() -> None:
    """200 small jobs in a row, some cancelled, some failing, and one that is killed."""
    told = json.loads(_python("tests.bench.soak"))
    first, last = median(told["memory"][:50]), median(told["memory"][-50:])
    words = f"first 50 {first / 2**20:.0f} MiB, last 50 {last / 2**20:.0f} MiB"
    _row("memory of both processes", words, f"{last / first:.3f} x")
    _row("ends", ", ".join(f"{kind} {count}" for kind, count in Counter(told["ends"]).items()))
    more = (told["unloaded"] - told["before"]) / 2**20
    _row("memory after unloading", f"{more:+.0f} MiB beside before the first job")
    _row("left behind", f"{told['left behind']} handles or segments, {told['children']} processes")


def memory() -> None:
    """What jobs take at their peak, beside what is predicted of them."""
    for words in (["256x256"], ["512x512"], ["1024x1024"], ["512x512", "4"]):
        told = json.loads(_python("tests.bench.memory", str(STARTER), *words))
        size = " refined x ".join(words)
        ratio = told["predicted"] / told["measured"]
        both = " ".join(f"{what} {told[what] / 2**20:.0f} MiB" for what in told)
        _row(f"peak memory, {size}", both, f"{ratio:.2f} x")


def refined() -> None:
    """Peak memory of refining 512x512 to 2048 beside 1024, each in a process; seams of tiles."""
    for upscaler in ("bicubic", "neural"):
        small, large = (
            json.loads(_python("tests.bench.refine", factor, upscaler)) for factor in ("2", "4")
        )
        ratio = large["peak"] / small["peak"]
        words = [f"{made['peak'] / 1e6:.0f} MB" for made in (small, large)]
        took = f"{small['seconds']:.0f} and {large['seconds']:.0f} s"
        _row(f"peak at 1024 and 2048, {upscaler}", " and ".join(words), took, f"{ratio:.2f} x")
    seams = json.loads(_python("tests.bench.refine", "seams"))
    words = [f"latents differ by {seams['encode']:.1e}", f"8-bit values by {seams['max']:.0f}"]
    _row("tiles beside the whole, 1024x1024", *words, f"seam {seams['seam']:.4f}")


def composites() -> None:
    """Composing 4096x4096 in 16 mixed layers where a change of 340x340 pixels was made."""
    for what, took in json.loads(_python("tests.bench.composite")).items():
        if len(took) == 1:
            _row(what, f"{took[0]:.0f} ms")
        else:
            words = f"p50 {median(took):.2f}, p99 {_p99(took):.2f}, max {max(took):.2f} ms"
            _row(what, words, f"first after choosing the layer {took[0]:.2f} ms")


def pen() -> None:
    """A 200 Hz pen, moved views and undo; 4096x4096, 16 mixed layers, a job beside them."""
    told = json.loads(_python("tests.bench.pen"))
    for what, times in told["took"].items():
        passed, worked = zip(*(both for took in times for both in took), strict=True)
        words = [_spread("", passed), _spread("of a core ", worked)]
        if len(times) > 1:
            best = [min(each)[0] for each in zip(*times, strict=True)]
            words.append(_spread(f"best of {len(times)} ", best))
        _row(f"{what} ({len(passed)})", *words)
    sent, heard = told["reports"]
    _row("reports of the pen", f"{sent} sent, {heard} heard")
    most = max(told["kept"]) / 2**20
    _row(f"history of {len(told['kept'])} strokes", f"at most {most:.0f} MiB")


def kills() -> None:
    """The app is killed in the midst of painting, generating, saving and emptying the bin."""
    count = "200" if FULL in os.environ else "5" if QUICK in os.environ else "20"
    told = json.loads(_python("tests.bench.kill", count))
    done = f"{told['states']} states and {told['pictures']} pictures acknowledged"
    _row(f"{told['kills']} kills", done, f"{len(told['problems'])} problems")
    _row("painting lost", f"p50 {median(told['lost']):.2f} s, max {max(told['lost']):.2f} s")
    for problem in told["problems"]:
        _row("", problem)


def gallery() -> None:
    """The gallery of 100,000 pictures: opened, scrolled, added to; two columns as for the pen."""
    for what, took in json.loads(_python("tests.bench.gallery")).items():
        words = []
        for kind, times in zip(("", "of a core "), zip(*took, strict=True), strict=True):
            p95 = quantiles(times, n=100)[94] if len(times) > 1 else times[0]
            words.append(f"{kind}p50 {median(times):.1f}, p95 {p95:.1f}, max {max(times):.1f} ms")
        _row(f"{what} ({len(took)})", *words)


def peers() -> None:
    """A guided step at 512x512 beside stable-diffusion.cpp and OpenVINO, same threads."""
    python = Path("build/peers/bin/python")
    if not python.exists():
        _row("not installed", "python3 -m venv build/peers, then build/peers/bin/pip install -r")
        _row("", "tests/bench/peers.txt")
        return
    told = json.loads(_python("tests.bench.peers", str(python)))
    _row("ours", f"{told['ours']:.1f} s a step", f"{told['dtype']}, {told['threads']} threads")
    for name in ("openvino", "sd.cpp"):
        _row(name, f"{told[name]:.1f} s a step", f"ours is {told['ours'] / told[name]:.2f} x that")


def library() -> None:
    """A library of 100,000 pictures: opened, listed, searched and added to."""
    for what, took in json.loads(_python("tests.bench.library")).items():
        words = f"p50 {median(took):.1f}, p99 {_p99(took):.1f}, max {max(took):.1f} ms"
        _row(f"{what} ({len(took)})", words)


PARTS: dict[str, Callable[[], None]] = {
    "start": start_up,
    "stall": stalls,
    "cancel": cancels,
    "engine": engine,
    "soak": soak,
    "memory": memory,
    "refine": refined,
    "peers": peers,
    "pen": pen,
    "gallery": gallery,
    "composite": composites,
    "library": library,
    "kill": kills,
}


def main() -> None:
    """Run the parts that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    names = ", ".join(PARTS)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{names}; all if missing")
    parser.add_argument("--quick", action="store_true", help="fewer steps, fewer moments")
    parser.add_argument("--all", action="store_true", help="more moments, for hours")
    options = parser.parse_args()
    parts = options.parts or list(PARTS)
    if options.quick:
        os.environ[QUICK] = "1"
    if options.all:
        os.environ[FULL] = "1"
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
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=3600
    )
    return result.stdout


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98]


def _spread(name: str, values: Sequence[float]) -> str:
    return f"{name}p50 {median(values):.2f}, p99 {_p99(values):.2f}, max {max(values):.2f} ms"


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
