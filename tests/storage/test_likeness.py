from hypothesis import given
from hypothesis import strategies as st

from studio.core.picture import Picture, Size
from studio.storage.likeness import NEAR, likeness
from tests.storage.samples import gradient, pictures


@given(pictures(), st.integers(0), st.integers(1, 255))
def test_the_largest_difference_and_its_share_are_told(
    picture: Picture, where: int, by: int
) -> None:
    data = bytearray(picture.rgba)
    at = where % len(data)
    data[at] = (data[at] + by) % 256
    changed = Picture(picture.size, bytes(data))
    found = likeness(picture, changed)
    assert found.largest == abs(data[at] - picture.rgba[at])
    assert found.share == 1 / picture.size.pixels
    assert found.verdict == ("near" if found.largest <= NEAR else "different")
    assert likeness(changed, picture) == found


def test_a_picture_is_exactly_like_itself_and_unlike_one_of_another_size() -> None:
    picture = gradient(8, 6)
    assert likeness(picture, gradient(8, 6)).verdict == "exact"
    assert likeness(picture, Picture(Size(6, 8), picture.rgba)).verdict == "different"
