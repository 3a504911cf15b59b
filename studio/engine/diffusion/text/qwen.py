"""Prompts as a language model reads them, for networks that take its inner states."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.engine.diffusion.cache import ByteCache
from studio.engine.models.info import GET_ANOTHER

KEPT_BYTES = 64 * 1024 * 1024
"""How much memory embeddings may take that are kept for the next picture."""

MAX_TOKENS = 512
"""What FLUX.2 and Z-Image were trained to be told, with the words around the prompt."""

TURN = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
"""What Qwen3's chat template makes of one message. The template in a model's folder is a program
of whoever made the folder, so it is not run."""

NO_THOUGHTS = "<think>\n\n</think>\n\n"
"""What the template adds to that where the model shall answer at once."""


class QwenConditioner:
    """A tokenizer with a Qwen3 that ends without its last norm; remembers what it read last.

    An embedding is the states after each of `layers` side by side: 1 is the first layer. With
    `padded`, each text is filled up to MAX_TOKENS, and what stands for the filling counts;
    `thinking` leaves the model room for thoughts. Raises UserError if the two do not fit.

    Brackets are text like any other, not weights: each token's state holds all that went before
    it, so a factor cannot single out a word, and Z-Image's network removes it at once.
    """

    def __init__(
        self,
        tokenizer: Any,
        encoder: Any,
        device: str,
        *,
        layers: Sequence[int],
        padded: bool,
        thinking: bool,
    ) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._device = device
        self._layers = tuple(layers)
        self._padded = padded
        self._turn = TURN if thinking else TURN + NO_THOUGHTS
        self._kept: ByteCache[Tensor] = ByteCache(KEPT_BYTES, lambda embedding: embedding.nbytes)
        marks = tokenizer("<|im_start|><|im_end|>").input_ids
        known = len(tokenizer) <= encoder.config.vocab_size
        if len(marks) != 2 or tokenizer.pad_token_id is None or not known:
            raise UserError("The model's tokenizer does not fit its text encoder.", GET_ANOTHER)

    @property
    def features(self) -> int:
        """How many numbers an embedding has for each token."""
        return len(self._layers) * int(self._encoder.config.hidden_size)

    def embed(self, text: str) -> Tensor:
        """The embedding of a text, [1, tokens, features], in the encoder's precision.

        Raises UserError where the text is too long.
        """
        embedding = self._kept.get(text)
        if embedding is None:
            embedding = self._encode(text)
            self._kept.keep(text, embedding)
        return embedding

    def _encode(self, text: str) -> Tensor:
        tokens = self._tokenizer(
            self._turn.format(text),
            padding="max_length" if self._padded else False,
            max_length=MAX_TOKENS,
            truncation=False,
            return_tensors="pt",
            verbose=False,  # would warn about what is too long
        )
        count = tokens.input_ids.shape[1]
        if count > MAX_TOKENS:
            raise UserError(
                f"A prompt has {count} tokens, and this model reads {MAX_TOKENS} at most.",
                f"Shorten it to about {MAX_TOKENS * 100 // count} % of its length.",
            )
        states = self._encoder(
            input_ids=tokens.input_ids.to(self._device),
            attention_mask=tokens.attention_mask.to(self._device),
            output_hidden_states=True,
            use_cache=False,
        ).hidden_states
        return torch.cat([states[layer] for layer in self._layers], dim=2)


def depth_of(config: Mapping[str, Any]) -> int:
    """How many layers a text encoder's config asks for; 0 where it does not say."""
    layers = config.get("num_hidden_layers")
    return layers if isinstance(layers, int) else 0
