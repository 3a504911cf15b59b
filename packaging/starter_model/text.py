"""Captions as the denoiser reads them: the frozen text encoder of the base model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when transformers is imported

import transformers


class TextReader:
    """A tokenizer with its BertModel, as `StableDiffusionPipeline` would use them."""

    def __init__(self, model: Path, device: torch.device) -> None:
        """Load the folders `tokenizer` and `text_encoder` of a model folder."""
        transformers.utils.logging.disable_progress_bar()
        self._tokenizer = transformers.BertTokenizer.from_pretrained(
            str(model / "tokenizer"), local_files_only=True
        )
        encoder = transformers.BertModel.from_pretrained(
            str(model / "text_encoder"),
            local_files_only=True,
            add_pooling_layer=False,
            dtype=torch.float32,
        )
        self._encoder: nn.Module = encoder.to(device).eval().requires_grad_(False)
        self._device = device
        self._padding = int(self._tokenizer.pad_token_id)
        self.empty = self.read([""])  # what stands for no caption

    @torch.no_grad()
    def read(self, captions: Sequence[str]) -> Tensor:
        """The last hidden states, float16 [captions, tokens, features].

        Captions are padded to the tokenizer's length, or cut to it.
        """
        encoded = self._tokenizer(
            list(captions),
            padding="max_length",
            max_length=self._tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        )
        ids: Tensor = encoded.input_ids.to(self._device)
        hidden: Tensor = self._encoder(ids, attention_mask=(ids != self._padding).long())[0]
        return hidden.half()
