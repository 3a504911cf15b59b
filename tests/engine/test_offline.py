"""Nothing is asked of any network: not needed, and not tried, whatever the family."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.tiny_flux2 import write_flux2
from tests.engine.tiny_models import write_sd, write_sd2, write_sdxl
from tests.engine.tiny_z_image import write_z_image

ROOT = Path(__file__).parents[2]
NO_NETWORK = ["unshare", "--map-root-user", "--net"]
WRITERS = (write_sd, write_sd2, write_sdxl, write_flux2, write_z_image)


def works(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def render(out: Path) -> list[str]:
    words = ["a 3d apple", "--steps", "1", "--size", "64x64", "--out", str(out)]
    return [sys.executable, str(ROOT / "main.py"), "render", *words]


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A command that renders a picture with a tiny model of every family."""
    folders = [str(write(tmp_path_factory.mktemp("families") / "model")) for write in WRITERS]
    return [sys.executable, "-m", "tests.engine.offline_renders", *folders]


def traced(log: Path, command: list[str]) -> str:
    """What a command says; every call that reaches for a network goes into `log`."""
    # seccomp-bpf: only the traced calls stop, or it would take minutes
    trace = ["strace", "--seccomp-bpf", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", str(log)]
    run = subprocess.run(
        [*trace, *command], check=True, capture_output=True, timeout=300, cwd=ROOT, text=True
    )
    return run.stdout


@pytest.mark.skipif(
    not works([*NO_NETWORK, "true"]), reason="unshare is missing, or may not make namespaces here"
)
def test_a_machine_without_any_network_renders_with_every_family(families: list[str]) -> None:
    run = subprocess.run(
        [*NO_NETWORK, *families], check=True, capture_output=True, timeout=300, cwd=ROOT, text=True
    )
    assert run.stdout.split() == ["1", "2", "3", "4", "5"]


@pytest.mark.skipif(not works(["strace", "true"]), reason="strace is missing, or may not trace")
def test_no_connection_is_tried(tmp_path: Path, families: list[str]) -> None:
    out, log = tmp_path / "picture.png", tmp_path / "calls"
    traced(log, render(out))
    assert out.exists()
    assert traced(tmp_path / "more calls", families).split() == ["1", "2", "3", "4", "5"]
    for calls in (log, tmp_path / "more calls"):
        assert [line for line in calls.read_text().splitlines() if "AF_INET" in line] == []
