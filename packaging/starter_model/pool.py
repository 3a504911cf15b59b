"""A store of rendered samples on the device, from which training draws each several times."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

BATCHES = 4
"""Batches in a chunk. Rendering costs much the same for few scenes as for many on a GPU."""

REUSE = 16
"""How often a sample is drawn on average, each time under other noise."""

CHUNKS = 2

Make = Callable[[int], tuple[Tensor, ...]]
"""Chunk number -> tensors with the same first dimension: a pure function of the number."""


class Pool:
    """The last `chunks` chunks; after every `draws` draws one is made, and the oldest goes.

    Since a chunk depends on its number alone, so does a draw: a resumed run sees the same samples.
    """

    def __init__(self, make: Make, chunks: int = CHUNKS, draws: int = BATCHES * REUSE) -> None:
        self._make = make
        self._chunks = chunks
        self._draws = draws
        self._held: list[int | None] = [None] * chunks
        self._store: tuple[Tensor, ...] = ()
        self._rows = 0  # to a chunk

    def draw(self, number: int, count: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        """`count` different samples for draw `number`: a pure function of the arguments.

        Raises ValueError when the pool holds fewer.
        """
        oldest = number // self._draws
        for chunk in range(oldest, oldest + self._chunks):
            if self._held[chunk % self._chunks] != chunk:
                self._keep(chunk)
        held = self._rows * self._chunks
        if count > held:
            raise ValueError(f"{count} samples cannot be drawn from {held}")
        device = self._store[0].device
        rows = torch.randperm(held, generator=generator, device=device)[:count]
        return tuple(tensor[rows] for tensor in self._store)

    def _keep(self, chunk: int) -> None:
        made = self._make(chunk)
        if not self._store:
            self._rows = len(made[0])
            self._store = tuple(
                tensor.new_empty((self._rows * self._chunks, *tensor.shape[1:])) for tensor in made
            )
        slot = chunk % self._chunks
        for kept, new in zip(self._store, made, strict=True):
            kept[slot * self._rows : (slot + 1) * self._rows] = new
        self._held[slot] = chunk
