"""What settings a model does well with, as far as its files tell."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import UserError
from studio.engine.models.advice import OWN, Advice, advice_for
from studio.engine.models.catalogue import describe
from tests.engine.tiny_flux2 import write_flux2
from tests.engine.tiny_models import edit
from tests.engine.tiny_z_image import write_z_image


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_ordinary_models_get_what_is_usual(model: Path) -> None:
    assert advice_for(describe(model)) == Advice(25, 7.0, "dpm++2m")


@pytest.mark.parametrize(
    ("scheduler", "config", "steps"),
    [
        ("LCMScheduler", {}, 6),
        ("EulerAncestralDiscreteScheduler", {"timestep_spacing": "trailing"}, 4),
        ("EulerDiscreteScheduler", {"timestep_spacing": "leading"}, 25),
    ],
)
def test_distilled_models_are_told_by_their_scheduler(
    model: Path, scheduler: str, config: dict[str, Any], steps: int
) -> None:
    index = model / "model_index.json"
    index.write_text(index.read_text().replace("PNDMScheduler", scheduler))
    (model / "scheduler" / "scheduler_config.json").write_text(json.dumps(config))
    advice = advice_for(describe(model))
    assert (advice.steps, advice.guidance == 1) == (steps, steps < 25)


@pytest.mark.parametrize(
    ("write", "config", "steps"),
    [
        (write_flux2, ("model_index.json", {"is_distilled": True}), 4),
        (write_flux2, ("model_index.json", {"is_distilled": False}), 50),
        (write_z_image, ("scheduler/scheduler_config.json", {"shift": 3.0}), 9),
        (write_z_image, ("scheduler/scheduler_config.json", {"shift": 6.0}), 30),
    ],
)
def test_flow_models_say_whether_they_are_distilled(
    write: Callable[[Path], Path], config: tuple[str, dict[str, Any]], steps: int, tmp_path: Path
) -> None:
    folder = tmp_path / "flow"
    write(folder)
    name, values = config
    edit(folder / name, **values)
    advice = advice_for(describe(folder))
    assert (advice.steps, advice.guidance == 1) == (steps, steps < 10)


def test_a_file_in_the_folder_knows_best_as_far_as_it_makes_sense(model: Path) -> None:
    own = model / OWN
    own.write_text('{"steps": 12, "guidance": 1e9, "sampler": "none", "more": 1}')
    assert advice_for(describe(model)) == Advice(12, 7.0, "dpm++2m")
    own.write_text('{"steps": true, "guidance": NaN, "sampler": []}')
    assert advice_for(describe(model)) == Advice()
    own.write_text("{")
    with pytest.raises(UserError, match="not readable"):
        advice_for(describe(model))


def test_the_starter_models_advice_is_what_the_form_begins_with(starter: Path) -> None:
    assert advice_for(describe(starter)) == Advice(20, 4.0, "euler-a")
