"""Nothing is asked of any network: not needed, and not tried."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NO_NETWORK = ["unshare", "--map-root-user", "--net"]


def works(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def render(out: Path) -> list[str]:
    words = ["a 3d apple", "--steps", "1", "--size", "64x64", "--out", str(out)]
    return [sys.executable, str(ROOT / "main.py"), "render", *words]


@pytest.mark.skipif(
    not works([*NO_NETWORK, "true"]), reason="unshare is missing, or may not make namespaces here"
)
def test_a_machine_without_any_network_renders(tmp_path: Path) -> None:
    out = tmp_path / "picture.png"
    subprocess.run([*NO_NETWORK, *render(out)], check=True, capture_output=True, timeout=120)
    assert out.exists()


@pytest.mark.skipif(not works(["strace", "true"]), reason="strace is missing, or may not trace")
def test_no_connection_is_tried(tmp_path: Path) -> None:
    out, log = tmp_path / "picture.png", tmp_path / "calls"
    # seccomp-bpf: only the traced calls stop, or it would take minutes
    trace = ["strace", "--seccomp-bpf", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", str(log)]
    subprocess.run([*trace, *render(out)], check=True, capture_output=True, timeout=300)
    assert out.exists()
    assert [line for line in log.read_text().splitlines() if "AF_INET" in line] == []
