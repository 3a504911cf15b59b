"""Paintings as they were when a picture was asked for, kept tile by tile."""

import json
import re
from typing import Any

from studio.core.errors import UserError
from studio.paint.snapshot import Snapshot
from studio.storage.library.blobs import Blobs
from studio.storage.library.database import Database
from studio.storage.manifest import from_manifest, manifest

_DIGEST = re.compile("[0-9a-f]{64}")


def keep(blobs: Blobs, snapshot: Snapshot) -> str:
    """Store a painting: only tiles that are not there yet cost anything. Returns its digest."""
    values = manifest(snapshot, blobs.keep_tile)
    blobs.flush()
    return blobs.keep_sketch(json.dumps(values, sort_keys=True).encode("ascii"))


def read(blobs: Blobs, digest: str) -> Snapshot:
    """The painting that was kept. Raises UserError if anything of it is gone or damaged."""
    return from_manifest(_values(blobs, digest), blobs.tile)


def tiles(blobs: Blobs, digest: str) -> set[str]:
    """The digests of a painting's tiles. Raises UserError as `read` does."""
    found: set[str] = set()
    waiting = [_values(blobs, digest)]
    while waiting:  # any text in there may be one: too many are harmless, too few are not
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and _DIGEST.fullmatch(value):
            found.add(value)
    return found


def named(db: Database, blobs: Blobs) -> set[str]:
    """The digests of every blob that some picture needs.

    A painting that is gone needs none. Raises UserError where one cannot be read for another
    reason: its tiles must not be taken for unused.
    """
    found: set[str] = set()
    for column in ("snapshot", "source", "strength_map"):
        found |= {digest for (digest,) in db.rows(f"SELECT DISTINCT {column} FROM pictures")}
    for (digest,) in db.rows("SELECT DISTINCT snapshot FROM pictures WHERE snapshot <> ''"):
        if blobs.find("sketch", str(digest)) is not None:
            found |= tiles(blobs, str(digest))
    return found


def _values(blobs: Blobs, digest: str) -> Any:
    try:
        return json.loads(blobs.sketch(digest))
    except (ValueError, RecursionError) as error:
        raise UserError("A painting that was kept cannot be read.", "It may be damaged.") from error
