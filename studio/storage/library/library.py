"""Every picture ever made here, newest first, and what each of them came from."""

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from studio.core.errors import UserError
from studio.core.picture import Picture, StrengthMap
from studio.core.recipe import Recipe
from studio.storage.library import bin as bins
from studio.storage.library import labels, sketches
from studio.storage.library.blobs import Blobs
from studio.storage.library.database import Database
from studio.storage.library.entry import DiskUse, Entry, Query
from studio.storage.library.holdings import Holdings
from studio.storage.library.intake import Incoming, Shelf, marked, put_file
from studio.storage.library.origin import Frame, Origin, Sketch
from studio.storage.library.record import Record
from studio.storage.library.rows import AMONG, entries, form_and_frame, listed
from studio.storage.library.search import statement
from studio.storage.library.walk import BLOBS, bytes_of
from studio.storage.pictures import encode_png, read_picture


class Library:
    """A folder of PNG files and the SQLite database that lists them, used from one thread.

    The files lie in a folder for each month and carry their recipes, so they are of use without
    the database. It holds their paths relative to the folder, which may therefore be moved. What
    pictures came from lies beside them by its digest, kept once for all that share it. Several
    threads or processes may each have a Library of the same folder. All methods raise UserError
    where the folder or the database cannot be read or written.
    """

    def __init__(self, folder: Path, *, create: bool = True) -> None:
        """Open the library, making it where there is none; an older one is brought up to date.

        Raises UserError, and changes nothing, if its database is damaged, of a newer version of
        the app, or not ours; also if there is none and none shall be made.
        """
        self._db = Database(folder, create=create)
        self._folder = folder
        self._blobs = Blobs(folder / BLOBS)
        self._shelf = Shelf(self._db, self._blobs)
        self._holdings = Holdings(self._blobs)

    @property
    def lost(self) -> bool:
        """Whether the folder is no longer where it was: then it must be opened anew."""
        return self._db.lost

    @property
    def shelf(self) -> Shelf:
        """For those who check or move the library as a whole."""
        return self._shelf

    @property
    def blobs(self) -> Blobs:
        """What pictures came from."""
        return self._blobs

    def prepare(self, origin: Origin) -> None:
        """Store what a picture that is being made comes from, so that `add` has less to do."""
        self._keep(origin, None)

    def add(
        self, picture: Picture, recipe: Recipe, created: datetime, origin: Origin | None = None
    ) -> Entry:
        """Keep a picture for good: when this returns, the file and its row are on disk."""
        origin = origin or Origin()
        bare = Incoming.of(encode_png(picture, recipe), picture, recipe, Record())

        def whole() -> Incoming:
            record = self._record(origin, self._keep(origin, recipe))
            return replace(bare, record=record, data=marked(bare.data, record))

        id = put_file(self._shelf, created, whole, origin.parent)
        return entries(self._db, [id])[0]

    def ids(self, query: Query | None = None) -> "array[int]":
        """The ids of all pictures that are meant, newest first."""
        text, values = statement(query or Query())
        ((ids,),) = self._db.rows(text, values)
        return array("q", json.loads(ids))

    def entries(self, ids: Sequence[int]) -> list[Entry]:
        """These pictures, in this order; those that are gone are left out."""
        return entries(self._db, ids)

    def thumbnails(self, ids: Iterable[int]) -> dict[int, bytes]:
        """JPEG files of at most 192 pixels a side, by id."""
        rows = self._db.rows(f"SELECT id, jpeg FROM thumbnails WHERE id {AMONG}", (listed(ids),))
        return {id: jpeg for id, jpeg in rows if isinstance(jpeg, bytes)}

    def read(self, entry: Entry) -> Picture:
        """The picture itself. Raises UserError also if its file is gone or damaged."""
        return read_picture(entry.path)

    def picture_of(self, digest: str) -> Picture | None:
        """The source that a recipe names, or None if it is not here."""
        return self._blobs.picture(digest)

    def map_of(self, digest: str) -> StrengthMap | None:
        """The strength map that a recipe names, or None if it is not here."""
        return self._blobs.map(digest)

    def sketch(self, entry: Entry) -> Sketch | None:
        """The painting that the picture was made from, or None if there was none.

        Raises UserError if it is damaged.
        """
        if not entry.snapshot:
            return None
        form, frame = form_and_frame(self._db, entry.id)
        return Sketch(sketches.read(self._blobs, entry.snapshot), form, frame)

    def frame_of(self, entry: Entry) -> Frame | None:
        """Where on its painting the picture was to go; None if that is not known."""
        return form_and_frame(self._db, entry.id)[1]

    def star(self, ids: Iterable[int], on: bool = True) -> None:
        """Give or take the star."""
        labels.star(self._db, list(ids), on)

    def tag(self, ids: Iterable[int], tag: str, on: bool = True) -> None:
        """Give or take a tag. Raises UserError for an empty or very long one."""
        labels.label(self._db, "tag", list(ids), tag, on)

    def collect(self, ids: Iterable[int], collection: str, on: bool = True) -> None:
        """Put into a collection or take out of it; raises as `tag` does."""
        labels.label(self._db, "collection", list(ids), collection, on)

    def note(self, id: int, text: str) -> None:
        """Write a note in place of the one before; "" for none."""
        labels.note(self._db, id, text)

    def tags(self) -> dict[str, int]:
        """The tags in use, alphabetically, with the number of pictures outside of the bin."""
        return labels.counts(self._db, "tag")

    def collections(self) -> dict[str, int]:
        """The collections in use, as `tags`."""
        return labels.counts(self._db, "collection")

    def models(self) -> dict[str, int]:
        """The names of the models in use, as `tags`."""
        rows = self._db.rows(
            "SELECT model, count(*) FROM pictures WHERE binned IS NULL GROUP BY model"
            " ORDER BY model COLLATE NOCASE"
        )
        return {str(model): count for model, count in rows}

    def bin(self, ids: Iterable[int]) -> None:
        """Put pictures into the bin; nothing is deleted."""
        bins.put(self._db, list(ids), datetime.now(UTC))

    def restore(self, ids: Iterable[int]) -> None:
        """Take pictures out of the bin."""
        bins.restore(self._db, list(ids))

    def empty(self, before: datetime | None = None) -> int:
        """Delete for good what was binned before that moment, or all; returns how many pictures.

        Whatever ends it on the way, no picture outside of the bin is touched, and the rest is
        done the next time.
        """
        return bins.empty(self._db, self._holdings, before)

    def delete(self, ids: Iterable[int]) -> int:
        """Delete for good those of the pictures that lie in the bin; returns how many."""
        return bins.delete(self._db, self._holdings, list(ids))

    def bound(self, limit: int) -> list[int]:
        """Bin the oldest pictures until the rest take at most `limit` bytes; never starred ones.

        What the rest came from is counted, once however many share it. Returns the ids of those
        that were binned.
        """
        return bins.bound(self._db, self._holdings, limit, datetime.now(UTC))

    def weigh(self) -> Iterator[None]:
        """Look at what pictures came from, a painting at a step, so that `bound` need not.

        Those that were looked at before are no steps.
        """
        for (painting,) in self._db.rows("SELECT DISTINCT snapshot FROM pictures"):
            with suppress(UserError):  # `verify` tells of it
                if self._holdings.learn(painting):
                    yield

    def disk_use(self) -> DiskUse:
        """How much the library takes. Looks at every blob: not for the UI thread."""
        rows = self._db.rows("SELECT binned IS NULL, sum(bytes) FROM pictures GROUP BY 1")
        taken = dict(rows)
        return DiskUse(
            pictures=taken.get(1, 0),
            binned=taken.get(0, 0),
            blobs=self._blobs.nbytes(),
            database=bytes_of(self._db.file),
        )

    def close(self) -> None:
        """Let go of the database. The library is not used afterwards."""
        self._db.close()

    def _keep(self, origin: Origin, recipe: Recipe | None) -> str:
        """Store what there is to store; the digest of the painting, or "".

        Of the request's pictures only those that the recipe names, if it is known.
        """
        if origin.source is not None and (recipe is None or recipe.source):
            self._blobs.keep_picture(origin.source)
        if origin.strength_map is not None:
            self._blobs.keep_map(origin.strength_map)
        return "" if origin.snapshot is None else sketches.keep(self._blobs, origin.snapshot)

    def _record(self, origin: Origin, snapshot: str) -> Record:
        parents = self._db.rows("SELECT path FROM pictures WHERE id = ?", (origin.parent,))
        return Record(
            document=origin.document,
            parent=next((path for (path,) in parents), ""),
            relation=origin.relation,
            snapshot=snapshot,
            form=origin.form,
            frame=origin.frame,
        )
