"""The device is played by copies: what is not where it was when the test began is on it."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from studio.engine.diffusion.offload import Offload


class Device:
    """Looks, before each layer runs, at where its weights are and how many bytes are here."""

    def __init__(self, limit: int, networks: list[nn.Module]) -> None:
        self.limit = limit
        self.brought = 0
        self.most = 0
        self._networks = networks
        homes = [tensor.data for each in networks for tensor in each.parameters()]
        self._homes = {home.data_ptr(): home for home in homes}  # kept, so that none is used again
        self.offload = Offload(limit, self._bring)
        for network in networks:
            self.offload.watch(network)
            for layer in network.modules():
                layer.register_forward_pre_hook(self._look)

    def bytes(self) -> int:
        tensors = [tensor for each in self._networks for tensor in each.parameters()]
        return sum(tensor.nbytes for tensor in tensors if self._here(tensor))

    def _bring(self, tensor: Tensor) -> Tensor:
        self.brought += tensor.nbytes
        return tensor.clone()

    def _here(self, tensor: Tensor) -> bool:
        return tensor.data_ptr() not in self._homes

    def _look(self, layer: nn.Module, _: object) -> None:
        self.most = max(self.most, self.bytes())
        assert all(map(self._here, layer.parameters(recurse=False)))


class Scaled(nn.Module):
    """Has layers, and a weight that belongs to none of them."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x) * self.scale


def network(widths: list[int]) -> nn.Module:
    layers = [
        nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 4)) for width in widths
    ]
    return Scaled(*layers).requires_grad_(False)


def size(module: nn.Module) -> int:
    return sum(tensor.nbytes for tensor in module.parameters())


nets = st.lists(st.integers(1, 40), min_size=1, max_size=5)


@settings(deadline=None)
@given(nets, nets, st.integers(0, 6000))
def test_what_runs_is_on_the_device_and_no_more_than_fits(
    first: list[int], second: list[int], limit: int
) -> None:
    networks = [network(first), network(second)]
    x = torch.ones(1, 4)
    with torch.inference_mode():
        plain = [each(x) for each in networks]
        layers = [layer for each in networks for layer in each.modules() if size(layer)]
        largest = max(size(layer) for layer in layers if not any(layer.children()))
        device = Device(limit, networks)
        for _ in range(2):
            assert all(map(torch.equal, [each(x) for each in networks], plain))
    loose = 2 * 4  # the scales, which belong to no layer
    assert device.most <= max(limit, largest) + loose


def test_with_room_for_all_everything_comes_once() -> None:
    networks = [network([3, 5]), network([7])]
    device = Device(sum(map(size, networks)), networks)
    for _ in range(3):
        for each in networks:
            each(torch.ones(1, 4))
    assert device.brought == device.bytes() == sum(map(size, networks))


def test_of_a_network_that_does_not_fit_most_stays_between_two_runs() -> None:
    block = size(nn.Linear(4, 8)) + size(nn.Linear(8, 4))
    whole = network([8] * 5)
    device = Device(4 * block, [whole])
    whole(torch.ones(1, 4))
    before = device.brought
    whole(torch.ones(1, 4))
    assert device.brought - before <= 2 * block


def test_a_network_that_is_done_leaves_its_room_to_the_next() -> None:
    block = size(nn.Linear(4, 8)) + size(nn.Linear(8, 4))
    texts, whole = network([8, 8]), network([8] * 5)
    device = Device(4 * block, [texts, whole])
    texts(torch.ones(1, 4))
    whole(torch.ones(1, 4))
    before = device.brought
    whole(torch.ones(1, 4))
    assert device.brought - before <= 2 * block


def test_weights_can_be_changed_where_they_wait() -> None:
    whole = network([3])
    device = Device(size(whole), [whole])
    x = torch.ones(1, 4)
    before = whole(x)
    device.offload.clear()
    assert device.bytes() == 0
    for layer in whole.modules():
        if isinstance(layer, nn.Linear):
            layer.weight.data = layer.weight.data * 2
            layer.bias.data = layer.bias.data * 2  # shows even where ReLU lets nothing through
    changed = whole(x)
    device.offload.clear()
    assert torch.equal(whole(x), changed)
    assert not torch.equal(changed, before)


def test_a_network_that_was_cast_meanwhile_stays_so() -> None:
    networks = [network([3]), network([3])]
    device = Device(size(networks[0]), networks)
    x = torch.ones(1, 4)
    networks[0](x)
    networks[0].to(torch.float64)
    networks[1](x)
    networks[0](x.double())
    assert {tensor.dtype for tensor in networks[0].parameters()} == {torch.float64}
    assert {tensor.dtype for tensor in networks[1].parameters()} == {torch.float32}
    assert device.most > 0
