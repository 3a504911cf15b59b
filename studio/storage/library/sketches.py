"""Paintings as they were when a picture was asked for, kept tile by tile."""

import json
import re
from typing import Any

from studio.core.errors import UserError
from studio.paint.snapshot import Snapshot
from studio.storage.library.blobs import Blobs
from studio.storage.manifest import from_manifest, manifest, tile_names

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
    return {name for name in tile_names(_values(blobs, digest)) if _DIGEST.fullmatch(name)}


def _values(blobs: Blobs, digest: str) -> Any:
    try:
        return json.loads(blobs.sketch(digest))
    except (ValueError, RecursionError) as error:
        raise UserError("A painting that was kept cannot be read.", "It may be damaged.") from error
