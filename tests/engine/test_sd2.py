"""Stable Diffusion 2 beside diffusers: another text encoder, and v."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from diffusers import StableDiffusionPipeline
from transformers import CLIPTextModel

from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest
from studio.engine.diffusion.engine import DiffusionEngine
from tests.engine.oracles import diffusers_latents, opened, painted_latents
from tests.engine.tiny_models import write_sd2, write_text

Ask = Callable[..., GenerationRequest]

PREDICTIONS = {
    "epsilon": {"timestep_spacing": "linspace"},
    "v": {"prediction_type": "v_prediction", "timestep_spacing": "linspace"},
    "zero_snr": {
        "prediction_type": "v_prediction",
        "timestep_spacing": "trailing",
        "rescale_betas_zero_snr": True,
    },
}


@pytest.fixture(params=PREDICTIONS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_sd2(tmp_path / request.param, **PREDICTIONS[request.param])


@pytest.fixture
def ask(make_request: Ask) -> Ask:
    usual = {"size": Size(32, 32), "prompt": "a b", "steps": 6, "sampler": "euler"}
    return lambda model, **values: make_request(**{"model": model, **usual, **values})


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_it_paints_the_latents_that_diffusers_paints(model: Path, ask: Ask) -> None:
    loaded = opened(model)
    for values in ({"guidance": 1.0}, {"guidance": 5.0}, {"guidance": 5.0, "negative": "ab c"}):
        asked = ask(model, size=Size(48, 32), **values)
        ours = painted_latents(loaded, asked)
        theirs = diffusers_latents(StableDiffusionPipeline, model, asked)
        assert float((ours - theirs).abs().max()) < 1e-4 * float(theirs.abs().max())


def test_strength_is_exact_at_both_ends(model: Path, ask: Ask) -> None:
    source = Picture(Size(32, 32), b"\x20\x90\xd0\xff" * 1024)
    engine = DiffusionEngine()

    def paint(**values: Any) -> Picture:
        return engine.run(ask(model, **values), lambda _: None, lambda: False).picture

    assert paint(source=source, strength=0.0) == source
    assert paint(source=source, strength=1.0) == paint()
    assert paint(source=source, strength=0.5) not in (source, paint())


def test_a_text_encoder_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = write_sd2(tmp_path / "mixed")
    write_text(folder, "text_encoder", CLIPTextModel, 2, hidden_size=48)
    with pytest.raises(UserError, match="fit its text encoder"):
        opened(folder)
