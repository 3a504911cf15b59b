"""Makes a checkout ready to run: system packages, `.venv`, torch, the pinned rest.

usage: python packaging/setup.py [--dev] [--c2pa]

Needs Python alone, and does the same on Linux, macOS and Windows. Running it again costs a
fraction of a second; running it after an interruption goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTORCH_WHEELS = "https://download.pytorch.org/whl"
"""PyTorch's own index: one folder for each build, asked only where pip's own indexes have none."""

QT_LIBRARIES = (
    "libglib2.0-0",
    "libgl1",
    "libegl1",
    "libfontconfig1",
    "libdbus-1-3",
    "libgssapi-krb5-2",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
)
TEST_TOOLS = ("xvfb", "xauth", "xdotool")  # xvfb-run calls xauth, which it only recommends

DISK_SPACE = "3 GB, 10 with an NVIDIA card, 20 with an AMD card"
"""What the whole set-up takes, downloads included."""


class SetupError(Exception):
    """Why the set-up stopped, and what to do about it, in whole sentences."""


@dataclass(frozen=True)
class Part:
    """One stage of the set-up, with a stamp of its own."""

    name: str
    lock: str  # file name, beside this one
    system_packages: tuple[str, ...]


RUN = Part("run", "requirements.lock", QT_LIBRARIES)
C2PA = Part("c2pa", "c2pa.lock", ())
DEV = Part("dev", "dev.lock", TEST_TOOLS)


@dataclass(frozen=True)
class Machine:
    """What decides which build of torch fits, as far as it can be seen without asking a driver."""

    system: str  # "Linux", "Darwin" or "Windows"
    processor: str  # "x86_64", "arm64", "AMD64", ...
    nvidia: bool
    amd: bool


@dataclass(frozen=True)
class Nvidia:
    """An NVIDIA driver's major version, and its oldest card's compute capability if known."""

    driver: int
    capability: float | None = None


def python_problem(version: tuple[int, int]) -> str | None:
    """A sentence if this Python is too old, else None."""
    if version >= (3, 11):
        return None
    return (
        f"Underpaint needs Python 3.11 or newer, and this is {version[0]}.{version[1]}: "
        "name a newer one, for example with 'make run PYTHON=python3.12'."
    )


# ---------------------------------------------------------------- system packages


def installed_packages(listing: str) -> set[str]:
    """The names that dpkg-query's lines of "status TAB name TAB provides" stand for."""
    names: set[str] = set()
    for line in listing.splitlines():
        status, name, provides = line.split("\t")
        if status == "installed":
            names.add(name)
            names.update(entry.split()[0] for entry in provides.split(",") if entry.strip())
    return names


def apt_name(name: str, offered: Callable[[str], bool]) -> str:
    """The package's name in this release: since 2024, some libraries end in t64."""
    return f"{name}t64" if not offered(name) and offered(f"{name}t64") else name


def apt_commands(prefix: Sequence[str], names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The two command lines that install `names`: update, then install."""
    apt = [*prefix, "apt-get"]
    return [*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *names]


def missing_packages(wanted: Sequence[str]) -> list[str]:
    """Those of the `wanted` Debian packages that are not installed."""
    fields = "${db:Status-Status}\t${Package}\t${Provides}\n"
    listing = run(["dpkg-query", "-W", "-f", fields]).stdout
    here = installed_packages(listing)
    return [name for name in wanted if name not in here]


def venv_packages() -> tuple[str, ...]:
    """Debian's package with the parts of `venv` that it takes out of its own Python."""
    own = sys.base_prefix == "/usr" and importlib.util.find_spec("ensurepip") is None
    return (f"python{sys.version_info.major}.{sys.version_info.minor}-venv",) if own else ()


def apt_prefix() -> list[str] | None:
    """How to call apt-get without being asked for a password; None if there is no way."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and run(["sudo", "-n", "true"]).returncode == 0:
        return ["sudo", "-n"]
    return None


def install_system_packages(wanted: Sequence[str]) -> None:
    """Install what is missing on Debian and its kin. Raises SetupError where that takes a person.

    On other systems this does nothing: macOS and Windows need nothing, and other Linux systems
    hear from `check_qt` what Qt lacks.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-query")):
        return
    missing = missing_packages(wanted)
    if not missing:
        return
    prefix = apt_prefix()
    if prefix is None:
        update, install = apt_commands(["sudo"], [apt_name(name, apt_offers) for name in missing])
        raise SetupError(
            "Some system packages are missing. Install them, then run this again:\n"
            f"  {' '.join(update)} && {' '.join(install)}"
        )
    say(f"Installing system packages: {' '.join(missing)}")
    # A foreign repository that cannot be read fails the update and need not hinder us.
    run(apt_commands(prefix, ())[0])
    names = [apt_name(name, apt_offers) for name in missing]
    done = run(apt_commands([*prefix, "env", "DEBIAN_FRONTEND=noninteractive"], names)[1])
    if done.returncode:
        raise SetupError(f"{done.stdout}{done.stderr}\napt-get could not install them; see above.")


def apt_offers(name: str) -> bool:
    """Whether apt knows a real package of that name."""
    return run(["apt-cache", "show", name]).returncode == 0


# ---------------------------------------------------------------- torch


def look_at_machine() -> Machine:
    """The facts about this machine that can be had in a few milliseconds."""
    return Machine(
        system=platform.system(),
        processor=platform.machine(),
        nvidia=Path("/proc/driver/nvidia/version").exists() or bool(shutil.which("nvidia-smi")),
        amd=Path("/dev/kfd").exists() or bool(shutil.which("rocm-smi")),
    )


def ask_nvidia() -> Nvidia | None:
    """What nvidia-smi, or else the kernel's driver, says; None if neither answers."""
    if shutil.which("nvidia-smi"):
        query = "--query-gpu=driver_version,compute_cap"
        answer = run(["nvidia-smi", query, "--format=csv,noheader"])
        if found := read_nvidia_smi(answer.stdout):
            return found
    kernel = Path("/proc/driver/nvidia/version")
    version = re.search(r"\s(\d{3})\.\d", kernel.read_text()) if kernel.exists() else None
    return Nvidia(int(version[1])) if version else None


def read_nvidia_smi(answer: str) -> Nvidia | None:
    """Read lines like "580.65.06, 9.0", one a card; None if there are none."""
    cards = re.findall(r"^(\d+)\.[\d.]+, (\d+\.\d+)$", answer, re.MULTILINE)
    if not cards:
        return None
    return Nvidia(int(cards[0][0]), min(float(capability) for _, capability in cards))


def torch_build(machine: Machine, nvidia: Nvidia | None) -> str:
    """Which of torch's builds fits, by PyTorch's own name for it. Raises SetupError if none does.

    CUDA 13 needs driver 580 and a Turing card (7.5) or newer; CUDA 12.6 serves the older ones.
    """
    if machine.system == "Darwin":
        if machine.processor != "arm64":
            raise SetupError("PyTorch no longer supports Macs with an Intel processor.")
        return "cpu"  # the Mac's only build; it uses the GPU through Metal
    if nvidia:
        recent = nvidia.driver >= 580 and (nvidia.capability or 7.5) >= 7.5
        return "cu130" if recent else "cu126"
    if machine.amd and machine.system == "Linux":
        return "rocm7.2"
    return "cpu"


def torch_arguments(pin: str, machine: Machine, build: str) -> list[list[str]]:
    """What to ask pip for, in order, until one is to be had: its own indexes, then PyTorch's.

    A build for the CPU needs only what the lock holds; the others bring libraries of their own.
    """
    if machine.system == "Darwin":
        return [[pin, "--no-deps"]]
    wanted = [f"{pin}+{build}", *(["--no-deps"] if build == "cpu" else [])]
    return [wanted, [*wanted, "--index-url", f"{PYTORCH_WHEELS}/{build}"]]


def install_torch(machine: Machine) -> None:
    """Install the build of torch that fits this machine. Raises SetupError where pip cannot."""
    pin = (ROOT / "packaging" / "torch.txt").read_text().strip()
    build = torch_build(machine, ask_nvidia() if machine.nvidia else None)
    say(f"Installing {pin.replace('==', ' ')} ({build}); this is the largest part")
    for arguments in torch_arguments(pin, machine, build):
        done = pip(arguments)
        if "No matching distribution" not in done.stderr:
            break
    check_pip(done)


# ---------------------------------------------------------------- the environment


def venv_python() -> Path:
    """Where `.venv` has its interpreter on this system."""
    return ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def venv_version() -> str | None:
    """The Python version of `.venv`, or None unless it is there, sound and new enough."""
    if not venv_python().exists():
        return None
    probe = "import sys, pip; print('%d.%d.%d' % sys.version_info[:3])"
    answer = run([str(venv_python()), "-c", probe])
    version = answer.stdout.strip()
    sound = answer.returncode == 0 and tuple(map(int, version.split("."))) >= (3, 11)
    return version if sound else None


def make_venv() -> None:
    """Make `.venv` anew."""
    say(f"Making .venv with Python {platform.python_version()}")
    done = run([sys.executable, "-m", "venv", "--clear", str(ROOT / ".venv")])
    if done.returncode:
        raise SetupError(f"{done.stdout}{done.stderr}\nPython could not make .venv; see above.")


def install_lock(part: Part) -> None:
    """Install exactly what the part's lock names, each file checked against its hash."""
    lock = ROOT / "packaging" / part.lock
    count = len(re.findall("^[a-z0-9].*==", lock.read_text(), re.MULTILINE))
    say(f"Installing {count} packages from packaging/{part.lock}")
    check_pip(pip(["--no-deps", "--require-hashes", "--only-binary=:all:", "-r", str(lock)]))


def check_qt() -> None:
    """Say what is missing if Qt's widgets cannot be loaded; the command line still works then."""
    done = run([str(venv_python()), "-c", "from PySide6 import QtWidgets"])
    if done.returncode:
        say(f"Qt cannot open windows yet: {done.stderr.strip().splitlines()[-1]}")
        say(f"Install what Debian calls {', '.join(QT_LIBRARIES)}.")


def stamp(part: Part) -> Path:
    """The file that says with what the part was last finished."""
    return ROOT / ".venv" / f"ready-{part.name}"


def key(part: Part, machine: Machine, version: str | None) -> str:
    """A digest of all that the part's result depends on."""
    digest = hashlib.sha256(repr((machine, version)).encode())
    for name in ("setup.py", "torch.txt", part.lock):
        digest.update((ROOT / "packaging" / name).read_bytes())
    return digest.hexdigest()


def is_ready(part: Part, machine: Machine, version: str | None) -> bool:
    """Whether the part was finished with just this."""
    found = stamp(part)
    return found.exists() and found.read_text() == key(part, machine, version)


def set_up(parts: Sequence[Part]) -> None:
    """Do what is not done yet. Raises SetupError where it cannot go on."""
    machine, version = look_at_machine(), venv_version()
    open_parts = [part for part in parts if not is_ready(part, machine, version)]
    if not open_parts:
        return
    for part in open_parts:  # an interrupted change must not look like the state before it
        stamp(part).unlink(missing_ok=True)
    wanted = [name for part in open_parts for name in part.system_packages]
    install_system_packages([*wanted, *venv_packages()])
    if version is None:
        make_venv()
        version = venv_version()
    for part in open_parts:
        if part is RUN:
            install_torch(machine)
        install_lock(part)
        finish(part, key(part, machine, version))
    check_qt()
    say("Ready")


def finish(part: Part, content: str) -> None:
    """Write the part's stamp, whole or not at all."""
    draft = stamp(part).with_suffix(".part")
    draft.write_text(content)
    draft.replace(stamp(part))


# ---------------------------------------------------------------- calling others


def say(text: str) -> None:
    """Tell the person what happens, at once."""
    print(f"underpaint: {text}", flush=True)


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end without input; gives back its status and words."""
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def pip(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Let `.venv`'s pip install something; on a terminal it shows its own progress."""
    command = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check"]
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    return subprocess.run(
        [*command, *quiet, *arguments],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def check_pip(done: subprocess.CompletedProcess[str]) -> None:
    """Raise SetupError, with pip's own words and what to look at, if it failed."""
    if done.returncode == 0:
        return
    free = shutil.disk_usage(ROOT).free / 1e9
    raise SetupError(
        f"{done.stderr.strip()}\npip could not install what is needed; its own words are above. "
        f"Look at the network and the disk (the set-up takes {DISK_SPACE}; "
        f"{free:.0f} GB are free), then run this again: it goes on from here."
    )


def main(arguments: Sequence[str]) -> int:
    """Set up; 0 when all is ready, 2 when a person has to do something first."""
    if problem := python_problem(sys.version_info[:2]):
        print(f"underpaint: {problem}", file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(description="Make this checkout of Underpaint ready to run.")
    parser.add_argument("--dev", action="store_true", help="with what tests and checks need")
    parser.add_argument("--c2pa", action="store_true", help="with what signs pictures")
    wanted = parser.parse_args(arguments)
    try:
        set_up((RUN, C2PA, DEV) if wanted.dev else (RUN, C2PA) if wanted.c2pa else (RUN,))
    except SetupError as error:
        print(f"underpaint: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("underpaint: Interrupted. Run it again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
