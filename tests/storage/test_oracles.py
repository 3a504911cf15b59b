"""Programs of others read our pictures' settings right, in 200 random recipes."""

import json
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from studio.core.recipe import Recipe
from studio.storage.a1111 import SAMPLERS, SCHEDULES, parameters_text
from studio.storage.metadata import read_recipe
from studio.storage.pictures import write_picture
from tests.storage.samples import RECIPE, gradient

EXIFTOOL = shutil.which("exiftool") or ""
COUNT = 200
PICTURE = gradient(8, 8)
WORDS = (
    "a red fox", '"quoted"', "it's", "8k", "(soft light:1.3)", "[dim]", "{x|y}", "日本の城", "🦊🏰",
    "é ü ñ", "back\\slash", "time: noon", "50% off", "<lora:ink:0.5>", "key: value, other: 3",
    "über & <b>", "…", "5:30", '{"json": [1]}',
)  # fmt: skip
JOINTS = (" ", ", ", "\n", ": ", "\n\n", " - ", "; ")


def _words(luck: random.Random) -> str:
    count = luck.randint(1, 12)
    return "".join(luck.choice(WORDS) + luck.choice(JOINTS) for _ in range(count)).strip(" \n,:;-")


def _recipes() -> list[Recipe]:
    luck = random.Random(8)
    return [_recipe(luck) for _ in range(COUNT)]


def _recipe(luck: random.Random) -> Recipe:
    refined = luck.random() < 0.3
    return replace(
        RECIPE,
        prompt=_words(luck),
        negative=_words(luck) if luck.random() < 0.7 else "",
        seed=luck.randrange(2**32),
        steps=luck.randint(1, 150),
        guidance=luck.randint(0, 60) / 2,
        first_width=8 * luck.randint(8, 256),
        first_height=8 * luck.randint(8, 256),
        sampler=luck.choice(list(SAMPLERS)),
        schedule=luck.choice([*SCHEDULES, "auto"]),
        clip_skip=luck.choice([1, 2]),
        variation=luck.choice([0.0, 0.25]),
        variation_seed=luck.randrange(2**32),
        source=luck.choice([None, "ab" * 32]),
        strength=luck.choice([1.0, 0.5]),
        refine_factor=1.5 if refined else None,
        refine_strength=0.25 if refined else None,
        model_name=luck.choice(["dreams_v8", "My Model, v2: final", "日本"]),
        loras={"ink": 0.5},
        lora_hashes={"ink": "0123456789", "pen": "abcdefabcd"} if luck.random() < 0.5 else {},
    )


def test_sd_parsers_reads_our_settings_right(tmp_path: Path) -> None:
    sd_parsers = pytest.importorskip("sd_parsers", reason="sd-parsers is not installed (0.6)")
    parser = sd_parsers.ParserManager()
    images = []  # kept, as it takes one in the same place in memory for the one before
    for recipe in _recipes():
        for suffix in (".png", ".jpg"):
            path = tmp_path / f"a{suffix}"
            write_picture(path, PICTURE, recipe)
            images.append(Image.open(path))
            images[-1].load()
            told = parser.parse(images[-1])
            assert told, recipe
            (sampler,) = told.samplers
            parameters = {key: str(value) for key, value in sampler.parameters.items()}
            assert [prompt.value for prompt in sampler.prompts] == [recipe.prompt]
            assert [prompt.value for prompt in sampler.negative_prompts] == (
                [recipe.negative] if recipe.negative else []
            )
            assert sampler.name == SAMPLERS[recipe.sampler]
            assert parameters["seed"] == str(recipe.seed)
            assert parameters["steps"] == str(recipe.steps)
            assert parameters["cfg_scale"] == f"{recipe.guidance:g}"
            assert sampler.model.hash == recipe.model_hash
            if "," not in recipe.model_name:  # it does not know the quotes that are usual then
                assert sampler.model.name == recipe.model_name
            size = told.metadata.get("size") or told.metadata.get("Size")
            assert size == f"{recipe.first_width}x{recipe.first_height}"


@pytest.mark.skipif(not EXIFTOOL, reason="exiftool is not installed (libimage-exiftool-perl)")
def test_exiftool_reads_our_settings_and_the_mark_right(tmp_path: Path) -> None:
    recipes = _recipes()
    for number, recipe in enumerate(recipes):
        for suffix in (".png", ".jpg", ".webp"):
            write_picture(tmp_path / f"{number}{suffix}", PICTURE, recipe)
    command = [EXIFTOOL, "-j", "-G0", "-warning", "-error", "-all", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=True)
    told = {Path(tags["SourceFile"]).name: tags for tags in json.loads(done.stdout)}
    assert len(told) == 3 * COUNT
    for number, recipe in enumerate(recipes):
        kind = "trainedAlgorithmicMedia"
        if recipe.source:
            kind = "compositeWithTrainedAlgorithmicMedia"
        for suffix in (".png", ".jpg", ".webp"):
            tags = told[f"{number}{suffix}"]
            text = tags["PNG:Parameters"] if suffix == ".png" else tags["EXIF:UserComment"]
            assert text == parameters_text(recipe)
            assert tags["XMP:DigitalSourceType"].endswith(f"/{kind}")
            assert not {"ExifTool:Warning", "ExifTool:Error"} & set(tags)
            assert read_recipe(tmp_path / f"{number}{suffix}") == recipe
