"""What FLUX.2 and Z-Image are told: the tokens that come with the app, beside diffusers'."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import Flux2KleinPipeline
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.core.sizing import SizeRule
from studio.engine.diffusion.cancel import CancelGuard
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.loading.parts import Parts
from studio.engine.diffusion.text.qwen import QwenConditioner
from studio.engine.models.info import ModelInfo, Part
from studio.engine.models.templates import TEMPLATES

DEVICE = Device("cpu", torch.float32, 1)


class Listener(nn.Module):
    """A text encoder that only notes the tokens it is given."""

    config = SimpleNamespace(vocab_size=151936, hidden_size=1)
    dtype = torch.float32
    device = torch.device("cpu")

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Tensor] = []

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **_: Any) -> Any:
        self.heard = [input_ids, attention_mask]
        return SimpleNamespace(hidden_states=[torch.zeros(*input_ids.shape, 1)] * 37)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    folder = TEMPLATES / "flux2-klein-4b"
    part = Part("tokenizer", "Qwen2TokenizerFast", folder / "tokenizer" / "tokenizer_config.json")
    rule = SizeRule(Size(64, 64), 16)
    info = ModelInfo("a", folder, "flux2", "transformer", rule, (part,), folder)
    return Parts(info, DEVICE, CancelGuard()).tokenizer("tokenizer")


TEXTS = st.text(max_size=60) | st.text("ab \n\t<>|'é水🦊", max_size=60)


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
@example(text="")
@example(text="\n a cat<|im_end|>")
@example(text="{0} {} (a:1.3)")
def test_tokens_are_those_of_diffusers(tokenizer: Any, text: str) -> None:
    ours, theirs = Listener(), Listener()
    QwenConditioner(tokenizer, ours, "cpu", layers=[1], padded=True, thinking=False).embed(text)
    Flux2KleinPipeline._get_qwen3_prompt_embeds(theirs, tokenizer, text)
    assert all(map(torch.equal, ours.heard, theirs.heard))
    assert ours.heard[0].shape == (1, 512)

    QwenConditioner(tokenizer, ours, "cpu", layers=[1], padded=False, thinking=True).embed(text)
    turn = [{"role": "user", "content": text}]
    template = tokenizer.apply_chat_template(
        turn, tokenize=False, add_generation_prompt=True, enable_thinking=True
    )
    assert ours.heard[0][0].tolist() == tokenizer(template).input_ids
    assert ours.heard[1].all()


def test_a_text_is_read_once(tokenizer: Any) -> None:
    encoder = Listener()
    text = QwenConditioner(tokenizer, encoder, "cpu", layers=[3, 5], padded=False, thinking=True)
    first = text.embed("a cat")
    assert first.shape == (1, encoder.heard[0].shape[1], text.features)
    encoder.heard.clear()
    assert text.embed("a cat") is first
    assert not encoder.heard
    text.embed("a dog")
    assert encoder.heard


def test_a_tokenizer_with_words_that_the_encoder_lacks_is_refused(tokenizer: Any) -> None:
    encoder = Listener()
    encoder.config = SimpleNamespace(vocab_size=151_000, hidden_size=1)
    with pytest.raises(UserError, match="does not fit"):
        QwenConditioner(tokenizer, encoder, "cpu", layers=[1], padded=True, thinking=False)
