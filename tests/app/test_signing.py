"""Exported pictures are signed where the person wants it, from the window and without."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import c2pa
import pytest
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit

from studio.app.cli import main
from studio.app.front import Front
from studio.core.request import GenerationRequest
from studio.core.settings import Options, Settings
from studio.engine.api import Emit, Finished, IsCancelled
from studio.storage.paths import AppPaths
from studio.storage.pictures import read_picture, write_picture
from studio.storage.settings import load_settings, save_settings
from studio.ui.dialogs.signing import SigningDialog
from tests.app.harness import MADE, FakeEngine, choose_file, until
from tests.named import named
from tests.storage.certificates import ARTIST, make_pair
from tests.storage.samples import gradient

RunApp = Callable[..., None]


def is_signed(path: Path) -> bool:
    """Whether the file has a manifest, which then has to hold."""
    reader = c2pa.Reader.try_create(str(path))
    if reader is None:
        return False
    with reader:
        assert reader.get_validation_state() == "Valid"
    return True


async def exported(front: Front, path: Path) -> Path:
    front.place.commands["export"].trigger()
    await choose_file(path)
    await until(path.exists)
    return path


def shown_dialog(front: Front) -> SigningDialog:
    front.place.commands["sign_exports"].trigger()
    return front.window.findChild(SigningDialog)


def type_path(dialog: SigningDialog, name: str, path: str) -> None:
    line = named(dialog, name, QLineEdit)
    line.setText(path)
    line.editingFinished.emit()


def test_once_set_up_exports_are_signed_but_for_those_that_tell_nothing(
    run_app: RunApp, paths: AppPaths, tmp_path: Path
) -> None:
    certificate, key = make_pair(tmp_path / "pair")

    async def script(front: Front) -> None:
        assert not is_signed(await exported(front, tmp_path / "before.png"))
        dialog = shown_dialog(front)
        switch = named(dialog, "Sign exported pictures", QCheckBox)
        verdict = named(dialog, "Verdict", QLabel)
        await until(lambda: "needs a certificate" in verdict.text())
        assert not switch.isEnabled()
        type_path(dialog, "Certificate", certificate)
        type_path(dialog, "Private key", certificate)
        await until(lambda: "no private key" in verdict.text())
        type_path(dialog, "Private key", key)
        await until(lambda: ARTIST in verdict.text())
        remembered: list[None] = []
        front.place.preferences.changed.connect(remembered.append)
        switch.click()
        assert remembered
        assert is_signed(await exported(front, tmp_path / "signed.jpg"))
        await exported(front, tmp_path / "layers.psd")
        await until(lambda: "not signed: Photoshop" in front.place.notice.words)
        front.place.commands["untold_exports"].trigger()
        assert not is_signed(await exported(front, tmp_path / "untold.png"))

    run_app(script)
    kept = load_settings(paths.settings).options
    assert (kept.sign_exports, kept.certificate, kept.private_key) == (True, certificate, key)


def signing(paths: AppPaths, certificate: str, key: str) -> None:
    """Set the app up to sign what it exports."""
    options = Options(sign_exports=True, certificate=certificate, private_key=key)
    save_settings(paths.settings, Settings(options=options))


def test_an_export_that_cannot_be_signed_is_told_and_not_written(
    run_app: RunApp, paths: AppPaths, tmp_path: Path
) -> None:
    certificate, key = make_pair(tmp_path / "pair", since=-9, until=-2)
    signing(paths, certificate, key)
    target = tmp_path / "mine.png"

    async def script(front: Front) -> None:
        front.place.commands["export"].trigger()
        await choose_file(target)
        await until(lambda: "has expired" in front.place.notice.words)
        assert not target.exists()
        dialog = shown_dialog(front)
        await until(lambda: "has expired" in named(dialog, "Verdict", QLabel).text())
        named(dialog, "Sign exported pictures", QCheckBox).click()  # it can still be left off
        assert not is_signed(await exported(front, target))

    run_app(script)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppPaths:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    return AppPaths.for_user()


class IdleEngine(FakeEngine):
    """At strength 0 no model paints, so that none is named."""

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        """The source."""
        return replace(super().run(request, emit, cancelled), made=replace(MADE, model_hash=""))


def test_the_command_line_signs_all_that_it_writes_for_the_person(
    home: AppPaths,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Path("source.png")
    write_picture(source, gradient())
    monkeypatch.setitem(
        sys.modules, "studio.engine.diffusion.engine", SimpleNamespace(DiffusionEngine=IdleEngine)
    )
    signing(home, *make_pair(tmp_path / "pair"))
    made = ["render", "x", "--init", str(source), "--strength", "0", "--out", "made.png"]
    assert main(made) == 0
    assert main(["rerun", "made.png", "--init", str(source), "--out", "again.webp"]) == 0
    assert main(["convert", str(source), "flat.tif"]) == 0
    assert main(["convert", str(source), "layers.ora"]) == 0
    assert main(["convert", "layers.ora", "picture.jpg"]) == 0
    for name in ("made.png", "again.webp", "flat.tif", "picture.jpg"):
        assert is_signed(Path(name)), name
    assert read_picture(Path("flat.tif")) == gradient()
    assert main(["convert", "layers.ora", "layers.psd"]) == 0
    assert "not signed: Photoshop" in capsys.readouterr().err


def test_the_command_line_writes_nothing_where_it_cannot_sign(
    home: AppPaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("source.png"), gradient())
    signing(home, "gone.pem", "gone.pem")
    for words in (
        ["convert", "source.png", "out.png"],
        ["render", "x", "--out", "out.png"],
    ):
        assert main(words) == 2
        assert "no file 'gone.pem'" in capsys.readouterr().err
        assert not Path("out.png").exists()
