"""LoRAs, embeddings and VAEs from a person's folders, on the command line and in the window."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from studio.app.cli import main
from studio.app.places import STARTER
from studio.storage.metadata import read_recipe
from studio.storage.paths import AppPaths


def write_lora(file: Path) -> None:
    """Changes one layer of the starter model."""
    layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
    config = json.loads((STARTER / "unet" / "config.json").read_text())
    outputs, inputs = config["block_out_channels"][-1], config["cross_attention_dim"]
    up, down = torch.ones(outputs, 1), torch.ones(1, inputs)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({f"{layer}.lora_B.weight": up, f"{layer}.lora_A.weight": down}, file)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppPaths:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    paths = AppPaths.for_user()
    write_lora(paths.loras / "ink.safetensors")
    paths.embeddings.mkdir()
    save_file({"emb_params": torch.ones(1, 8)}, paths.embeddings / "mood.safetensors")
    shutil.copytree(STARTER / "vae", paths.vaes / "same")
    return paths


def rendered(*words: str) -> Path:
    out = Path(f"out-{len(list(Path().glob('out-*')))}.png")
    assert main(["render", *words, "--steps", "2", "--seed", "1", "--out", str(out)]) == 0
    return out


@pytest.mark.usefixtures("home")
def test_render_takes_loras_from_the_prompt_and_from_options_alike(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tagged = rendered("a tree <lora:ink:0.5>")
    option = rendered("a tree", "--lora", "ink:0.2", "--lora", "ink:0.3", "--vae", "same")
    plain = rendered("a tree")
    one, other, without = map(read_recipe, (tagged, option, plain))
    assert one
    assert other
    assert without
    assert one.prompt == "a tree <lora:ink:0.5>"
    assert other.prompt == "a tree <lora:ink:0.2> <lora:ink:0.3>"
    assert one.loras == other.loras == {"ink": 0.5}
    assert (other.vae, without.loras) == ("same", {})
    assert plain.read_bytes() != tagged.read_bytes()
    capsys.readouterr()
    assert main(["info", str(option)]) == 0
    told = capsys.readouterr().out
    assert f"ink ({other.lora_hashes['ink']}), weight 0.5" in told
    assert f"same ({other.vae_hash})" in told


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "words",
    [
        ["a <lora:none:1>"],
        ["a", "--lora", "none"],
        ["a", "--lora", "ink:much"],
        ["a", "--lora", "ink:nan"],
        ["a", "--lora", ":2"],
        ["a", "--vae", "none"],
        ["a", "--vae", str(STARTER / "unet")],
        ["a", "--negative", "<lora:ink>"],
        ["a mood"],  # of another model
    ],
)
def test_a_mistake_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", *words, "--steps", "1", "--out", "q.png"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("underpaint: ")
    assert told.count("\n") == 1


def test_models_lists_them(home: AppPaths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["ink"]["kind"] == "LoRA"
    assert rows["ink"]["path"] == str(home.loras / "ink.safetensors")
    assert rows["mood"]["kind"] == "embedding"
    assert rows["same"]["kind"] == "VAE"
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    assert "ink: LoRA (" in told
    assert str(home.loras) in told.splitlines()[-1]
