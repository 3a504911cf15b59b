"""Content Credentials: a signed statement in a picture file on how it came about.

Specification: https://spec.c2pa.org. Nothing of it needs the network, so no authority vouches for
the time.
"""

import io
from pathlib import Path
from typing import Any

from PIL import Image

from studio import __version__
from studio.core.errors import UserError
from studio.storage.metadata import Mark
from studio.storage.signer import Signer, read_signer

_BLANK = "http://c2pa.org/digitalsourcetype/empty"
_SETTINGS = {
    "verify": {
        "verify_after_sign": True,
        "verify_trust": False,  # whom to trust is up to those who read the picture
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
    },
    "builder": {"thumbnail": {"enabled": False}},
}


def check_signer(certificate: str, key: str) -> str:
    """A sentence on who will sign. Raises UserError where `read_signer` or `signed` would."""
    signer = read_signer(certificate, key)
    trial = io.BytesIO()
    Image.new("L", (1, 1)).save(trial, "PNG")
    signed(trial.getvalue(), "trial.png", None, signer)
    return f"Ready to sign as {signer.name}, until {signer.expires:%Y-%m-%d}."


def signed(data: bytes, name: str, mark: Mark | None, signer: Signer) -> bytes:
    """The PNG, JPEG, WebP or TIFF file `data`, to be called `name`, with its manifest inside.

    All else in the file stays as it is. The manifest tells the name, the program, the `mark` and
    the signer. Raises UserError where the certificate is not made for this.
    """
    import c2pa

    info = c2pa.C2paSignerInfo(signer.algorithm, signer.certificates, signer.key, None)
    out = io.BytesIO()
    try:
        with (
            c2pa.Settings.from_dict(_SETTINGS) as settings,
            c2pa.Context(settings) as context,
            c2pa.Signer.from_info(info) as key,
            c2pa.Builder(_manifest(name, mark), context) as builder,
        ):
            builder.sign(key, Path(name).suffix.lower()[1:], io.BytesIO(data), out)
    except c2pa.C2paError as error:
        raise UserError(
            f"The certificate of {signer.name} cannot sign pictures: {_words(error)}.",
            "The certificate has to be made for digital signatures, and for C2PA, e-mail or "
            "documents as extended key usage.",
        ) from error
    return out.getvalue()


def _manifest(name: str, mark: Mark | None) -> dict[str, Any]:
    """What is signed. A painting of a person's began as an empty canvas."""
    actions = [{"action": "c2pa.created", "digitalSourceType": _BLANK}, {"action": "c2pa.edited"}]
    if mark:
        actions = [{"action": "c2pa.created", "digitalSourceType": mark.source_type}]
    return {
        "claim_generator_info": [{"name": "Underpaint", "version": __version__}],
        "title": name.encode("utf-8", "replace").decode("utf-8"),
        "assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}],
    }


def _words(error: Exception) -> str:
    """What c2pa says, in one line and without the kind of error before it."""
    return " ".join(str(error).split(": ", 1)[-1].split()).rstrip(".")
