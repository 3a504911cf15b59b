"""Memory that runs out is injected: where it would, a stage raises what torch raises."""

import weakref
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from studio.engine.diffusion.ladder import Ladder
from studio.engine.machine import OutOfMemory, out_of_memory

SAYINGS: list[Exception] = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate"),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.00 GB)"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    MemoryError(),
    out_of_memory(),  # from a ladder further in
]


def needing(bytes_free: Callable[[], int], error: Exception = SAYINGS[0]) -> Callable[[int], int]:
    """Work that takes as many bytes as its way says, and raises where there are fewer."""

    def attempt(way: int) -> int:
        if way > bytes_free():
            raise error
        return way

    return attempt


def nothing() -> None:
    pass


@pytest.mark.parametrize("error", SAYINGS, ids=str)
def test_the_first_way_that_has_the_memory_is_taken_and_kept(error: Exception) -> None:
    ladder = Ladder([8, 4, 2, 1], nothing)
    assert ladder.climb(needing(lambda: 3, error)) == 2
    assert ladder.climb(needing(lambda: 100)) == 2


def test_the_last_way_is_followed_by_a_sentence() -> None:
    with pytest.raises(OutOfMemory, match=r"not enough memory.*smaller size"):
        Ladder([8, 4], nothing).climb(needing(lambda: 3))


@pytest.mark.parametrize("error", [RuntimeError("shape mismatch"), ValueError("out of memory")])
def test_other_errors_go_through_at_once(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        Ladder([8, 4], lambda: pytest.fail("dropped")).climb(needing(lambda: 3, error))


@given(st.integers(0, 12), st.integers(0, 12))
def test_what_is_kept_for_later_goes_before_anything_else(free: int, kept: int) -> None:
    """Even where each attempt keeps as much again."""
    cache = [kept]

    def attempt(way: int) -> int:
        cache[0] = kept
        if way > free:
            raise MemoryError
        return way

    def drop() -> None:
        nonlocal free
        free, cache[0] = free + cache[0], 0

    ladder = Ladder([8, 4, 2, 1], drop)
    fitting = [way for way in (8, 4, 2, 1) if way <= (free if free >= 8 else free + kept)]
    if not fitting:
        with pytest.raises(OutOfMemory):
            ladder.climb(attempt)
    else:
        assert ladder.climb(attempt) == fitting[0]


def test_the_tensors_of_an_attempt_are_gone_before_the_next() -> None:
    alive: list[weakref.ref[torch.Tensor]] = []

    def attempt(way: int) -> list[object]:
        seen = [ref() for ref in alive]
        big = torch.zeros(way)
        alive.append(weakref.ref(big))
        if way > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return seen

    assert Ladder([3, 2, 1], nothing).climb(attempt) == [None] * 3
