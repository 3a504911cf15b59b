"""Models that people put into their folder: chosen, remembered, and told of when broken."""

from collections.abc import Callable

from studio.app.front import Front
from studio.app.places import STARTER
from studio.storage.paths import AppPaths
from tests.app.harness import FakeEngine, until

RunApp = Callable[..., None]


def test_a_model_in_the_persons_folder_can_be_chosen_and_is_remembered(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    paths.models.mkdir(parents=True)
    mine = paths.models / "mine"
    mine.symlink_to(STARTER)

    async def choose(front: Front) -> None:
        front.form.change(model="mine")
        await generate(front)

    async def generate(front: Front) -> None:
        await until(lambda: mine in engine.prepared)
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)

    run_app(choose)
    engine.prepared.clear()
    run_app(generate)
    assert [request.model for request in engine.requests] == [mine, mine]


def test_a_broken_model_is_told_and_one_that_vanished_gives_way_to_the_starter(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    (paths.models / "broken").mkdir(parents=True)
    (paths.models / "broken" / "model_index.json").write_text("{}")

    async def script(front: Front) -> None:
        await until(lambda: "broken" in front.place.notice.words)
        front.form.change(model="gone")
        await until(lambda: "no model called 'gone'" in front.place.notice.words)
        assert front.form.value.model == ""
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)

    run_app(script)
    assert engine.requests[0].model == STARTER
