"""Prompts as embeddings: weights, long ones, and the layer that is used."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.loader import LoadedModel
from studio.engine.diffusion.text.clip import TextConditioner

PROMPTS = ["", "a b ab", "ab, c " * 4, "Ärger & c: 1.3 - b"]


@pytest.fixture(autouse=True)
def _inference() -> Any:
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def models(tiny_model: Path, starter: Path) -> dict[str, LoadedModel]:
    loaded = {}
    for name, folder in (("clip", tiny_model), ("bert", starter)):
        engine = DiffusionEngine()
        engine.prepare(folder, lambda: False)
        assert engine._loaded is not None
        loaded[name] = engine._loaded
    return loaded


@pytest.fixture(params=["clip", "bert"])
def text(request: pytest.FixtureRequest, models: dict[str, LoadedModel]) -> TextConditioner:
    return models[request.param].denoiser.text


def plain(text: TextConditioner, prompt: str) -> Tensor:
    """What a diffusers pipeline makes of a short prompt."""
    encoder, tokenizer = text._encoder, text._tokenizer
    tokens = tokenizer(
        prompt,
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    masked = getattr(encoder.config, "use_attention_mask", False)
    hidden = encoder(tokens.input_ids, attention_mask=tokens.attention_mask if masked else None)[0]
    assert isinstance(hidden, Tensor)
    return hidden


def states(text: TextConditioner, prompt: str, clip_skip: int = 1) -> Tensor:
    (embedding,) = text.embed([prompt], clip_skip)
    assert embedding.pooled is None
    return embedding.states


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_short_prompt_without_weights_is_embedded_as_diffusers_does(
    text: TextConditioner, prompt: str
) -> None:
    embedding = states(text, prompt)
    assert torch.equal(embedding, plain(text, prompt))
    assert torch.equal(states(text, prompt), embedding)  # remembered


def test_weights_scale_the_states_of_their_words_and_keep_the_magnitude(
    text: TextConditioner,
) -> None:
    usual = plain(text, "a b c").float()
    weighted = states(text, "a (b:1.5) [c]")
    ratio = (weighted.float() / usual).nanmedian(dim=2).values[0]
    assert torch.allclose(ratio[2] / ratio[1], torch.tensor(1.5), rtol=0.02)
    assert torch.allclose(ratio[3] / ratio[1], torch.tensor(1 / 1.1), rtol=0.02)
    assert torch.allclose(ratio[[0, *range(4, len(ratio))]], ratio[1], rtol=0.02)
    assert float(weighted.float().abs().mean()) == pytest.approx(
        float(usual.abs().mean()), rel=0.005
    )


def test_no_weight_makes_an_embedding_that_is_not_finite(text: TextConditioner) -> None:
    for prompt in ("(a:0)", "(a b c:10)", "(a:0) (b:10)"):
        assert states(text, prompt).isfinite().all()


def test_a_long_prompt_is_embedded_chunk_by_chunk(text: TextConditioner) -> None:
    window = text._tokenizer.model_max_length
    words = ["a", "b", "c"] * window
    embedding = states(text, " ".join(words[: 2 * window]))
    assert embedding.shape[1] == 3 * window  # two tokens of each window are taken
    room = window - 2
    for chunk in range(3):
        part = " ".join(words[chunk * room : min((chunk + 1) * room, 2 * window)])
        seen = embedding[:, chunk * window : (chunk + 1) * window]
        assert torch.equal(seen, plain(text, part))


def test_a_long_prompt_is_cut_after_a_comma_near_the_end_of_a_chunk(text: TextConditioner) -> None:
    window = text._tokenizer.model_max_length
    before = ["a"] * (window - 6) + [","]  # ends three tokens before the chunk is full
    embedding = states(text, " ".join([*before, "b", "c", "b", "c", "b"]))
    assert torch.equal(embedding[:, :window], plain(text, " ".join(before)))
    assert torch.equal(embedding[:, window:], plain(text, "b c b c b"))
    early = ["a", ","] + ["b"] * window
    embedding = states(text, " ".join(early))
    assert torch.equal(embedding[:, :window], plain(text, " ".join(early[: window - 2])))


def test_prompts_become_equally_long(text: TextConditioner) -> None:
    window = text._tokenizer.model_max_length
    long, short = (each.states for each in text.embed(["a " * 2 * window, "b"]))
    assert long.shape == short.shape == (1, 3 * window, long.shape[2])
    assert torch.equal(short[:, :window], plain(text, "b"))
    assert torch.equal(short[:, window : 2 * window], plain(text, ""))


def test_embeddings_are_kept_within_bounds(
    text: TextConditioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = states(text, "a").nbytes
    monkeypatch.setattr("studio.engine.diffusion.text.clip.KEPT_BYTES", 3 * one)
    small = TextConditioner(text._tokenizer, text._encoder, "cpu")
    for prompt in ("a", "b", "c", "a b", "b c"):
        small.embed([prompt, ""])
    assert small._kept.bytes == 3 * one


def test_clip_skip_is_an_encoder_without_its_last_layers(
    tiny_model: Path, models: dict[str, LoadedModel], tmp_path: Path
) -> None:
    shorter = Path(shutil.copytree(tiny_model, tmp_path / "shorter"))
    config = shorter / "text_encoder" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "num_hidden_layers": 1}))
    engine = DiffusionEngine()
    engine.prepare(shorter, lambda: False)
    assert engine._loaded is not None
    clip = models["clip"].denoiser.text
    skipped = states(clip, "a b", 2)
    assert torch.equal(skipped, states(engine._loaded.denoiser.text, "a b"))
    assert not torch.equal(skipped, states(clip, "a b"))


def test_clip_skip_where_it_cannot_be_is_one_sentence(models: dict[str, LoadedModel]) -> None:
    with pytest.raises(UserError, match="2 layers"):
        models["clip"].denoiser.text.embed(["a"], 3)
    with pytest.raises(UserError, match="CLIP"):
        models["bert"].denoiser.text.embed(["a"], 2)


def test_a_tokenizer_without_marks_is_refused(models: dict[str, LoadedModel]) -> None:
    class Bare:
        def __call__(self, _: str) -> Any:
            return type("Tokens", (), {"input_ids": [1]})

    with pytest.raises(UserError, match="tokenizer"):
        TextConditioner(Bare(), models["clip"].denoiser.text._encoder, "cpu")
