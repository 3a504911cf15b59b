"""Attention that can be stopped is the same attention."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from studio.core.errors import Cancelled
from studio.engine.diffusion import attention
from studio.engine.diffusion.attention import stoppable_attention


def some(tokens: int, dtype: torch.dtype, heads: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(tokens)
    return torch.randn(2, heads, tokens, 40, generator=generator).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("keys", [1500, 77])
@pytest.mark.parametrize("causal", [False, True])
def test_heads_one_by_one_are_all_heads_bit_for_bit(
    dtype: torch.dtype, keys: int, causal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "LARGE", 2**16)
    asked: list[None] = []
    query, key = some(1500, dtype), some(keys, dtype)
    whole = scaled_dot_product_attention(query, key, key, is_causal=causal)
    with stoppable_attention(1500, "cpu", lambda: asked.append(None)):
        assert torch.equal(scaled_dot_product_attention(query, key, key, is_causal=causal), whole)
        named = scaled_dot_product_attention(query=query, key=key, value=key, is_causal=causal)
        assert torch.equal(named, whole)
    assert len(asked) == 8


def test_what_cannot_be_cut_is_left_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "LARGE", 2**16)
    query = some(600, torch.float32)
    mask = torch.zeros(2, 1, 600, 600)
    one_head = query[:, :1]
    asked: list[None] = []
    with stoppable_attention(600, "cpu", lambda: asked.append(None)):
        masked = scaled_dot_product_attention(query, query, query, attn_mask=mask)
        shared = scaled_dot_product_attention(query, one_head, one_head, enable_gqa=True)
        small = scaled_dot_product_attention(query[:, :, :20], query[:, :, :20], query[:, :, :20])
    assert not asked
    assert masked.shape == shared.shape == query.shape
    assert small.shape == (2, 4, 20, 40)


def test_a_large_attention_stops_at_the_next_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "LARGE", 2**16)
    asked: list[None] = []

    def check() -> None:
        asked.append(None)
        if len(asked) == 3:
            raise Cancelled

    query = some(600, torch.float32)
    with pytest.raises(Cancelled), stoppable_attention(600, "cpu", check):
        scaled_dot_product_attention(query, query, query)
    assert len(asked) == 3


def test_elsewhere_and_for_few_tokens_nothing_is_cut() -> None:
    asked: list[None] = []
    query = some(3000, torch.float32)
    for tokens, device in ((9, "cpu"), (9000, "cuda")):
        with stoppable_attention(tokens, device, lambda: asked.append(None)):
            scaled_dot_product_attention(query, query, query)
    assert not asked
