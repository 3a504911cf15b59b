"""Prompts as the network reads them."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.prompt_syntax import parse_prompt
from studio.engine.diffusion.cache import ByteCache
from studio.engine.diffusion.text.words import Token, Words, word_end
from studio.engine.models.info import GET_ANOTHER

KEPT_BYTES = 64 * 1024 * 1024
"""How much memory embeddings may take that are kept for the next picture."""

Chunk = tuple[tuple[Token, float], ...]
"""Tokens with their weights; as many as fit between the special ones of one window, or fewer."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """A text as a network reads it, in the text encoder's precision.

    `states` are [1, tokens, features]; `pooled`, [1, numbers], is the whole of its first chunk,
    which only an encoder with a projection gives.
    """

    states: Tensor
    pooled: Tensor | None = None

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return self.states.nbytes + (0 if self.pooled is None else self.pooled.nbytes)


class TextConditioner:
    """A tokenizer with its text encoder, CLIP or BERT; remembers what it has embedded last.

    It takes the states of the encoder's last layer, normalised; with `penultimate`, those of the
    layer before it as they are. Raises UserError if the tokenizer has no marks for the start and
    the end of a text.
    """

    def __init__(
        self, tokenizer: Any, encoder: Any, device: str, penultimate: bool = False
    ) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._device = device
        self._penultimate = penultimate
        marks = tokenizer("").input_ids
        if len(marks) != 2:
            raise UserError("The model's tokenizer does not fit its text encoder.", GET_ANOTHER)
        self._start, self._end = marks
        self._pad = self._end if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        self._kept: ByteCache[Embedding] = ByteCache(KEPT_BYTES, lambda kept: kept.nbytes)
        self.window = int(min(tokenizer.model_max_length, encoder.config.max_position_embeddings))
        """How many tokens the encoder sees at a time."""

        self.words = Words()
        """What words mean beside the vocabulary. May be changed at any time, as the next."""

        self.state: Hashable = ()
        """What was done to the encoder's weights: embeddings of another state are not used."""

    @property
    def encoder(self) -> Any:
        """The network that reads texts."""
        return self._encoder

    @property
    def features(self) -> int:
        """How many numbers each token becomes."""
        return int(self._encoder.config.hidden_size)

    def length(self, texts: Sequence[str]) -> int:
        """How many chunks the longest of `texts` is cut into."""
        return max(len(self._chunks(text)) for text in texts)

    def embed(self, texts: Sequence[str], clip_skip: int = 1, least: int = 1) -> list[Embedding]:
        """Embeddings of prompts.

        A prompt is cut into chunks that fill the encoder's window, each is encoded with special
        tokens of its own, and the results stand one after another; all of `texts` become as long
        as the longest of them, and `least` chunks, by empty ones. Weights, as in
        core.prompt_syntax, play no part in `pooled`.

        `clip_skip` is the layer that is used, counted from the end of a CLIP text encoder, or
        with `penultimate` from the layer before. Raises UserError where there is none of that
        number, or another kind of encoder.
        """
        self._check(clip_skip)
        length = max(least, self.length(texts))
        return [
            _joined([self._embedded(chunk, clip_skip) for chunk in _padded(chunks, length)])
            for chunks in map(self._chunks, texts)
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
        most = layers - self._penultimate
        if clip_skip > most:
            raise UserError(
                f"The model's text encoder has {layers} layers, so clip skip cannot be "
                f"{clip_skip}.",
                f"Choose from 1 to {most}.",
            )

    def _chunks(self, text: str) -> list[Chunk]:
        """At least one. What is too long for one is cut after a comma if one is near the end."""
        left = self._weighted(text)
        room = self.window - 2
        commas = self._ids(",")
        chunks = []
        while len(left) > room:
            phrases = [place for place in range(room * 3 // 4, room) if left[place][0] in commas]
            end = phrases[-1] + 1 if phrases else word_end(left, room)
            chunks.append(tuple(left[:end]))
            left = left[end:]
        return [*chunks, tuple(left)]

    def _weighted(self, text: str) -> list[tuple[Token, float]]:
        return [
            (token, span.weight)
            for span in parse_prompt(text)
            for token in self.words.tokens(span.text, self._ids)
        ]

    def _ids(self, text: str) -> list[int]:
        # verbose would warn about what is longer than the window
        tokens = self._tokenizer(text, add_special_tokens=False, verbose=False)
        return list(tokens.input_ids)

    def _embedded(self, chunk: Chunk, clip_skip: int) -> Embedding:
        key = self.state, chunk, clip_skip
        embedding = self._kept.get(key)
        if embedding is None:
            plain = self._encode(chunk, clip_skip)
            embedding = Embedding(_weigh(plain.states, chunk), plain.pooled)
            self._kept.keep(key, embedding)
        return embedding

    def _encode(self, chunk: Chunk, clip_skip: int) -> Embedding:
        """What the encoder makes of one window."""
        tokens = [self._start, *(token for token, _ in chunk), self._end]
        padding = self.window - len(tokens)
        known = [token if isinstance(token, int) else self._start for token in tokens]
        ids = torch.tensor([known + [self._pad] * padding])
        mask = None
        # CLIP was trained without one; a config says so where it was otherwise.
        if getattr(self._encoder.config, "use_attention_mask", False):
            mask = torch.tensor([[1] * len(tokens) + [0] * padding]).to(self._device)
        with self.words.spoken(self._encoder, tokens):
            output = self._encoder(
                ids.to(self._device),
                attention_mask=mask,
                output_hidden_states=self._penultimate or clip_skip > 1,
            )
        if self._penultimate:
            states = output.hidden_states[-1 - clip_skip]
        elif clip_skip > 1:
            states = self._encoder.final_layer_norm(output.hidden_states[-clip_skip])
        else:
            states = output.last_hidden_state
        assert isinstance(states, Tensor)
        return Embedding(states, getattr(output, "text_embeds", None))


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


def _joined(chunks: list[Embedding]) -> Embedding:
    return Embedding(torch.cat([chunk.states for chunk in chunks], dim=1), chunks[0].pooled)
