"""What the gallery shows of the library: cells of its entries, and what its search means."""

from datetime import UTC, datetime, time, timedelta

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from studio.core.recipe import Recipe
from studio.storage.library.entry import Entry, Query
from studio.storage.library.library import Library
from studio.ui.panels.gallery.cell import Cell, Wanted
from studio.ui.panels.gallery.search import Facets, Search

MEGABYTE = 1e6


def query_of(search: Search) -> Query:
    """The same question as the library is asked it; days are those of this machine's clock."""
    since, until = search.since, search.until
    return Query(
        words=search.words,
        model=search.model,
        seed=search.seed,
        min_side=search.min_side,
        max_side=search.max_side,
        since=datetime.combine(since, time.min).astimezone(UTC) if since else None,
        until=datetime.combine(until + timedelta(days=1), time.min).astimezone(UTC)
        if until
        else None,
        starred=search.starred,
        tag=search.tag,
        collection=search.collection,
        parent=search.parent,
        binned=search.binned,
    )


def cells(library: Library, wanted: Wanted) -> dict[int, Cell]:
    """What is known of these pictures; those that are gone are left out."""
    entries = library.entries(wanted.ids)
    thumbnails = library.thumbnails(wanted.ids)
    return {entry.id: cell(entry, thumbnails.get(entry.id, b""), wanted.fits) for entry in entries}


def facets(library: Library) -> Facets:
    """What there is to sort out by, and how much room it takes."""
    use = library.disk_use()
    parts = ((use.blobs, "what pictures were made from"), (use.binned, "pictures in the bin"))
    of_it = "".join(f", {_size(part)} of it {what}" for part, what in parts if part)
    return Facets(
        models=tuple(library.models().items()),
        tags=tuple(library.tags().items()),
        collections=tuple(library.collections().items()),
        disk=f"The library takes {_size(use.total)}{of_it}.",
    )


def thumbnail(data: bytes, fits: int) -> QImage:
    """A picture file's image, at most `fits` pixels a side; null where it cannot be read."""
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    size, room = reader.size(), QSize(fits, fits)
    if size.isValid() and size.boundedTo(room) != size:
        reader.setScaledSize(size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read().convertToFormat(QImage.Format.Format_RGB32)


def cell(entry: Entry, data: bytes, fits: int) -> Cell:
    """What is known of a picture; `data` is its thumbnail's file."""
    return Cell(
        id=entry.id,
        image=thumbnail(data, fits),
        fits=fits,
        title=entry.recipe.prompt or "(no prompt)",
        detail=_detail(entry),
        settings=_settings(entry.recipe),
        path=str(entry.path),
        starred=entry.starred,
        sketch=bool(entry.snapshot),
        parent=entry.parent,
    )


def _detail(entry: Entry) -> str:
    recipe = entry.recipe
    parts = [
        f"Seed {recipe.seed}",
        f"{entry.width}x{entry.height}",
        recipe.model_name,
        f"{entry.created.astimezone():%Y-%m-%d %H:%M}",
        entry.relation,
        ", ".join((*entry.tags, *entry.collections)),
        entry.note,
    ]
    return ", ".join(part for part in parts if part)


def _settings(recipe: Recipe) -> str:
    """What else it was made with, as far as it is not as usual."""
    parts = [f"{recipe.steps} steps", f"guidance {recipe.guidance:g}", recipe.sampler]
    if recipe.schedule != "auto":
        parts.append(f"schedule {recipe.schedule}")
    if recipe.from_picture:
        parts.append(f"strength {recipe.strength:g}")
    if recipe.variation:
        parts.append(f"variation {recipe.variation:g} of seed {recipe.variation_seed}")
    if recipe.refine_factor is not None:
        parts.append(f"refined {recipe.refine_factor:g}x")
    parts += (f"LoRA {name} {weight:g}" for name, weight in recipe.loras.items())
    if recipe.negative:
        parts.append(f"without {recipe.negative}")
    return ", ".join(parts)


def _size(count: int) -> str:
    megabytes = count / MEGABYTE
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"
