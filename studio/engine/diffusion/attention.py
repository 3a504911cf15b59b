"""Attention over many tokens, in parts that can be stopped between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

LARGE = 2**24
"""Weights of all heads together, from which on one attention takes a CPU tens of milliseconds."""


@contextmanager
def stoppable_attention(tokens: int, device: str, check: Callable[[], None]) -> Iterator[None]:
    """While it lasts, `check()` is called between the heads of large attentions.

    Heads know nothing of each other, so the results are the same bits. It costs some microseconds
    for everything that torch does, so it is only done where pictures have many `tokens`, and on
    CPUs: there an attention over 4096 tokens takes longer than a person should wait.
    """
    if device != "cpu" or tokens**2 < LARGE // 16:
        yield
        return
    with _HeadByHead(check):
        yield


class _HeadByHead(TorchFunctionMode):
    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__()
        self._check = check

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is scaled_dot_product_attention:
            named = dict(zip(("query", "key", "value"), args, strict=False)) | kwargs
            if len(args) <= 3 and _can_be_cut(named):
                return self._cut(**named)
        return func(*args, **kwargs)

    def _cut(self, query: Tensor, key: Tensor, value: Tensor, **kwargs: Any) -> Tensor:
        """All are [n, heads, tokens, features]."""
        heads = []
        for head in range(query.shape[1]):
            self._check()
            part = slice(head, head + 1)
            heads.append(
                scaled_dot_product_attention(query[:, part], key[:, part], value[:, part], **kwargs)
            )
        return torch.cat(heads, dim=1)


def _can_be_cut(named: dict[str, Any]) -> bool:
    """Whether it is large, and all heads have keys of their own and no mask."""
    query, key = named["query"], named["key"]
    plain = named.get("attn_mask") is None and query.dim() == 4 and key.dim() == 4
    if not plain or query.shape[1] != key.shape[1]:
        return False
    return bool(query.shape[:3].numel() * key.shape[2] >= LARGE)
