"""What the app is for, done by a person in a real window."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from PySide6.QtCore import QPoint

from studio.core.example import EXAMPLE_PROMPT
from studio.core.jobs import Job, JobState
from studio.storage.metadata import read_recipe
from studio.storage.paths import AppPaths
from tests.window.driver import Person, picture_count, screenshot

pytestmark = pytest.mark.window

UseApp = Callable[..., None]


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of 8-bit RGB values."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def paper(person: Person) -> Image.Image:
    """The part of the screen where the painting is."""
    view = person.front.place.view
    frame = view.viewport.to_widget(person.front.desk.canvas.document.rect.toRectF()).toRect()
    corner = view.mapToGlobal(frame.topLeft())
    box = (corner.x(), corner.y(), corner.x() + frame.width(), corner.y() + frame.height())
    return screenshot().convert("RGB").crop(box)


def newest(paths: AppPaths) -> Path:
    return max(paths.library.rglob("*.png"), key=lambda file: file.stat().st_mtime_ns)


def test_a_typed_prompt_and_ctrl_enter_bring_a_picture_onto_the_canvas(
    use_app: UseApp, paths: AppPaths
) -> None:
    async def script(person: Person) -> None:
        blank = paper(person)
        await person.click(person.find("Prompt"))
        await person.type(EXAMPLE_PROMPT)
        await person.press("ctrl+Return")
        await picture_count(person.front, 1)
        assert difference(blank, paper(person)) > 20
        await person.press("ctrl+z")  # in the prompt: takes back words, not the picture
        assert len(person.front.desk.canvas.document.layers) == 3

    use_app(script)
    recipe = read_recipe(newest(paths))
    assert recipe is not None
    assert recipe.prompt == EXAMPLE_PROMPT


def test_a_painted_blob_keeps_its_place_at_strength_0_6(use_app: UseApp, paths: AppPaths) -> None:
    async def script(person: Person) -> None:
        person.front.brush.change(size=300.0, colour="#c81e28", hardness=0.9)
        person.front.form.change(prompt="a 3d apple on a white background", seed=1)
        await person.set_strength(0.6)
        assert person.front.form.value.strength == pytest.approx(0.6, abs=0.02)
        # As large as things are in the model's pictures: it moves what is smaller.
        await person.draw([(180, 420), (250, 420), (250, 500), (180, 500), (180, 420)])
        sketch = paper(person)
        await person.press("ctrl+Return")
        await picture_count(person.front, 1)
        made = paper(person)
        assert difference(sketch, made) > 2  # the model did something
        assert redness(made, 0) > redness(made, 1) + 30  # on the left, where the blob was

    use_app(script)
    recipe = read_recipe(newest(paths))
    assert recipe is not None
    assert recipe.from_picture


def redness(image: Image.Image, half: int) -> float:
    """How much redder than blue the left (0) or right (1) half of a picture is, on average."""
    width = image.width // 2
    part = image.crop((half * width, image.height // 2, (half + 1) * width, image.height))
    red, _, blue = ImageStat.Stat(part).mean
    return red - blue


def test_escape_stops_a_picture_within_a_step_and_nothing_arrives(
    use_app: UseApp, paths: AppPaths
) -> None:
    async def script(person: Person) -> None:
        seen: list[Job] = []
        person.front.queue.changed.connect(seen.append)
        person.front.form.change(prompt=EXAMPLE_PROMPT, steps=150)
        await person.click(person.front.place.view, QPoint(5, 5))
        await person.press("ctrl+Return")
        while not (seen and seen[-1].done > 1):
            await person.wait()
        await person.press("Escape")
        while person.front.queue.open:
            await person.wait()
        assert seen[-1].state is JobState.CANCELLED
        assert seen[-1].done < 100
        assert len(person.front.desk.canvas.document.layers) == 2

    use_app(script)
    assert not list(paths.library.rglob("*.png"))


def test_layers_are_reordered_by_dragging(use_app: UseApp) -> None:
    async def script(person: Person) -> None:
        document = person.front.desk.canvas.document
        rows = person.find("Layers")
        await person.drag(rows, QPoint(120, 25), QPoint(120, 100))
        assert [layer.name for layer in document.layers] == ["Layer 1", "Paper"]
        await person.press("ctrl+z")
        await person.wait()
        assert [layer.name for layer in document.layers] == ["Paper", "Layer 1"]

    use_app(script)
