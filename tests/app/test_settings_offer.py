"""Settings of pictures from elsewhere, offered and taken over."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PySide6.QtWidgets import QPushButton

from studio.app.front import Front
from studio.app.making.adopt import adopted
from studio.app.making.remake import Stock
from studio.app.places import STARTER
from studio.core.form import FormState
from studio.core.picture import Size
from studio.storage.foreign.settings import ForeignSettings
from studio.storage.paths import AppPaths
from studio.storage.pictures import write_picture
from tests.app.harness import until
from tests.app.test_adapters import write_lora
from tests.storage.samples import RECIPE, gradient

RunApp = Callable[..., None]

THEIRS = """\
a red fox in snow
Negative prompt: blurry
Steps: 25, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 6.5, Seed: 77, \
Size: 640x512, Model: dreams_v8, Version: v1.10.1"""


@pytest.fixture
def stock(paths: AppPaths) -> Stock:
    return Stock.look(paths)


def press(front: Front) -> None:
    button = front.place.notice.findChild(QPushButton)
    assert button is not None
    assert button.text() == "Use its settings"
    button.click()


def foreign(**told: object) -> ForeignSettings:
    return ForeignSettings(program="Somebody's", **told)  # type: ignore[arg-type]


def test_a_dropped_picture_offers_its_settings_and_does_not_take_them(
    run_app: RunApp, tmp_path: Path
) -> None:
    texts = PngInfo()
    texts.add_text("parameters", THEIRS)
    file = tmp_path / "theirs.png"
    Image.new("RGB", (20, 10)).save(file, pnginfo=texts)

    async def script(front: Front) -> None:
        notice = front.place.notice
        before = front.form.value
        front.place.view.dropped.emit([str(file)])
        await until(lambda: "A1111" in notice.words)
        assert len(front.desk.canvas.document.layers) == 3
        assert front.form.value == before
        press(front)
        await until(lambda: "Sampler" in notice.words or "sampler" in notice.words)
        form = front.form.value
        assert (form.prompt, form.negative) == ("a red fox in snow", "blurry")
        assert (form.seed, form.seed_locked, form.steps) == (77, True, 25)
        assert (form.guidance, form.schedule, form.sampler) == (6.5, "karras", before.sampler)
        assert "'DPM++ 2M SDE'" in notice.words
        assert "'dreams_v8'" in notice.words

    run_app(script)


def test_an_opened_picture_of_ours_offers_its_recipe(run_app: RunApp, tmp_path: Path) -> None:
    file = tmp_path / "ours.webp"
    write_picture(file, gradient(), RECIPE)

    async def script(front: Front) -> None:
        notice = front.place.notice
        await until(lambda: "Underpaint" in notice.words)
        press(front)
        await until(lambda: front.form.value.prompt == RECIPE.prompt)
        assert (front.form.value.seed, front.form.value.seed_locked) == (RECIPE.seed, True)

    run_app(script, file)


def test_a_picture_that_tells_nothing_is_laid_in_silence(run_app: RunApp, tmp_path: Path) -> None:
    file = tmp_path / "plain.png"
    write_picture(file, gradient())

    async def script(front: Front) -> None:
        front.place.view.dropped.emit([str(file)])
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        await until(lambda: True)
        assert front.place.notice.words == ""

    run_app(script)


def test_all_that_means_something_here_is_taken_over(stock: Stock) -> None:
    told = foreign(
        prompt="a hen", negative="dark", seed=9, width=256, height=128, steps=12, guidance=5.0,
        sampler="k_euler_ancestral", schedule="karras", clip_skip=2, variation=0.2,
        variation_seed=4, refine_factor=1.5, refine_strength=0.4, model=STARTER.name,
    )  # fmt: skip
    found = adopted(told, FormState(model="other", strength=0.4), stock)
    assert found.remarks == ()
    assert found.form == FormState(
        prompt="a hen", negative="dark", seed=9, seed_locked=True, size=Size(256, 128), steps=12,
        guidance=5.0, sampler="euler-a", schedule="karras", clip_skip=2, variation=0.2,
        variation_seed=4, refine=True, refine_factor=1.5, refine_strength=0.4, strength=1.0,
    )  # fmt: skip


def test_what_cannot_be_stays_as_it_was_and_is_told(stock: Stock) -> None:
    form = FormState(seed=5, steps=11)
    told = foreign(
        prompt="a hen", seed=2**63, steps=100_000, guidance=float(10**9), width=0, height=512,
        sampler="heun", schedule="beta", model="gone", vae="fine", strength=0.5, unread=("ensd",),
        clip_skip=-3, variation=7.0,
    )  # fmt: skip
    found = adopted(told, form, stock)
    assert found.form == FormState(prompt="a hen", seed=5, steps=11, strength=0.5)
    words = " ".join(found.remarks)
    for each in (
        "seed", "100000", "Guidance", "0x512", "'heun'", "'beta'", "'gone'", "'fine'", "picture",
        "ensd", "Clip skip", "Variation",
    ):  # fmt: skip
        assert each in words


def test_a_model_that_is_not_here_leaves_only_the_shape(stock: Stock) -> None:
    found = adopted(foreign(model="sdxl", width=2048, height=1024), FormState(), stock)
    assert found.form.size == Size(368, 184)  # the area that the model which comes along paints


def test_loras_get_their_tags_where_they_are_here(paths: AppPaths) -> None:
    write_lora(paths.loras / "ink.safetensors")
    stock = Stock.look(paths)
    told = foreign(prompt="a hen <lora:ink:0.5>", loras=(("ink", 0.25),))
    found = adopted(told, FormState(), stock)
    assert found.form.prompt == "a hen <lora:ink:0.5> <lora:ink:0.25>"
    told = foreign(prompt="a hen <lora:pen:0.5>, big <lora:ink:1>", loras=(("gone", 0.25),))
    found = adopted(told, FormState(), stock)
    assert found.form.prompt == "a hen , big <lora:ink:1>"
    assert "LoRA gone, LoRA pen" in " ".join(found.remarks)
