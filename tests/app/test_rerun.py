"""Pictures made again from the recipes in them."""

import json
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from studio.app.cli import main
from studio.app.places import STARTER
from studio.core.recipe import Recipe
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin
from studio.storage.metadata import read_recipe
from studio.storage.paths import AppPaths
from studio.storage.pictures import read_map, read_picture, write_picture
from tests.app.test_adapters import write_lora
from tests.storage.samples import gradient

FINER = ["--sampler", "euler-a", "--guidance", "6.5", "--schedule", "karras"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppPaths:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    write_picture(Path("sketch.png"), gradient(96, 64))
    write_picture(Path("map.png"), gradient(30, 20))
    return AppPaths.for_user()


def rendered(*words: str, out: str = "made.png") -> Path:
    assert main(["render", *words, "--steps", "3", "--out", out]) == 0
    return Path(out)


def altered(file: Path, **values: object) -> Path:
    """The same pixels with another recipe."""
    recipe = recipe_of(file)
    out = file.with_stem("altered")
    write_picture(out, read_picture(file), replace(recipe, **values))  # type: ignore[arg-type]
    return out


def recipe_of(file: Path) -> Recipe:
    recipe = read_recipe(file)
    assert recipe
    return recipe


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("made_by", "given"),
    [
        (["a red fox", *FINER], []),
        (["a hut", "--init", "sketch.png", "--strength", "0.5"], ["--init", "sketch.png"]),
        (
            ["a hut", "--init", "sketch.png", "--map", "map.png", "--strength", "0.8"],
            ["--init", "sketch.png", "--map", "map.png"],
        ),
        (["a car", "--refine", "1.5", "--upscaler", "realesr-animevideov3"], []),
        (["a car", "--variation", "0.3", "--noise", "canvas", "--size", "192x128"], []),
        (["a bee", "--init", "sketch.png", "--strength", "0"], ["--init", "sketch.png"]),
    ],
)
def test_a_picture_made_again_is_the_same_to_the_last_bit(
    made_by: list[str], given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    made = rendered(*made_by)
    capsys.readouterr()
    assert main(["rerun", str(made), *given, "--json", "--out", "again.png"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["largest"], told["share"]) == ("exact", 0, 0.0)
    assert (told["differences"], told["missing"]) == ([], [])
    assert read_picture(Path("again.png")) == read_picture(made)
    assert read_recipe(Path("again.png")) == recipe_of(made)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("kind", ["jpg", "webp"])
def test_what_a_file_loses_does_not_count(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = rendered("a red fox", out=f"made.{kind}")
    assert main(["rerun", str(made)]) == 0
    assert f"{made}: exact" in capsys.readouterr().out


@pytest.mark.usefixtures("home")
def test_a_picture_that_was_changed_is_called_different(capsys: pytest.CaptureFixture[str]) -> None:
    made = rendered("a red fox", "--seed", "1")
    recipe = recipe_of(made)
    write_picture(made, gradient(128, 128), recipe)
    assert main(["rerun", str(made)]) == 1
    assert "different" in capsys.readouterr().out
    write_picture(made, gradient(8, 8), recipe)
    assert main(["rerun", str(made)]) == 1


@pytest.mark.usefixtures("home")
def test_what_was_otherwise_then_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    made = rendered("a red fox")
    then = recipe_of(made)
    versions = {**then.versions, "torch": "1.13"}
    elsewhere = altered(made, device="cuda", versions=versions, model_hash="0123456789")
    assert main(["rerun", str(elsewhere)]) == 0
    told = capsys.readouterr().out
    assert f"model: 0123456789 then, {then.model_hash} now" in told
    assert "device: cuda then, cpu now" in told
    assert f"version of torch: 1.13 then, {then.versions['torch']} now" in told
    assert "threads" not in told


def test_a_lora_is_found_by_its_content_and_missed_by_name(
    home: AppPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home.loras / "ink.safetensors"
    write_lora(file)
    made = rendered("a tree <lora:ink:20>", "--seed", "4")
    digest = recipe_of(made).lora_hashes["ink"]
    file.rename(file.with_stem("renamed"))
    capsys.readouterr()
    assert main(["rerun", str(made), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["differences"], told["missing"]) == ("exact", [], [])
    file.with_stem("renamed").unlink()
    main(["rerun", str(made)])
    told = capsys.readouterr().out
    assert "exact" not in told
    assert f"The LoRA 'ink' ({digest}) is not here." in told
    assert f"LoRA ink: {digest} then, none now" in told


def test_an_embedding_under_another_name_is_missed_for_its_word_means_nothing(
    home: AppPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home.embeddings / "mood.safetensors"
    file.parent.mkdir(parents=True)
    width = json.loads((STARTER / "text_encoder" / "config.json").read_text())["hidden_size"]
    save_file({"emb_params": torch.ones(1, width)}, file)
    made = rendered("a tree, mood", "--seed", "4")
    digest = recipe_of(made).embedding_hashes["mood"]
    file.rename(file.with_stem("renamed"))
    main(["rerun", str(made)])
    assert f"The embedding 'mood' ({digest}) is not here." in capsys.readouterr().out


def test_what_it_was_made_from_is_found_in_a_library(
    home: AppPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--init", "sketch.png", "--map", "map.png", "--strength", "0.7"]
    made = rendered("a hut", *words)
    origin = Origin(source=read_picture(Path("sketch.png")), strength_map=read_map(Path("map.png")))
    for folder in (home.library, Path("elsewhere")):
        with closing(Library(folder)) as library:
            library.add(read_picture(made), recipe_of(made), datetime.now(UTC), origin)
    capsys.readouterr()
    assert main(["rerun", str(made)]) == 0
    assert "exact" in capsys.readouterr().out
    shutil.rmtree(home.library)
    assert main(["rerun", str(made)]) == 2
    assert not home.library.exists()
    assert main(["rerun", str(made), "--library", "elsewhere"]) == 0


@pytest.mark.usefixtures("home")
def test_the_model_is_found_by_its_content(capsys: pytest.CaptureFixture[str]) -> None:
    made = altered(rendered("a red fox"), model_name="what it was called elsewhere")
    assert main(["rerun", str(made)]) == 0
    assert "exact" in capsys.readouterr().out


@pytest.mark.usefixtures("home")
def test_what_cannot_be_made_again_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    from_sketch = rendered("a hut", "--init", "sketch.png", "--strength", "0.5")
    plain = rendered("a red fox", out="plain.png")
    write_picture(Path("other.png"), gradient(9, 9))
    gone = altered(plain, model_name="gone", model_hash="0123456789")
    capsys.readouterr()
    for words, problem in (
        (["none.png"], "none.png"),
        (["sketch.png"], "holds no recipe"),
        ([str(from_sketch)], "not in the library"),
        ([str(from_sketch), "--init", "other.png"], "not the picture"),
        ([str(gone)], "The model 'gone' (0123456789) is not here."),
        ([str(plain), "--out", "a.gif"], "kind of file"),
    ):
        assert main(["rerun", *words]) == 2
        told = capsys.readouterr().err
        assert told.startswith("underpaint: ")
        assert problem in told
        assert told.count("\n") == 1
