"""Prompts as the network reads them."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.prompt_syntax import parse_prompt
from studio.engine.diffusion.cache import ByteCache
from studio.engine.models.info import GET_ANOTHER

KEPT_BYTES = 64 * 1024 * 1024
"""How much memory embeddings may take that are kept for the next picture."""

Chunk = tuple[tuple[int, float], ...]
"""Tokens with their weights; as many as fit between the special ones of one window, or fewer."""


class TextConditioner:
    """A tokenizer with its text encoder, CLIP or BERT; remembers what it has embedded last.

    Raises UserError if the tokenizer has no marks for the start and the end of a text.
    """

    def __init__(self, tokenizer: Any, encoder: Any, device: str) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._device = device
        marks = tokenizer("").input_ids
        if len(marks) != 2:
            raise UserError("The model's tokenizer does not fit its text encoder.", GET_ANOTHER)
        self._start, self._end = marks
        self._pad = self._end if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        self._window = int(min(tokenizer.model_max_length, encoder.config.max_position_embeddings))
        self._kept: ByteCache[Tensor] = ByteCache(KEPT_BYTES, lambda embedding: embedding.nbytes)

    def embed(self, texts: Sequence[str], clip_skip: int = 1) -> list[Tensor]:
        """Embeddings of prompts, [1, tokens, features] each, in the encoder's precision.

        A prompt is cut into chunks that fill the encoder's window, each is encoded with special
        tokens of its own, and the results stand one after another; all of `texts` become as long
        as the longest of them, by empty chunks. Weights as in core.prompt_syntax.

        `clip_skip` is the layer that is used, counted from the end of a CLIP text encoder. Raises
        UserError where there is none of that number, or another kind of encoder.
        """
        self._check(clip_skip)
        chunked = [self._chunks(text) for text in texts]
        length = max(len(chunks) for chunks in chunked)
        return [
            torch.cat([self._embedded(chunk, clip_skip) for chunk in _padded(chunks, length)], 1)
            for chunks in chunked
        ]

    def _check(self, clip_skip: int) -> None:
        if clip_skip == 1:
            return
        if self._encoder.config.model_type != "clip_text_model":
            raise UserError(
                "Clip skip is for models with a CLIP text encoder, and this one has another.",
                "Set it to 1.",
            )
        layers = self._encoder.config.num_hidden_layers
        if clip_skip > layers:
            raise UserError(
                f"The model's text encoder has {layers} layers, so clip skip cannot be "
                f"{clip_skip}.",
                f"Choose from 1 to {layers}.",
            )

    def _chunks(self, text: str) -> list[Chunk]:
        """At least one. What is too long for one is cut after a comma if one is near the end."""
        left = self._weighted(text)
        room = self._window - 2
        commas = self._ids(",")
        chunks = []
        while len(left) > room:
            phrases = [place for place in range(room * 3 // 4, room) if left[place][0] in commas]
            end = phrases[-1] + 1 if phrases else room
            chunks.append(tuple(left[:end]))
            left = left[end:]
        return [*chunks, tuple(left)]

    def _weighted(self, text: str) -> list[tuple[int, float]]:
        spans = parse_prompt(text)
        return [(token, span.weight) for span in spans for token in self._ids(span.text)]

    def _ids(self, text: str) -> list[int]:
        # verbose would warn about what is longer than the window
        tokens = self._tokenizer(text, add_special_tokens=False, verbose=False)
        return list(tokens.input_ids)

    def _embedded(self, chunk: Chunk, clip_skip: int) -> Tensor:
        embedding = self._kept.get((chunk, clip_skip))
        if embedding is None:
            embedding = _weigh(self._encode(chunk, clip_skip), chunk)
            self._kept.keep((chunk, clip_skip), embedding)
        return embedding

    def _encode(self, chunk: Chunk, clip_skip: int) -> Tensor:
        """The encoder's hidden states for one window, [1, tokens, features]."""
        tokens = [self._start, *(token for token, _ in chunk), self._end]
        padding = self._window - len(tokens)
        ids = torch.tensor([tokens + [self._pad] * padding])
        mask = None
        # CLIP was trained without one; a config says so where it was otherwise.
        if getattr(self._encoder.config, "use_attention_mask", False):
            mask = torch.tensor([[1] * len(tokens) + [0] * padding]).to(self._device)
        output = self._encoder(
            ids.to(self._device), attention_mask=mask, output_hidden_states=clip_skip > 1
        )
        hidden = output[0]
        if clip_skip > 1:
            hidden = self._encoder.final_layer_norm(output.hidden_states[-clip_skip])
        assert isinstance(hidden, Tensor)
        return hidden


def _weigh(hidden: Tensor, chunk: Chunk) -> Tensor:
    """Hidden states times their tokens' weights, brought back to the magnitude they had.

    AUTOMATIC1111's web UI brings back the mean. That is the same idea, but the mean of a text
    encoder's output may lie near 0, and then a weight throws the whole prompt about; the mean
    of the absolute values cannot.
    """
    if all(weight == 1 for _, weight in chunk):
        return hidden
    weights = torch.ones(hidden.shape[1], 1, device=hidden.device)
    weights[1 : len(chunk) + 1, 0] = torch.tensor([weight for _, weight in chunk])
    weighted = hidden.float() * weights
    weighted *= hidden.float().abs().mean() / weighted.abs().mean()
    return weighted.to(hidden.dtype)


def _padded(chunks: list[Chunk], length: int) -> list[Chunk]:
    return chunks + [()] * (length - len(chunks))
