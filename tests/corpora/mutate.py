"""Damages files the way chance and malice do, the same way for the same seed."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

PNG = b"\x89PNG\r\n\x1a\n"
_NUMBERS = (0, 1, 127, 128, 255, 256, 32_767, 65_535, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


def mutated(data: bytes, others: list[bytes], seed: str) -> bytes:
    """`data` with one to four kinds of damage; `others` are files to take pieces from.

    Half of the PNG files, and of those in archives, get right checksums again, or hardly any
    damage would get past them.
    """
    chance = random.Random(seed)
    if data.startswith(b"PK") and chance.random() < 0.7:
        return _inside_archive(data, others, chance)
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        chance.choice(_DAMAGES)(damaged, others, chance)
    whole = bytes(damaged)
    return _with_checksums(whole) if chance.random() < 0.5 else whole


def _flip(data: bytearray, others: list[bytes], chance: random.Random) -> None:
    for _ in range(chance.randint(1, 8) if data else 0):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _lie(data: bytearray, others: list[bytes], chance: random.Random) -> None:
    """Another number, often near the start, where sizes are."""
    number = chance.choice(_NUMBERS)
    form = chance.choice((">I", "<I", ">H", "<H", "B"))
    packed = struct.pack(form, number % 2 ** (8 * struct.calcsize(form)))
    reach = min(len(data), chance.choice((64, 512, len(data))))
    at = chance.randrange(reach) if reach else 0
    data[at : at + len(packed)] = packed


def _cut(data: bytearray, others: list[bytes], chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _drop(data: bytearray, others: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    del data[at : at + chance.randint(1, 64)]


def _splice(data: bytearray, others: list[bytes], chance: random.Random) -> None:
    other = chance.choice(others)
    start, at = chance.randrange(len(other) + 1), chance.randrange(len(data) + 1)
    piece = other[start : start + chance.randint(1, 2000)]
    data[at : at + chance.choice((0, len(piece)))] = piece


def _repeat(data: bytearray, others: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    piece = bytes(data[at : at + chance.randint(1, 200)])
    data[at:at] = piece * chance.choice((1, 10, 500))


_Damage = Callable[[bytearray, list[bytes], random.Random], None]
_DAMAGES: tuple[_Damage, ...] = (_flip, _flip, _lie, _lie, _lie, _cut, _drop, _splice, _repeat)


def _inside_archive(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """One member damaged, the archive around it sound."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, zlib.error, NotImplementedError):
        return data[: len(data) // 2]
    name = chance.choice(sorted(members))
    seed = str(chance.random())
    members[name] = mutated(members[name], [*members.values()], seed) if members[name] else b"x"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return out.getvalue()


def _with_checksums(data: bytes) -> bytes:
    """A PNG file whose chunks have the checksums of what is in them."""
    if not data.startswith(PNG):
        return data
    fixed, at = bytearray(data), len(PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            break
        struct.pack_into(">I", fixed, end, zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return bytes(fixed)
