"""A person's own brushes beside those that come with the app."""

from hypothesis import given
from hypothesis import strategies as st

from studio.paint.brush import Brush
from studio.paint.presets import MAX_NAME, Preset
from studio.paint.shelf import BrushShelf

SHIPPED = (Preset("Ink", Brush()), Preset("Pencil", Brush(size=3)))


def test_own_brushes_come_after_the_shipped_ones_and_get_names_of_their_own():
    shelf = BrushShelf(SHIPPED)
    told = []
    shelf.changed.connect(told.append)
    assert shelf.add("Ink", Brush(size=9)) == "Ink 2"
    assert shelf.add("Ink", Brush(size=8)) == "Ink 3"
    assert [preset.name for preset in shelf.all] == ["Ink", "Pencil", "Ink 2", "Ink 3"]
    assert shelf.find("Ink 2").size == 9
    assert shelf.find("Nobody's") == Brush()
    shelf.remove("Ink")
    shelf.remove("Ink 2")
    assert [preset.name for preset in shelf.all] == ["Ink", "Pencil", "Ink 3"]
    assert len(told) == 3


_edits = st.lists(
    st.tuples(st.sampled_from(["add", "rename", "remove", "put"]), st.text(max_size=70)),
    max_size=12,
)


@given(_edits)
def test_whatever_is_done_every_brush_has_a_name_of_its_own_and_shipped_ones_stay(edits):
    shelf = BrushShelf(SHIPPED)
    for kind, text in edits:
        if kind == "add":
            shelf.add(shelf.all[-1].name, Brush())
        elif kind == "rename":
            shelf.rename(shelf.all[-1].name, text)
        elif kind == "remove":
            shelf.remove(text)
            shelf.remove(shelf.all[0].name)
        else:
            shelf.put(shelf.all)
    names = [preset.name for preset in shelf.all]
    assert len(set(names)) == len(names)
    assert shelf.all[:2] == SHIPPED
    assert all(1 <= len(name) <= MAX_NAME for name in names)
