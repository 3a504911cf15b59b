"""Names in prompts become the files of a person's folders."""

from pathlib import Path

import pytest

from studio.core.errors import UserError
from studio.core.request import Lora
from studio.engine.adapters import AdapterFolders, Adapters, asked_for


@pytest.fixture
def adapters(tmp_path: Path) -> Adapters:
    for file in (
        "loras/ink.safetensors", "loras/styles/My Style.safetensors", "loras/old.pt",
        "embeddings/bad-hands.safetensors", "embeddings/mood.safetensors",
        "vae/sharp.safetensors", "vae/soft/config.json", "vae/soft/x.safetensors",
    ):  # fmt: skip
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    folders = (tmp_path / name for name in ("loras", "embeddings", "vae"))
    return Adapters.look(AdapterFolders(*folders))


def test_tags_and_words_become_files(adapters: Adapters) -> None:
    asked = asked_for(
        "(Mood:1.2) <lora:ink:0.5> cat <lora:My Style><lora:ink:-2>", "bad-HANDS", adapters
    )
    styles = adapters.folders.loras / "styles" / "My Style.safetensors"
    assert asked.loras == (
        Lora(adapters.folders.loras / "ink.safetensors", -1.5),
        Lora(styles, 1.0),
    )
    files = {file.stem for file in asked.embeddings}
    assert files == {"mood", "bad-hands"}
    nothing = asked_for("moody, mood-y", "hands", adapters)
    assert (nothing.loras, nothing.embeddings) == ((), ())


def test_a_name_that_is_not_there_is_told_with_those_that_are(
    adapters: Adapters, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"'oil'.*My Style, ink"):
        asked_for("<lora:oil:1>", "", adapters)
    with pytest.raises(UserError, match="'old'"):  # no pickles
        asked_for("<lora:old:1>", "", adapters)
    with pytest.raises(UserError, match="Put it into"):
        asked_for("<lora:a>", "", Adapters.look(AdapterFolders(*[tmp_path / "none"] * 3)))


def test_a_lora_in_the_negative_prompt_is_told(adapters: Adapters) -> None:
    with pytest.raises(UserError, match="negative weight"):
        asked_for("a", "b <lora:ink:1>", adapters)


def test_a_weight_beyond_reason_is_told(adapters: Adapters) -> None:
    with pytest.raises(UserError, match="LoRA"):
        asked_for("<lora:ink:15><lora:ink:15>", "", adapters)


def test_vaes_are_files_and_folders(adapters: Adapters, tmp_path: Path) -> None:
    assert set(adapters.vaes) == {"sharp", "soft"}
    assert adapters.vae("soft") == adapters.folders.vaes / "soft"
    file = str(adapters.folders.loras / "ink.safetensors")
    assert adapters.vae(file) == Path(file)
    with pytest.raises(UserError, match="sharp, soft"):
        adapters.vae("hard")
