"""Signed pictures, judged by the reader of those who wrote the specification."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import c2pa
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from PIL import Image

from studio import __version__
from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.core.recipe import Recipe
from studio.storage.content_credentials import check_signer
from studio.storage.metadata import Mark, read_recipe
from studio.storage.pictures import SUFFIXES, read_scan, write_picture
from studio.storage.signer import Signer, read_signer
from tests.storage.certificates import ARTIST, KEYS, key_bytes, make_pair
from tests.storage.samples import HOSTILE, RECIPE, gradient


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return read_signer(*make_pair(tmp_path_factory.mktemp("pair")))


def told_by(path: Path, data: bytes | bytearray = b"") -> dict[str, Any]:
    """What the file's manifest says, and whether it holds."""
    with c2pa.Reader(path.suffix[1:], io.BytesIO(data or path.read_bytes())) as reader:
        return json.loads(reader.json())  # type: ignore[no-any-return]


def claim_of(told: dict[str, Any]) -> dict[str, Any]:
    (manifest,) = told["manifests"].values()
    return manifest  # type: ignore[no-any-return]


def actions(told: dict[str, Any]) -> list[dict[str, Any]]:
    (assertion,) = claim_of(told)["assertions"]
    return assertion["data"]["actions"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_signed_picture_is_vouched_for_and_is_otherwise_the_same(
    tmp_path: Path, signer: Signer, suffix: str
) -> None:
    plain, path = tmp_path / f"plain{suffix}", tmp_path / f"fox{suffix}"
    write_picture(plain, gradient(), RECIPE, 144.0)
    write_picture(path, gradient(), RECIPE, 144.0, signer=signer)
    told = told_by(path)
    assert told["validation_state"] == "Valid"
    claim = claim_of(told)
    assert claim["title"] == f"fox{suffix}"
    assert claim["signature_info"]["common_name"] == ARTIST
    program = claim["claim_generator_info"][0]
    assert (program["name"], program["version"]) == ("Underpaint", __version__)
    assert read_scan(path) == read_scan(plain)
    assert read_recipe(path) == read_recipe(plain)
    with Image.open(path) as one, Image.open(plain) as other:
        assert one.info == other.info
        assert dict(one.getexif()).items() >= dict(other.getexif()).items()


@pytest.mark.parametrize(
    ("recipe", "mark", "word"),
    [
        (RECIPE, None, "trainedAlgorithmicMedia"),
        (HOSTILE, None, "compositeWithTrainedAlgorithmicMedia"),
        (None, Mark.COMPOSITE, "compositeWithTrainedAlgorithmicMedia"),
        (None, None, "empty"),
    ],
)
def test_the_manifest_tells_a_models_part_and_nothing_that_was_typed(
    tmp_path: Path, signer: Signer, recipe: Recipe | None, mark: Mark | None, word: str
) -> None:
    path = tmp_path / "a.png"
    write_picture(path, gradient(), recipe, mark=mark, signer=signer)
    told = told_by(path)
    created, *more = actions(told)
    assert created["action"] == "c2pa.created"
    assert created["digitalSourceType"].rsplit("/")[-1] == word
    assert [each["action"] for each in more] == ([] if recipe or mark else ["c2pa.edited"])
    assert recipe is None or recipe.prompt not in json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_picture_that_was_changed_since_is_found_out(
    tmp_path: Path, signer: Signer, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    noise = Random(7).randbytes(4 * 64 * 48)  # so that most of the file is pixels
    write_picture(path, Picture(Size(64, 48), noise), signer=signer)
    data = bytearray(path.read_bytes())
    assert told_by(path, data)["validation_state"] == "Valid"
    data[len(data) // 2] ^= 1
    told = told_by(path, data)
    assert told["validation_state"] == "Invalid"
    assert "assertion.dataHash.mismatch" in {each["code"] for each in told["validation_status"]}


@pytest.mark.parametrize("kind", [kind for kind in KEYS if kind != "secp256k1"])
def test_every_usual_kind_of_key_signs(tmp_path: Path, kind: str) -> None:
    certificate, key = make_pair(tmp_path, kind)
    verdict = check_signer(certificate, key)
    assert verdict.startswith(f"Ready to sign as {ARTIST}, until 20")
    path = tmp_path / "a.png"
    write_picture(path, gradient(), signer=read_signer(certificate, key))
    assert told_by(path)["validation_state"] == "Valid"


Spoil = Callable[[Path], tuple[str, str]]


def unrelated(folder: Path) -> tuple[str, str]:
    return make_pair(folder)[0], make_pair(folder / "other")[1]


def swapped(folder: Path) -> tuple[str, str]:
    certificate, key = make_pair(folder)
    return key, certificate


def keyless(folder: Path) -> tuple[str, str]:
    certificate, _ = make_pair(folder)
    return certificate, certificate


def locked(folder: Path) -> tuple[str, str]:
    certificate, key = make_pair(folder)
    Path(key).write_bytes(key_bytes(KEYS["P-256"](), b"secret"))
    return certificate, key


def gone(folder: Path) -> tuple[str, str]:
    certificate, key = make_pair(folder)
    Path(key).unlink()
    return certificate, key


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (unrelated, "'key.pem' does not belong to the first certificate in 'certificate.pem'"),
        (swapped, "no certificate in 'key.pem'"),
        (keyless, "no private key in 'certificate.pem'"),
        (locked, "locked with a password"),
        (gone, "There is no file"),
        (lambda folder: ("", ""), "needs a certificate and a private key"),
        (lambda folder: make_pair(folder, since=-9, until=-2), "has expired on 20"),
        (lambda folder: make_pair(folder, since=2), "holds only from 20"),
        (lambda folder: make_pair(folder, "secp256k1"), "of a kind that Content Credentials"),
        (
            lambda folder: make_pair(folder, use=ExtendedKeyUsageOID.SERVER_AUTH),
            f"The certificate of {ARTIST} cannot sign pictures: the certificate is invalid",
        ),
    ],
)
def test_what_is_wrong_with_the_files_is_told(tmp_path: Path, spoil: Spoil, words: str) -> None:
    with pytest.raises(UserError) as caught:
        check_signer(*spoil(tmp_path))
    assert words in caught.value.problem
    assert caught.value.remedy


def test_a_picture_that_cannot_be_signed_is_not_written(tmp_path: Path) -> None:
    unfit = read_signer(*make_pair(tmp_path, use=ExtendedKeyUsageOID.SERVER_AUTH))
    path = tmp_path / "a.png"
    with pytest.raises(UserError):
        write_picture(path, gradient(), signer=unfit)
    assert not path.exists()
    path.write_bytes(b"before")
    with pytest.raises(UserError):
        write_picture(path, gradient(), signer=unfit)
    assert path.read_bytes() == b"before"


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(UserError, match=r"setup\.py --c2pa"):
        read_signer("", "")


def test_the_private_key_is_in_no_log(signer: Signer) -> None:
    assert "PRIVATE KEY" in signer.key.decode()
    assert "PRIVATE KEY" not in repr(signer)


def test_a_file_name_that_is_no_text_is_signed_all_the_same(tmp_path: Path, signer: Signer) -> None:
    path = tmp_path / "a\udcff.png"
    write_picture(path, gradient(), signer=signer)
    assert claim_of(told_by(path))["title"] == "a?.png"
