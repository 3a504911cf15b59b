import json
import logging
import stat
from pathlib import Path

import pytest

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import Size
from studio.core.settings import BrushState, Settings
from studio.storage.settings import MAX_BYTES, load_settings, save_settings

CHANGED = Settings(
    form=FormState(prompt='a "fox"\n🦊 \udc80', size=Size(640, 480), seed=7, seed_locked=True),
    brush=BrushState(size=12.5, colour="#00ff00"),
    geometry="AdnQ",
    folder="/tmp/ü",
)


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "settings.json"
    save_settings(path, CHANGED)
    assert load_settings(path) == CHANGED
    assert list(path.parent.iterdir()) == [path]


def test_without_a_file_there_are_the_defaults_and_nothing_is_made(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none" / "settings.json") == Settings()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_kept_aside_and_the_defaults_are_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damaged: bytes
) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        assert load_settings(path) == Settings()
    assert "are damaged" in caplog.text
    assert not path.exists()
    assert (tmp_path / "settings.json.damaged").read_bytes() == damaged


def test_values_out_of_range_are_healed_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"form": {"prompt": "fox", "steps": -5}, "unknown": 1}))
    assert load_settings(path) == Settings(form=FormState(prompt="fox"))
    assert path.exists()


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        load_settings(tmp_path / "settings.json")
    (tmp_path / "file").touch()
    with pytest.raises(UserError):
        save_settings(tmp_path / "file" / "settings.json", Settings())
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UserError, match="too large"):
        load_settings(tmp_path / "huge.json")
    assert stat.S_ISREG((tmp_path / "huge.json").stat().st_mode)
