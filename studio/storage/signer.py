"""Who signs pictures: a certificate, and the private key that belongs to it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.errors import UserError
from studio.core.settings import Options
from studio.storage.files import read_bounded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

MAX_PEM = 1_000_000
"""Bytes. A chain of certificates has a few thousand."""

_PAIR = "Choose a certificate and the private key that belongs to it, each as a PEM file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs, and with what."""

    name: str  # as the certificate gives it
    expires: datetime
    certificates: bytes  # PEM, the signer's own first
    key: bytes = field(repr=False)  # PEM, PKCS 8
    algorithm: str  # one of C2PA's, as "es256"


def signer_of(options: Options) -> Signer | None:
    """Who signs what is exported; None if nobody does, or if nothing is to be told of it.

    Raises UserError where `read_signer` does.
    """
    if not options.sign_exports or options.untold_exports:
        return None
    try:
        return read_signer(options.certificate, options.private_key)
    except UserError as error:
        raise UserError(
            f"Nothing is exported, because it cannot be signed. {error.problem}",
            f"{error.remedy} Or turn signing off in the File menu.",
        ) from error


def read_signer(certificate: str, key: str) -> Signer:
    """The signer whose certificates and private key are in two PEM files.

    Raises UserError where signing is not installed, where a file is not to be read, where they do
    not belong together, and where the certificate does not hold today.
    """
    if find_spec("c2pa") is None:
        raise UserError(
            "Signing needs the package c2pa-python, which is not installed.",
            "Run 'python packaging/setup.py --c2pa' in Underpaint's folder and start it again.",
        )
    from cryptography.hazmat.primitives import serialization as pem

    if not certificate or not key:
        raise UserError("Signing needs a certificate and a private key.", _PAIR)
    own, chain = _certificates(Path(certificate))
    private = _private_key(Path(key))
    if private.public_key() != own.public_key():
        raise UserError(
            f"The private key in '{Path(key).name}' does not belong to the first certificate in "
            f"'{Path(certificate).name}'.",
            _PAIR,
        )
    _check_dates(own, Path(certificate).name)
    return Signer(
        name=_name(own) or Path(certificate).stem,
        expires=own.not_valid_after_utc,
        certificates=chain,
        key=private.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()),
        algorithm=_algorithm(private, Path(key).name),
    )


def _certificates(path: Path) -> tuple["Certificate", bytes]:
    """The first certificate in a PEM file, and all of them as they stand there."""
    from cryptography.x509 import load_pem_x509_certificates

    data = read_bounded(path, MAX_PEM)
    try:
        return load_pem_x509_certificates(data)[0], data
    except ValueError as error:
        raise UserError(f"There is no certificate in '{path.name}'.", _PAIR) from error


def _private_key(path: Path) -> "PrivateKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = read_bounded(path, MAX_PEM)
    try:
        return load_pem_private_key(data, password=None)
    except TypeError as error:
        raise UserError(
            f"The private key in '{path.name}' is locked with a password.",
            "Choose a copy of it without one, in a file that only you may read.",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UserError(f"There is no private key in '{path.name}'.", _PAIR) from error


def _check_dates(certificate: "Certificate", file: str) -> None:
    """Raise UserError if the certificate holds no more, or not yet."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    now = datetime.now(UTC)
    if now > end:
        raise UserError(
            f"The certificate in '{file}' has expired on {end:%Y-%m-%d}.", "Choose a newer one."
        )
    if now < start:
        raise UserError(
            f"The certificate in '{file}' holds only from {start:%Y-%m-%d} on.",
            "Choose another one, or set this machine's clock right.",
        )


def _algorithm(private: "PrivateKeyTypes", file: str) -> str:
    """How C2PA signs with a key of this kind."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    curves = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in curves:
        return curves[private.curve.name]
    if isinstance(private, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise UserError(
        f"The private key in '{file}' is of a kind that Content Credentials do not allow.",
        "They take ECDSA (P-256, P-384, P-521), RSA and Ed25519 keys.",
    )


def _name(certificate: "Certificate") -> str:
    """The subject's common name, or else what its subject begins with."""
    from cryptography.x509.oid import NameOID

    subject = certificate.subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME) or list(subject)
    return str(names[0].value) if names else ""
