"""The set-up script: what it decides, and that it neither repeats nor forgets work."""

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from subprocess import CompletedProcess
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
TORCH = (ROOT / "packaging" / "torch.txt").read_text().strip()


def _load() -> ModuleType:
    path = ROOT / "packaging" / "setup.py"
    spec = importlib.util.spec_from_file_location("underpaint_setup", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


setup = _load()


def _machine(system: str = "Linux", processor: str = "x86_64", **found: bool) -> object:
    return setup.Machine(system, processor, **{"nvidia": False, "amd": False, **found})


def _done(status: int = 0, words: str = "") -> CompletedProcess[str]:
    return CompletedProcess([], status, "", words)


# ---------------------------------------------------------------- Python, system packages


def test_an_old_python_is_told_so_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(setup.sys, "version_info", (3, 10, 4))
    assert setup.main([]) == 2
    words = capsys.readouterr().err
    assert "3.11 or newer, and this is 3.10" in words
    assert words.count("\n") == 1


@given(st.tuples(st.integers(2, 4), st.integers(0, 30)))
def test_every_python_from_3_11_on_is_taken(version):
    assert (setup.python_problem(version) is None) == (version >= (3, 11))


def test_a_package_counts_as_installed_under_each_name_it_provides():
    listing = (
        "installed\tlibglib2.0-0t64\tlibglib2.0-0 (= 2.80.0-6), libglib2.0-0-x\n"
        "installed\tlibgl1\t\n"
        "config-files\tlibegl1\t\n"
    )
    names = setup.installed_packages(listing)
    assert {"libglib2.0-0", "libglib2.0-0t64", "libglib2.0-0-x", "libgl1"} == names


@pytest.mark.parametrize(
    ("offered", "name"),
    [
        ({"libglib2.0-0"}, "libglib2.0-0"),
        ({"libglib2.0-0t64"}, "libglib2.0-0t64"),
        (set(), "libglib2.0-0"),  # before the first apt-get update nothing is offered
    ],
)
def test_a_library_is_asked_for_by_its_name_in_this_release(offered, name):
    assert setup.apt_name("libglib2.0-0", offered.__contains__) == name


@pytest.fixture
def debian(monkeypatch):
    """A Debian where libegl1 and xvfb are missing; gives the commands that were run."""
    commands: list[list[str]] = []
    monkeypatch.setattr(setup.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(setup, "missing_packages", lambda wanted: ["libegl1", "xvfb"])
    monkeypatch.setattr(setup, "run", lambda command: commands.append(command) or _done())
    return commands


def test_without_rights_the_exact_line_is_shown_and_nothing_is_installed(debian, monkeypatch):
    monkeypatch.setattr(setup, "apt_prefix", lambda: None)
    with pytest.raises(setup.SetupError) as caught:
        setup.install_system_packages(["libegl1", "xvfb"])
    line = str(caught.value).splitlines()[-1].strip()
    assert line == (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends libegl1 xvfb"
    )
    assert not [command for command in debian if "install" in command]


def test_with_rights_one_update_and_one_install_bring_what_is_missing(debian, monkeypatch):
    monkeypatch.setattr(setup, "apt_prefix", lambda: ["sudo", "-n"])
    setup.install_system_packages(["libegl1", "xvfb"])
    update, *_, install = debian
    assert update == ["sudo", "-n", "apt-get", "update"]
    assert install[:2] == ["sudo", "-n"]
    assert install[-6:] == [
        *("apt-get", "install", "-y", "--no-install-recommends"),
        *("libegl1", "xvfb"),
    ]


def test_systems_without_apt_are_left_alone(debian, monkeypatch):
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    setup.install_system_packages(["libegl1"])
    assert debian == []


# ---------------------------------------------------------------- torch


@pytest.mark.parametrize(
    ("machine", "nvidia", "build"),
    [
        (_machine(), None, "cpu"),
        (_machine("Windows", "AMD64"), None, "cpu"),
        (_machine("Darwin", "arm64"), None, "cpu"),
        (_machine(nvidia=True), (580, 9.0), "cu130"),
        (_machine("Windows", "AMD64", nvidia=True), (581, 7.5), "cu130"),
        (_machine(nvidia=True), (570, 9.0), "cu126"),  # the driver is too old for CUDA 13
        (_machine(nvidia=True), (580, 6.1), "cu126"),  # the card is
        (_machine(nvidia=True), (580, None), "cu130"),
        (_machine(nvidia=True), None, "cpu"),  # the tool is there, the card is not
        (_machine(amd=True), None, "rocm7.2"),
        (_machine("Windows", "AMD64", amd=True), None, "cpu"),
        (_machine(nvidia=True, amd=True), (580, 8.6), "cu130"),
    ],
)
def test_torch_is_built_for_the_gpu_at_hand(machine, nvidia, build):
    assert setup.torch_build(machine, nvidia and setup.Nvidia(*nvidia)) == build


def test_intel_macs_are_told_that_torch_left_them():
    with pytest.raises(setup.SetupError, match="Intel"):
        setup.torch_build(_machine("Darwin", "x86_64"), None)


def test_the_oldest_card_decides():
    answer = "580.65.06, 9.0\n580.65.06, 6.1\n"
    assert setup.read_nvidia_smi(answer) == setup.Nvidia(580, 6.1)


@given(st.text())
def test_a_driver_that_does_not_answer_properly_is_no_card(words):
    assert setup.read_nvidia_smi("NVIDIA-SMI has failed: " + words.replace("\n", " ")) is None


@pytest.fixture
def pip(monkeypatch):
    """A pip that gives prepared answers; `asked` holds what it was asked for."""

    class Pip:
        asked: list[list[str]]
        answers: list[CompletedProcess[str]]

    fake = Pip()
    fake.asked, fake.answers = [], []

    def answer(arguments):
        fake.asked.append(list(arguments))
        return fake.answers.pop(0) if fake.answers else _done()

    monkeypatch.setattr(setup, "pip", answer)
    return fake


def test_the_persons_own_index_is_asked_before_pytorchs(pip):
    pip.answers = [_done(1, "ERROR: No matching distribution found for torch"), _done()]
    setup.install_torch(_machine())
    own, pytorchs = pip.asked
    assert own == [f"{TORCH}+cpu", "--no-deps"]
    assert pytorchs == [*own, "--index-url", "https://download.pytorch.org/whl/cpu"]


def test_what_the_persons_own_index_has_is_taken_from_there(pip):
    setup.install_torch(_machine("Darwin", "arm64"))
    setup.install_torch(_machine())
    assert pip.asked == [[TORCH, "--no-deps"], [f"{TORCH}+cpu", "--no-deps"]]


def test_a_full_disk_is_told_in_pips_words_and_not_tried_again(pip):
    pip.answers = [_done(1, "ERROR: No space left on device")]
    with pytest.raises(setup.SetupError, match=r"No space left(.|\n)*3 GB") as caught:
        setup.install_torch(_machine())
    assert len(pip.asked) == 1
    assert str(caught.value).endswith("run this again: it goes on from here.")


# ---------------------------------------------------------------- doing it once


@pytest.fixture
def checkout(monkeypatch, tmp_path, pip):
    """A checkout of its own, with a Python that makes `.venv` at once."""
    folder = tmp_path / "packaging"
    folder.mkdir()
    for name in ("setup.py", "torch.txt", "requirements.lock", "c2pa.lock", "dev.lock"):
        (folder / name).write_bytes((ROOT / "packaging" / name).read_bytes())
    venv = tmp_path / ".venv"
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "look_at_machine", _machine)
    monkeypatch.setattr(setup, "install_system_packages", lambda wanted: None)
    monkeypatch.setattr(setup, "make_venv", lambda: venv.mkdir(exist_ok=True))
    monkeypatch.setattr(setup, "venv_version", lambda: "3.11.7" if venv.exists() else None)
    monkeypatch.setattr(setup, "check_qt", lambda: None)
    return tmp_path


def _asked(pip) -> list[str]:
    names = [Path(arguments[-1]).name if "-r" in arguments else "torch" for arguments in pip.asked]
    pip.asked.clear()
    return names


def test_the_second_run_does_nothing(checkout, pip):
    assert setup.main(["--dev"]) == 0
    assert _asked(pip) == ["torch", "requirements.lock", "c2pa.lock", "dev.lock"]
    assert setup.main(["--dev"]) == 0
    assert setup.main([]) == 0
    assert _asked(pip) == []


def test_only_what_changed_is_done_again(checkout, pip):
    setup.main(["--dev"])
    _asked(pip)
    lock = checkout / "packaging" / "dev.lock"
    lock.write_text(lock.read_text() + "\n")
    setup.main(["--dev"])
    assert _asked(pip) == ["dev.lock"]


def test_what_signs_pictures_is_set_up_where_it_is_asked_for(checkout, pip):
    setup.main([])
    _asked(pip)
    assert setup.main(["--c2pa"]) == 0
    assert _asked(pip) == ["c2pa.lock"]


def test_a_new_gpu_or_a_new_python_sets_up_again(checkout, pip, monkeypatch):
    setup.main([])
    _asked(pip)
    monkeypatch.setattr(setup, "look_at_machine", lambda: _machine(amd=True))
    setup.main([])
    assert _asked(pip) == ["torch", "requirements.lock"]
    monkeypatch.setattr(setup, "venv_version", lambda: "3.12.1")
    setup.main([])
    assert _asked(pip) == ["torch", "requirements.lock"]


def test_what_failed_is_done_again_and_what_is_done_is_not(checkout, pip):
    pip.answers = [_done(), _done(), _done(), _done(1, "ERROR: connection broken")]
    assert setup.main(["--dev"]) == 2
    _asked(pip)
    assert setup.main(["--dev"]) == 0
    assert _asked(pip) == ["dev.lock"]


def test_an_interrupted_change_is_not_taken_for_the_state_before_it(checkout, pip):
    setup.main([])
    lock = checkout / "packaging" / "requirements.lock"
    before = lock.read_text()
    lock.write_text(before + "\n")
    pip.answers = [_done(), _done(1, "ERROR: interrupted")]
    setup.main([])
    lock.write_text(before)
    _asked(pip)
    setup.main([])
    assert _asked(pip) == ["torch", "requirements.lock"]


# ---------------------------------------------------------------- the locks


def _pins(name: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for project, version in re.findall(
        r"^([a-z0-9-]+)==(\S+)", (ROOT / "packaging" / name).read_text(), re.MULTILINE
    ):
        pins.setdefault(project, set()).add(version)
    return pins


@pytest.mark.parametrize("name", ["requirements.lock", "c2pa.lock", "dev.lock"])
def test_the_locks_hold_hashes_and_name_no_place(name):
    text = (ROOT / "packaging" / name).read_text()
    assert not re.search(r"://|index-url|find-links| @ |file:", text)
    for entry in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry, entry


def _named(dependencies: list[str]) -> set[str]:
    return {re.match(r"[\w-]+", line)[0].lower().replace("_", "-") for line in dependencies}


def test_the_locks_hold_every_dependency_but_torch_and_nothing_of_cuda():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins = _pins("requirements.lock")
    assert _named(declared["project"]["dependencies"]) - pins.keys() == {"torch"}
    for name, wanted in declared["dependency-groups"].items():
        assert _named(wanted) <= _pins(f"{name}.lock").keys()
    assert not [name for name in pins if re.match(r"nvidia|cuda|triton|torch", name)]


@pytest.mark.parametrize("name", ["c2pa.lock", "dev.lock"])
def test_the_locks_agree(name):
    run, more = _pins("requirements.lock"), _pins(name)
    assert run.keys() & more.keys()
    for each in run.keys() & more.keys():
        assert more[each] <= run[each]
