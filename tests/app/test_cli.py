"""The command line: what scripts and people depend on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from functools import partial
from pathlib import Path
from statistics import correlation

import pytest
from PIL import Image, ImageChops, ImageStat

from studio.app.cli import main
from studio.app.places import STARTER
from studio.core.example import EXAMPLE_PROMPT
from studio.engine.models.advice import OWN
from studio.storage.metadata import read_recipe
from studio.storage.openraster import read_openraster
from studio.storage.pictures import read_picture, write_picture
from tests.storage.samples import RECIPE, gradient

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)


def render(*words: str) -> Path:
    """Render into the next free file; four steps are enough to compare."""
    out = Path(f"out-{len(list(Path().glob('out-*')))}.png")
    assert main(["render", *words, "--steps", "4", "--out", str(out)]) == 0
    return out


def pixels(file: Path) -> bytes:
    with Image.open(file) as image:
        return image.tobytes()


def change(one: Path, other: Path) -> float:
    with Image.open(one) as first, Image.open(other) as second:
        seen = ImageChops.difference(first.convert("RGB"), second.convert("RGB"))
    return sum(ImageStat.Stat(seen).mean)


def test_one_seed_gives_identical_pixels_in_two_processes() -> None:
    words = ["render", EXAMPLE_PROMPT, "--seed", "7", "--steps", "4"]
    for name in ("one.png", "two.png"):
        run = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), *words, "--out", name, "--json"],
            capture_output=True, text=True, check=True, timeout=300,
        )  # fmt: skip
        told = json.loads(run.stdout)
        assert (told["seed"], told["size"], told["steps_run"]) == (7, "256x256", 4)
        assert told["file"] == name
        assert run.stderr == ""
    assert pixels(Path("one.png")) == pixels(Path("two.png"))


def test_strength_from_end_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    plain = render(EXAMPLE_PROMPT, "--seed", "7")
    init = render("a 3d house in the snow", "--seed", "1")
    assert change(init, plain) > 1
    assert pixels(render("x", "--init", str(init), "--strength", "0")) == pixels(init)
    same = render(EXAMPLE_PROMPT, "--seed", "7", "--init", str(init), "--strength", "1.0")
    assert pixels(same) == pixels(plain)
    words = [EXAMPLE_PROMPT, "--seed", "7", "--init", str(init), "--strength"]
    changes = [change(init, render(*words, strength)) for strength in ("0.25", "0.5", "0.75")]
    assert changes == sorted(changes)
    assert changes[0] > 0


def test_an_untouched_picture_keeps_its_own_size_and_transparency() -> None:
    image = Image.new("RGBA", (37, 21), (9, 8, 7, 100))
    image.save("odd.png")
    assert pixels(render("x", "--init", "odd.png", "--strength", "0")) == image.tobytes()


def test_refine_doubles_the_size_and_keeps_the_composition() -> None:
    small = render(EXAMPLE_PROMPT, "--seed", "7")
    large = render(EXAMPLE_PROMPT, "--seed", "7", "--refine", "2", "--refine-strength", "0.3")
    with Image.open(small) as first, Image.open(large) as second:
        assert second.size == (512, 512)
        again = second.resize(first.size, Image.Resampling.BOX)
        alike = correlation(first.convert("L").tobytes(), again.convert("L").tobytes())
    assert alike > 0.85


def test_where_the_map_is_black_the_picture_stays() -> None:
    init = render(EXAMPLE_PROMPT, "--seed", "7")
    chart = Image.new("L", (256, 256), 0)
    chart.paste(255, (128, 0, 256, 256))
    chart.save("map.png")
    words = ["a 3d house in the snow", "--init", str(init), "--strength", "0.9", "--map", "map.png"]
    made = render(*words)
    with Image.open(init) as before, Image.open(made) as after:
        left, right = (0, 0, 128, 256), (128, 0, 256, 256)
        assert before.crop(left).tobytes() == after.crop(left).tobytes()
        assert before.crop(right).tobytes() != after.crop(right).tobytes()


def test_several_pictures_have_seeds_that_follow_each_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--seed", "4294967295", "--count", "2", "--steps", "1", "--json"]
    assert main(["render", "", *words, "--out", "many.png"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["file"], row["seed"]) for row in told] == [
        ("many-1.png", 4294967295),
        ("many-2.png", 0),
    ]
    assert main(["info", "many-2.png", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seed"] == 0


def test_several_variations_of_one_seed(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--seed", "7", "--count", "2", "--steps", "1", "--json", "--variation", "0.2"]
    assert main(["render", "", *words, "--variation-seed", "5", "--out", "many.png"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["seed"], row["variation_seed"]) for row in told] == [(7, 5), (7, 6)]
    assert pixels(Path("many-1.png")) != pixels(Path("many-2.png"))


def test_settings_that_are_not_given_are_what_suits_the_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(STARTER, "quick")
    Path("quick", OWN).write_text('{"steps": 2, "guidance": 1.5, "sampler": "dpm++2m"}')
    assert main(["render", "", "--model", "quick", "--seed", "1", "--out", "a.png"]) == 0
    write_picture(Path("sketch.png"), gradient(128, 128), RECIPE)
    words = ["--init", "sketch.png", "--strength", "0.5", "--steps", "4", "--exact-steps"]
    assert main(["render", "", "--model", "quick", *words, "--out", "b.png"]) == 0
    capsys.readouterr()
    found = []
    for name in ("a.png", "b.png"):
        assert main(["info", name, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
    chosen = [(row["steps_run"], row["guidance"], row["sampler"]) for row in found]
    assert chosen == [(2, 1.5, "dpm++2m"), (4, 1.5, "dpm++2m")]
    assert found[1]["exact_steps"]


def test_the_finer_points_arrive_in_the_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--steps", "1", "--schedule", "karras", "--noise", "canvas", "--clip-skip", "1"]
    words += ["--guidance-rescale", "0.7", "--guidance-interval", "0.1:0.8", "--variation", "0.5"]
    assert main(["render", "", *words, "--out", "a.png"]) == 0
    said = capsys.readouterr().out
    assert main(["info", "a.png", "--json"]) == 0
    recipe = json.loads(capsys.readouterr().out)
    assert (recipe["schedule"], recipe["guidance_rescale"]) == ("karras", 0.7)
    assert (recipe["guidance_start"], recipe["guidance_end"]) == (0.1, 0.8)
    assert (recipe["noise"], recipe["variation"], recipe["clip_skip"]) == ("canvas", 0.5, 1)
    assert f"varied by {recipe['variation_seed']}," in said
    assert main(["info", "a.png"]) == 0
    lines = capsys.readouterr().out
    assert all(word in lines for word in ("karras", "0.7", "from 0.1 to 0.8", "canvas"))


def test_converting_there_and_back_keeps_pixels_layers_and_what_they_were_made_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    picture = gradient()
    write_picture(Path("a.png"), picture, RECIPE)
    assert main(["convert", "a.png", "b.png"]) == 0
    assert read_picture(Path("b.png")) == picture
    assert read_recipe(Path("b.png")) == RECIPE
    Image.new("RGB", (30, 20), "red").save("red.png")
    for words in (["red.png", "c.ora"], ["c.ora", "d.ora"], ["d.ora", "d.png"]):
        assert main(["convert", *words]) == 0
    assert [sheet.props.name for sheet in read_openraster(Path("d.ora")).snapshot.sheets] == ["red"]
    assert read_picture(Path("d.png")) == read_picture(Path("red.png"))
    assert capsys.readouterr().out == "b.png\nc.ora\nd.ora\nd.png\n"


def test_what_conversion_cannot_keep_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile("a.ora", "w") as file:
        xml = '<image w="9" h="9"><stack><stack composite-op="svg:xor"/><stack/></stack></image>'
        file.writestr("stack.xml", xml)
    assert main(["convert", "a.ora", "a.png"]) == 0
    assert "svg:xor" in capsys.readouterr().err


def test_a_missing_seed_is_drawn_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "", "--steps", "1", "--out", "a.png"]) == 0
    words = capsys.readouterr().out
    assert main(["info", "a.png", "--json"]) == 0
    seed = json.loads(capsys.readouterr().out)["seed"]
    assert f"seed {seed}," in words


@pytest.mark.parametrize(
    "words",
    [
        ["render"],
        ["render", "x", "--out", "q.gif"],
        ["render", "x", "--out", "q.png", "--seed", "-1"],
        ["render", "x", "--out", "q.png", "--seed", "4294967296"],
        ["render", "x", "--out", "q.png", "--size", "100x100"],
        ["render", "x", "--out", "q.png", "--size", "big"],
        ["render", "x", "--out", "q.png", "--strength", "1.5", "--init", "black.png"],
        ["render", "x", "--out", "q.png", "--strength", "nan", "--init", "black.png"],
        ["render", "x", "--out", "q.png", "--strength", "0.5"],
        ["render", "x", "--out", "q.png", "--steps", "0"],
        ["render", "x", "--out", "q.png", "--refine", "9"],
        ["render", "x", "--out", "q.png", "--refine", "2", "--upscaler", "none"],
        ["render", "x", "--out", "q.png", "--upscaler", "realesr-animevideov3"],
        ["render", "x", "--out", "q.png", "--count", "0"],
        ["render", "x", "--out", "q.png", "--sampler", "magic"],
        ["render", "x", "--out", "q.png", "--schedule", "magic"],
        ["render", "x", "--out", "q.png", "--guidance-interval", "0.5"],
        ["render", "x", "--out", "q.png", "--guidance-interval", "0.5:0.2"],
        ["render", "x", "--out", "q.png", "--clip-skip", "2"],  # its text encoder is not CLIP
        ["render", "x", "--out", "q.png", "--variation-seed", "2"],
        ["render", "x", "--out", "q.png", "--init", "none.png"],
        ["render", "x", "--out", "q.png", "--init", "text.png"],
        ["render", "x", "--out", "q.png", "--init", "wide.png"],
        ["render", "x", "--out", "q.png", "--map", "black.png"],
        ["render", "x", "--out", "q.png", "--model", "none"],
        ["render", "x", "--out", "q.png", "--model", "pickled"],
        ["render", "x", "--out", "none/q.png"],
        ["convert", "black.png"],
        ["convert", "black.png", "q.gif"],
        ["convert", "black.png", "none/q.ora"],
        ["convert", "none.ora", "q.png"],
        ["convert", "text.png", "q.ora"],
        ["convert", "layers.ora", "q.png"],
        ["info", "none.png"],
        ["info", "black.png"],
        ["--unknown"],
    ],
)
def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (8, 8)).save("black.png")
    Path("text.png").write_text("not a picture")
    Path("layers.ora").write_text("not a painting")
    Image.new("1", (40_000, 1)).save("wide.png")
    pickled_model(Path("pickled"))
    assert main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("underpaint: ")
    assert told.err.count("\n") == 1
    assert not list(Path().glob("q.*"))


def pickled_model(folder: Path) -> None:
    """The starter model with its UNet's weights as a pickle."""
    starter = ROOT / "resources" / "starter-model"
    for file in starter.rglob("*.json"):
        target = folder / file.relative_to(starter)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    for part in ("vae/diffusion_pytorch_model", "text_encoder/model"):
        (folder / f"{part}.safetensors").symlink_to(starter / f"{part}.safetensors")
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")


def test_ctrl_c_ends_with_130_and_leaves_no_half_file() -> None:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), "render", "x", "--count", "9", "--steps", "40",
         "--out", "q.png"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A runner's workers ignore it, and what they start would inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not Path("q-1.png").exists() and process.poll() is None:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 130
    assert told.strip().endswith("underpaint: stopped.")
    for file in Path().iterdir():
        if file.suffix == ".png":
            pixels(file)
        else:
            assert file.is_dir()


def test_without_a_display_the_example_is_rendered_and_its_place_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert main([]) == 0
    words = capsys.readouterr().out
    assert "no display" in words
    assert Path(words.strip().splitlines()[-1].removeprefix("The picture is at ")).is_file()


def test_models_and_doctor_tell_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    starter, *upscalers = json.loads(capsys.readouterr().out)
    assert starter["default"]
    assert {upscaler["kind"] for upscaler in upscalers} == {"upscaler"}
    assert "realesr-animevideov3" in {upscaler["name"] for upscaler in upscalers}
    assert main(["doctor"]) == 0
    words = capsys.readouterr().out
    assert "Starter model:      works" in words
    for lever in ("Precision:", "Attention:", "CPU threads", "Compilation:", "Weights:", "Kept"):
        assert lever in words
    assert "PySide6_Essentials" in words


@pytest.mark.parametrize("command", ["", "render", "info", "rerun", "convert", "models", "doctor"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*command.split(), "--help"])
    assert left.value.code == 0
    assert "usage: python main.py" in capsys.readouterr().out
