"""The ways in which a file says how the weights of one layer change, and what the change is.

LoRA: Hu et al. 2021, arXiv:2106.09685. LoCon, LoHa and LoKr, their kin for convolutions and of
other products: LyCORIS, Yeh et al. 2023, arXiv:2309.14859.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

Factors = Mapping[str, Tensor]
"""What a file holds for one layer, by what it is there: "up", "down", "alpha" and so on."""

Shapes = Mapping[str, tuple[int, ...]]

NAMES = {
    "up": ("lora_up.weight", "lora_B.weight", "lora_B.default.weight", "lora.up.weight",
           "lora_linear_layer.up.weight"),
    "down": ("lora_down.weight", "lora_A.weight", "lora_A.default.weight", "lora.down.weight",
             "lora_linear_layer.down.weight"),
    "mid": ("lora_mid.weight",),
    "alpha": ("alpha",),
    **{name: (name,) for name in (
        "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2", "lokr_w1",
        "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2",
    )},
}  # fmt: skip
"""What each is called in files, after the layer's own name."""

NEEDED = (
    frozenset({"up", "down"}),
    frozenset({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"}),
)
"""Of which a layer has all of one, unless it is a LoKr."""


def is_whole(names: frozenset[str]) -> bool:
    """Whether a layer with these factors can be worked out."""
    if any(needed <= names for needed in NEEDED):
        return True
    first = "lokr_w1" in names or {"lokr_w1_a", "lokr_w1_b"} <= names
    return first and ("lokr_w2" in names or {"lokr_w2_a", "lokr_w2_b"} <= names)


def add_change(
    weights: Tensor, factors: Factors, times: float, alpha: float | None, band: int = 0, of: int = 1
) -> None:
    """Add the change of a layer, that many times, to its weights: float32 [out, all the rest].

    The weights are band `band` of `of` equal ones of what the factors change. `alpha` counts
    where the factors hold none; without any, the change is taken as it is.
    Raises ArithmeticError where numbers are not finite, and RuntimeError, IndexError or ValueError
    where factors do not fit together.
    """
    values = {name: tensor.float() for name, tensor in factors.items()}
    if not all(tensor.isfinite().all() for tensor in values.values()):
        raise ArithmeticError
    if "alpha" in values:
        alpha = float(values.pop("alpha"))
    rank = _rank(values)
    scale = times if alpha is None or rank is None else times * alpha / rank
    if "up" in values and "mid" not in values:  # the product need not be there on its own
        up = values["up"].flatten(1).chunk(of)[band]
        weights.addmm_(up, values["down"].flatten(1), alpha=scale)
    else:
        weights.add_(_made(values).flatten().chunk(of)[band].reshape(weights.shape), alpha=scale)


def _made(values: Factors) -> Tensor:
    """The whole change, but for alpha."""
    if "mid" in values:
        return _convolution(values)
    return _loha(values) if "hada_w1_a" in values else _lokr(values)


def _rank(values: Factors) -> int | None:
    """What alpha is to be divided by: None where nothing is of low rank, and alpha not used."""
    for name in ("down", "hada_w1_b", "lokr_w2_b", "lokr_w1_b"):
        if name in values:
            return values[name].shape[0]
    return None


def numbers_changed(shapes: Shapes) -> int:
    """How many numbers the layer's own weight has, by the sizes of its factors. Never raises."""

    def sides(*names: str) -> tuple[int, int]:
        """The first side of the first factor, and all others of the last."""
        first, last = shapes.get(names[0], ()), shapes.get(names[-1], ())
        return math.prod(first[:1]), math.prod(last[1:])

    if "up" in shapes:
        kernel = math.prod(shapes.get("mid", ())[2:])
        return math.prod(sides("up", "down")) * kernel
    if "hada_w1_a" in shapes:
        return math.prod(sides("hada_w1_a", "hada_w1_b"))
    first = sides("lokr_w1") if "lokr_w1" in shapes else sides("lokr_w1_a", "lokr_w1_b")
    second = sides("lokr_w2") if "lokr_w2" in shapes else sides("lokr_w2_a", "lokr_w2_b")
    return math.prod(first + second)


def _convolution(values: Factors) -> Tensor:
    """One in place of three."""
    up, down = values["up"].flatten(1), values["down"].flatten(1)
    return torch.einsum("or,rskl,si->oikl", up, values["mid"], down)


def _loha(values: Factors) -> Tensor:
    halves = []
    for number in "12":
        first, second = values[f"hada_w{number}_a"], values[f"hada_w{number}_b"]
        core = values.get(f"hada_t{number}")
        halves.append(first @ second if core is None else _tucker(core, first, second))
    return halves[0].flatten(1) * halves[1].flatten(1)


def _lokr(values: Factors) -> Tensor:
    first, second = (_lokr_factor(values, number) for number in "12")
    return torch.kron(first, second.flatten(1))


def _lokr_factor(values: Factors, number: str) -> Tensor:
    whole = values.get(f"lokr_w{number}")
    if whole is not None:
        return whole
    first, second = values[f"lokr_w{number}_a"], values[f"lokr_w{number}_b"]
    core = values.get(f"lokr_t{number}")
    return first @ second if core is None else _tucker(core, first, second)


def _tucker(core: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """A convolution's weight by its Tucker decomposition, [out, in, height, width]."""
    return torch.einsum("rskl,ro,si->oikl", core, first, second)
