"""Certificates to sign with, made for each test run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ARTIST = "Ann Artist"

KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
}


def make_pair(
    folder: Path,
    kind: str = "P-256",
    *,
    since: int = -1,
    until: int = 30,
    use: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
) -> tuple[str, str]:
    """The paths of ARTIST's certificate, its issuer's behind it, and of the private key.

    It holds from `since` to `until` days from now. `use` is its extended key usage.
    """
    issuer, key = KEYS["P-256"](), KEYS[kind]()
    days = (since, until)
    own = _certificate(ARTIST, key, "Issuer", issuer, days).add_extension(
        x509.ExtendedKeyUsage([use]), critical=False
    )
    root = _certificate("Issuer", issuer, "Issuer", issuer, days)
    chain = [each.sign(issuer, hashes.SHA256()) for each in (own, root)]
    folder.mkdir(exist_ok=True)
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    pem = serialization.Encoding.PEM
    certificate.write_bytes(b"".join(each.public_bytes(pem) for each in chain))
    private.write_bytes(key_bytes(key))
    return str(certificate), str(private)


def key_bytes(key: CertificateIssuerPrivateKeyTypes, password: bytes = b"") -> bytes:
    """The private key as OpenSSL writes it, locked if there is a password."""
    form = serialization.PrivateFormat
    lock = serialization.BestAvailableEncryption(password) if password else None
    odd = isinstance(key, ed25519.Ed25519PrivateKey)
    return key.private_bytes(
        serialization.Encoding.PEM,
        form.PKCS8 if odd or password else form.TraditionalOpenSSL,
        lock or serialization.NoEncryption(),
    )


def _certificate(
    name: str,
    key: CertificateIssuerPrivateKeyTypes,
    issuer: str,
    issuer_key: CertificateIssuerPrivateKeyTypes,
    days: tuple[int, int],
) -> x509.CertificateBuilder:
    now, root = datetime.now(UTC), name == issuer
    usage = x509.KeyUsage(
        digital_signature=not root, key_cert_sign=root, crl_sign=root,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    extensions = (
        (x509.BasicConstraints(root, None), True),
        (usage, True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    for extension, critical in extensions:
        made = made.add_extension(extension, critical)
    return made


def _named(name: str) -> x509.Name:
    kinds = (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    return x509.Name([x509.NameAttribute(kind, name) for kind in kinds])
