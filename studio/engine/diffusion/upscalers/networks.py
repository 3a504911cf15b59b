"""The two networks that ESRGAN's files hold, built to fit the weights that are found."""

import math
import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2
"""Of the leaky rectifiers, and the share of a block's result that is added to its input."""

MAX_SCALE = 8


class Compact(nn.Module):
    """SRVGGNetCompact of Real-ESRGAN (Wang et al. 2021, arXiv:2107.10833): plain convolutions.

    RGB [n, 3, h, w] in 0 .. 1 to [n, 3, h * scale, w * scale]. Pixels that are more than `margin`
    away do not change the result.
    """

    tile = 384  # pixels of the input that are worked on at once, along an edge

    def __init__(self, features: int, layers: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.margin = layers + 2
        body: list[nn.Module] = [_conv(3, features), nn.PReLU(features)]
        for _ in range(layers):
            body += [_conv(features, features), nn.PReLU(features)]
        self.body = nn.ModuleList([*body, _conv(features, 3 * scale**2)])

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge: the layers work out what is added to the nearest pixels."""
        hidden = x
        for layer in self.body:
            hidden = layer(hidden)
        enlarged = functional.interpolate(x, scale_factor=float(self.scale), mode="nearest")
        return functional.pixel_shuffle(hidden, self.scale) + enlarged


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees the results of all before it."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for index in range(5):
            out = growth if index < 4 else features
            self.add_module(f"conv{index + 1}", _conv(features + index * growth, out))

    def forward(self, x: Tensor) -> Tensor:
        """[n, features, h, w] to the same shape."""
        seen = x
        *first, last = self.children()
        for conv in first:
            seen = torch.cat([seen, _leaky(conv(seen))], dim=1)
        added: Tensor = last(seen)
        return x + SLOPE * added


class ResidualBlock(nn.Module):
    """The residual-in-residual dense block, RRDB."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(features, growth)
        self.rdb2 = DenseBlock(features, growth)
        self.rdb3 = DenseBlock(features, growth)

    def forward(self, x: Tensor) -> Tensor:
        """[n, features, h, w] to the same shape."""
        added: Tensor = self.rdb3(self.rdb2(self.rdb1(x)))
        return x + SLOPE * added


class Dense(nn.Module):
    """RRDBNet of ESRGAN (Wang et al. 2018, arXiv:1809.00219) and Real-ESRGAN.

    RGB [n, 3, h, w] in 0 .. 1 to [n, 3, h * scale, w * scale]. Where `folded` is more than 1,
    squares of that many pixels become channels first, so that it enlarges less; h and w may be
    any. Pixels that are more than `margin` away can change the result, but hardly do.
    """

    tile = 192

    def __init__(
        self, features: int, growth: int, blocks: int, doublings: int, folded: int
    ) -> None:
        super().__init__()
        self.folded = folded
        self.scale = 2**doublings // folded
        self.margin = folded * 16
        self.conv_first = _conv(3 * folded**2, features)
        self.body = nn.Sequential(*(ResidualBlock(features, growth) for _ in range(blocks)))
        self.conv_body = _conv(features, features)
        ups = (_conv(features, features) for _ in range(doublings))
        self.conv_up = nn.ModuleList(ups)
        self.conv_hr = _conv(features, features)
        self.conv_last = _conv(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge."""
        height, width = x.shape[2:]
        if self.folded > 1:
            padding = (0, -width % self.folded, 0, -height % self.folded)
            x = functional.pixel_unshuffle(functional.pad(x, padding, "replicate"), self.folded)
        hidden = self.conv_first(x)
        hidden = hidden + self.conv_body(self.body(hidden))
        for conv in self.conv_up:
            hidden = _leaky(conv(functional.interpolate(hidden, scale_factor=2.0, mode="nearest")))
        made: Tensor = self.conv_last(_leaky(self.conv_hr(hidden)))
        return made[:, :, : height * self.scale, : width * self.scale]


Network = Compact | Dense


def network_for(weights: Mapping[str, Tensor]) -> Network:
    """The network that weights belong to, filled with them, in float32.

    Takes the names of Real-ESRGAN and those of the first ESRGAN. Raises ValueError where they
    are of neither.
    """
    known = {_modern(name, weights): tensor.float() for name, tensor in weights.items()}
    try:
        with torch.device("meta"):
            network = _compact(known) if "body.0.weight" in known else _dense(known)
        network.load_state_dict(known, assign=True)
    except (KeyError, RuntimeError, TypeError) as error:  # a layer is missing, or of another shape
        raise ValueError("the weights are of no network that is known") from error
    return network.eval().requires_grad_(False)


def _compact(weights: Mapping[str, Tensor]) -> Compact:
    last = max(int(name.split(".")[1]) for name in weights if re.match(r"body\.\d+\.", name))
    scale = math.isqrt(len(weights[f"body.{last}.weight"]) // 3)
    _check_scale(scale)
    return Compact(len(weights["body.0.weight"]), last // 2 - 1, scale)


def _dense(weights: Mapping[str, Tensor]) -> Dense:
    features, channels, *_ = (*weights["conv_first.weight"].shape, 0, 0)
    growth = len(weights["body.0.rdb1.conv1.weight"])
    blocks = len({name.split(".")[1] for name in weights if name.startswith("body.")})
    doublings = sum(bool(re.fullmatch(r"conv_up\.\d\.weight", name)) for name in weights)
    folded = math.isqrt(channels // 3)
    if folded < 1 or 2**doublings % folded:
        raise ValueError("the weights are of no network that is known")
    _check_scale(2**doublings // folded)
    return Dense(features, growth, blocks, doublings, folded)


def _check_scale(scale: int) -> None:
    if not 1 <= scale <= MAX_SCALE:
        raise ValueError(f"the network enlarges {scale} times")


def _modern(name: str, names: Mapping[str, Tensor]) -> str:
    """The name that a tensor of a file has here.

    Real-ESRGAN counts its doublings from 1; the first ESRGAN numbers all its layers.
    """
    if found := re.fullmatch(r"conv_up(\d)\.(\w+)", name):
        return f"conv_up.{int(found[1]) - 1}.{found[2]}"
    if found := re.fullmatch(r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.(\w+)", name):
        return f"body.{found[1]}.rdb{found[2]}.conv{found[3]}.{found[4]}"
    if found := re.fullmatch(r"model\.1\.sub\.\d+\.(\w+)", name):
        return f"conv_body.{found[1]}"
    if found := re.fullmatch(r"model\.(\d+)\.(\w+)", name):
        return f"{_numbered(int(found[1]), names)}.{found[2]}"
    return name


def _numbered(layer: int, names: Mapping[str, Tensor]) -> str:
    if layer == 0:
        return "conv_first"
    later = sorted(
        int(found[1]) for name in names if (found := re.fullmatch(r"model\.(\d+)\.weight", name))
    )[1:]
    place = later.index(layer) - len(later)
    return {-1: "conv_last", -2: "conv_hr"}.get(place, f"conv_up.{later.index(layer)}")


def _conv(channels: int, features: int) -> nn.Conv2d:
    return nn.Conv2d(channels, features, 3, padding=1)


def _leaky(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, SLOPE)
