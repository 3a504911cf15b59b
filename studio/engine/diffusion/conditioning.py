"""Prompts as the network reads them."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn

KEPT = 16
"""Embeddings kept for the next picture; one takes a few hundred kilobytes at most."""


class TextConditioner:
    """A tokenizer with its text encoder; remembers the last texts it has embedded."""

    def __init__(self, tokenizer: Any, encoder: nn.Module, device: str) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._device = device
        self._kept: OrderedDict[str, Tensor] = OrderedDict()

    def embed(self, text: str) -> Tensor:
        """The encoder's last hidden states, [1, tokens, features], in the encoder's precision.

        What is longer than the tokenizer takes is cut off.
        """
        if text not in self._kept:
            self._kept[text] = self._encode(text)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(text)
        return self._kept[text]

    def _encode(self, text: str) -> Tensor:
        tokens = self._tokenizer(
            text,
            padding="max_length",
            max_length=self._tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        )
        mask = None
        # CLIP was trained without one; a config says so where it was otherwise.
        if getattr(self._encoder.config, "use_attention_mask", False):
            mask = tokens.attention_mask.to(self._device)
        hidden = self._encoder(tokens.input_ids.to(self._device), attention_mask=mask)[0]
        assert isinstance(hidden, torch.Tensor)
        return hidden
