import json
import shutil
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from studio import __version__
from studio.core.errors import UserError
from studio.core.recipe import Recipe
from studio.storage.a1111 import parameters_text
from studio.storage.metadata import KEYWORD, Mark, read_recipe
from studio.storage.pictures import write_picture
from tests.storage.samples import HOSTILE, RECIPE, gradient, recipes

SUFFIXES = (".png", ".jpg", ".webp", ".tif")
PICTURE = gradient(8, 8)
PAINTED = replace(HOSTILE, prompt=HOSTILE.prompt.replace("\ufffe", ""))  # exiftool writes "???"
EXIFTOOL = shutil.which("exiftool") or ""
needs_exiftool = pytest.mark.skipif(
    not EXIFTOOL, reason="exiftool is not installed (libimage-exiftool-perl)"
)


def _written(path: Path, recipe: Recipe | None) -> Path:
    write_picture(path, PICTURE, recipe)
    return path


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(recipe=recipes)
def test_a_recipe_comes_back_exactly_from_every_format(tmp_path: Path, recipe: Recipe) -> None:
    for suffix in SUFFIXES:
        assert read_recipe(_written(tmp_path / f"a{suffix}", recipe)) == recipe


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "prompt", [HOSTILE.prompt, "lone \udc80 surrogates \ud83d", "日" * 10_000, "a" * 40_000]
)
def test_no_prompt_is_too_strange(tmp_path: Path, suffix: str, prompt: str) -> None:
    recipe = replace(HOSTILE, prompt=prompt)
    assert read_recipe(_written(tmp_path / f"a{suffix}", recipe)) == recipe


def test_a_recipe_that_does_not_fit_into_a_jpeg_is_refused_in_a_sentence(tmp_path: Path) -> None:
    endless = replace(RECIPE, prompt="🦊" * 10_000, negative="🦊" * 10_000)
    with pytest.raises(UserError, match="too long for a JPEG file"):
        _written(tmp_path / "a.jpg", endless)
    assert read_recipe(_written(tmp_path / "a.webp", endless)) == endless
    assert read_recipe(_written(tmp_path / "a.png", endless)) == endless


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_picture_without_a_recipe_has_none_and_bears_no_mark(tmp_path: Path, suffix: str) -> None:
    path = _written(tmp_path / f"a{suffix}", None)
    assert read_recipe(path) is None
    assert b"Algorithmic" not in path.read_bytes()


def test_pictures_of_others_have_no_recipe(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for kind in ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"):
        Image.new("RGB", (2, 2)).save(path, kind)
        assert read_recipe(path) is None


def test_a_file_that_is_no_picture_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("{}")
    with pytest.raises(UserError, match="not a picture"):
        read_recipe(path)


def test_a_flipped_bit_in_the_recipe_is_noticed(tmp_path: Path) -> None:
    path = _written(tmp_path / "a.png", RECIPE)
    path.write_bytes(path.read_bytes().replace(b'"prompt": "a red fox"', b'"prompt": "a red fix"'))
    with pytest.raises(UserError):
        read_recipe(path)


@pytest.mark.parametrize("suffix", SUFFIXES[:-1])
def test_a_recipe_that_is_not_one_is_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    for text in ("", "{", "[]", '{"format": 1}', '{"format": 2}', "[" * 100_000):
        texts = PngInfo()
        texts.add_itxt(KEYWORD, text)
        xmp = f"<x><underpaint:recipe>{text[:60_000]}</underpaint:recipe></x>".encode()
        Image.new("RGB", (2, 2)).save(path, pnginfo=texts, xmp=xmp)
        with pytest.raises(UserError):
            read_recipe(path)


def test_texts_that_another_program_compressed_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for compress in (False, True):
        for international in (False, True):
            texts = PngInfo()
            if international:
                texts.add_itxt(KEYWORD, HOSTILE.to_json(), zip=compress)
            else:
                ascii_json = json.dumps(json.loads(HOSTILE.to_json()))
                texts.add_text(KEYWORD, ascii_json, zip=compress)
            Image.new("RGB", (2, 2)).save(path, pnginfo=texts)
            assert read_recipe(path) == HOSTILE


def test_a_text_that_inflates_without_end_is_refused(tmp_path: Path) -> None:
    json = RECIPE.to_json().encode() + b" " * 50_000_000
    texts = PngInfo()
    texts.add(b"zTXt", KEYWORD.encode() + b"\0\0" + zlib.compress(json))
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png", pnginfo=texts)
    with pytest.raises(UserError):
        read_recipe(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_the_comment_is_big_endian_as_the_field_writes_it(tmp_path: Path, suffix: str) -> None:
    data = _written(tmp_path / f"a{suffix}", PAINTED).read_bytes()
    assert b"UNICODE\0" + parameters_text(PAINTED).encode("utf-16-be") in data
    assert b"MM\0*" in data


@needs_exiftool
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("recipe", "kind"),
    [(RECIPE, "trainedAlgorithmicMedia"), (PAINTED, "compositeWithTrainedAlgorithmicMedia")],
)
def test_exiftool_sees_the_mark_and_the_parameters(
    tmp_path: Path, suffix: str, recipe: Recipe, kind: str
) -> None:
    path = _written(tmp_path / f"a{suffix}", recipe)
    tags = _exiftool("-j", "-G0", "-warning", "-error", "-all", path)
    assert tags["XMP:DigitalSourceType"] == f"http://cv.iptc.org/newscodes/digitalsourcetype/{kind}"
    assert tags["XMP:CreatorTool"] == f"Underpaint {__version__}"
    if suffix != ".tif":
        text = tags["PNG:Parameters"] if suffix == ".png" else tags["EXIF:UserComment"]
        assert text == parameters_text(recipe)
    assert not {"ExifTool:Warning", "ExifTool:Error"} & set(tags)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_painting_with_a_part_of_a_models_is_marked_without_a_recipe(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    write_picture(path, PICTURE, mark=Mark.COMPOSITE)
    assert b"compositeWithTrainedAlgorithmicMedia" in path.read_bytes()
    assert read_recipe(path) is None
    if EXIFTOOL:
        tags = _exiftool("-j", "-G0", "-warning", "-error", "-all", path)
        assert str(tags["XMP:DigitalSourceType"]).endswith("compositeWithTrainedAlgorithmicMedia")
        assert not {"ExifTool:Warning", "ExifTool:Error"} & set(tags)


@needs_exiftool
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_recipe_survives_an_edit_of_the_metadata_by_others(tmp_path: Path, suffix: str) -> None:
    path = _written(tmp_path / f"a{suffix}", HOSTILE)
    command = [EXIFTOOL, "-q", "-overwrite_original", "-XMP:Rating=5", str(path)]
    subprocess.run(command, check=True)
    assert _exiftool("-j", "-G0", "-all", path)["XMP:Rating"] == 5
    assert read_recipe(path) == HOSTILE


def test_xmp_rewritten_with_attributes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    for quote, escape in (('"', "&quot;"), ("'", "&#39;")):
        text = RECIPE.to_json().replace(quote, escape)
        xmp = f"<rdf:Description underpaint:recipe={quote}{text}{quote}/>".encode()
        Image.new("RGB", (2, 2)).save(path, xmp=xmp)
        assert read_recipe(path) == RECIPE


def _exiftool(*arguments: object) -> dict[str, object]:
    command = [EXIFTOOL, *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, check=True)
    tags: dict[str, object] = json.loads(done.stdout)[0]
    return tags
