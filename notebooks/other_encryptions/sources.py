"""Whose functions are probed: packages on PyPI, and repositories of which somebody has checkouts.

Each package goes into a folder of its own, never beside this one. Versions are exact, and so are
files where one serves every machine. Nothing is installed with what it asks for: `Source.needs`
are the libraries that the probed part imports, `Source.unused` what its modules import though the
probed part never calls it; empty modules stand in for these.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple


class Source(NamedTuple):
    """A release on PyPI, or a commit.

    Attributes
    ----------
    version : str
        The release, or the commit.
    sha256 : str
        Of its only file; "" where each platform has its own.
    needs : tuple of str
        Names in `LIBRARIES`.
    unused : tuple of str
        Modules to put empty ones in place of.
    inside : str
        The folder of a repository that its modules are in.
    """

    version: str
    sha256: str = ""
    needs: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    inside: str = ""


LIBRARIES: Final[Mapping[str, str]] = {
    "opencv": "opencv-python-headless==5.0.0.93",
    "pycryptodome": "pycryptodome==4.4.0",
    "cryptography": "cryptography==50.0.2",
    "cffi": "cffi==2.1.1",
}
"""What several of them import."""

PACKAGES: Final[dict[str, Source]] = {
    "aiposematic": Source(
        "1.1",
        "4b6d07895807ea61bd02cfac0f25301f655c62ae73ab1c24d30c66ffb4c04ca0",
        ("opencv",),
        ("qrcode", "cryptography", "cryptography.fernet"),
    ),
    "dynamic-image-encryption": Source(
        "0.1.0", "5ccc134ecb4e77dc96276a1e334201a0983f91ba79052cf1463d54dc88ef14b1"
    ),
    "Encrypt-decrypt-tfi": Source(
        "1.0", "949b062e71d6333d80511c982125f396751323cb42409661433d0cfd6f179348"
    ),
    "enpix": Source("1.0.4", "31b63a005db33859f6fc6a3d01055e2fbfe54820932af9fcc2d9434607150892"),
    "getscrambled": Source(
        "1.0.0",
        "e3d784e3ab8ae8a63b8861fe30de0985e7d4b1988b6ce9df12b63e3a4f5648b0",
        unused=("stegano",),
    ),
    "hyperchaos": Source(
        "0.1.1", "f2c90acafbdca05da06279c765aaf46154c4243f4ce23910f168f70985faaf0f"
    ),
    "image-scramble": Source(
        "2.1.2", "aa5dd0feebca9692d4238c501973c1feb2c45e1ab33cd99bb3947ee553b806af"
    ),
    "image-shuffler": Source(
        "1.0.2",
        "22ce1b847f6b43b8a4c9e6ce98912c26616e222662c0c6d9cff5d2fa18b54a7d",
        ("opencv",),
    ),
    "imagecrypto": Source(
        "0.4.0",
        "33654f46292f559c5a0fa0d62a3c6aa16dd5631ab16df09fe9132f4e29a8c134",
        ("opencv", "cryptography", "cffi"),
    ),
    "img-encrypt": Source(
        "0.1.1", "6e2f1c82b566a46c53741fc503508e0c6c53146374acfbd3a42ecb34694d8cf5"
    ),
    "img-paradox": Source(
        "0.0.2",
        "e72e51c0c0ae457134bac76af3e31895fa2ea7210de9907d47452c7c402d1c0d",
        ("pycryptodome",),
    ),
    "ll-descr": Source("0.1.0"),
    "NSAencrypt": Source(
        "1.0.0", "80b89883246da90ab3b56e881d15f371ec5f7fda6936b36c889ba175910cddbc"
    ),
    "pixelpuzzle": Source(
        "1.0.5", "7bb3cf0693ce6cbf13896d9cbce5faaa41fd67a0e2e7b54d50cf3126f80406a5"
    ),
    "pyscramble": Source("0.1.1"),
    "rubikencryptor": Source(
        "1.0.10", "70c53473da89ec5393b59e4ea1d6b571e89075e06310cc000f403102e018bb25"
    ),
    "safelicensing": Source(
        "1.0.3", "451ade7a2557960b41b79551aa0b42c64d708893f9e09216efb7d0a39cd0eebc"
    ),
    "sbencryptor": Source(
        "0.0.1",
        "d5f3d76b4326b9fe7d381483548ef9117999f078f797300f498f593a69c7928b",
        ("opencv",),
    ),
    "scramblekit": Source(
        "0.1.0", "30d01a5deb97f5032067bcd18947c5356dab3ba475f816aeb27b7e6f589c01d2"
    ),
    "scramblery": Source(
        "1.2.5",
        "28dc4f671104cd498660ddf40fc0f08a1633b3c493615cc9e2ba476a942eca59",
        ("opencv",),
        ("mediapipe",),
    ),
    "shufflecrypt": Source(
        "0.12", "aac4f4ee5812b912807994a18729c89152b88a51e6c276c9d38371fcdce5ad22"
    ),
    "Stegencry": Source(
        "1.0.10",
        "022c9fb0a9919dbb38312f8484121e6274eaf13e2c8a438ac07d330948de6ea4",
        ("pycryptodome",),
    ),
    "vortexcrypt": Source(
        "1.0.7",
        "ee14650633d8330c227f1d28113c2ba08212ff480b66d1deda5307c46b65420c",
        unused=("numba", "tqdm"),
    ),
}
"""The packages that are probed, by their names on PyPI."""

REPOSITORIES: Final[dict[str, Source]] = {
    "frenzelts/Henon-Arnold-Image-Encryption": Source(
        "e2d5e92517a59ac2b2d56dd0fc292c4373a1ed3e", unused=("cv2",)
    ),
    "jabolina/image-encryption": Source(
        "e8f85b7df26877be7465afe491e011fb9ce74c55", unused=("tqdm",), inside="src"
    ),
    "jetrogs/Arnold-cat-map": Source("0dde9731396bc7421081803f3d277206efd3bcd7"),
    "junrainlim/FIT3162-MCS18": Source(
        "1b7574e7465734f5c1c6e0097d51ec6a9c52c4f9", needs=("opencv",), inside="scripts"
    ),
    "knowankit/Image-encryption-using-chaos-theory": Source(
        "b0e058d44fe6854bce5caa00998ff73750a38460"
    ),
    "MADONOKOUKI/Block-wise-Scrambled-Image-Recognition": Source(
        "0b4606a244e19ca79cc518f9298662c3a4973aea", unused=("torch",)
    ),
    "mastnk/ICCE-TW2018": Source("5ea82f95a86064850015caf749ec49b0f53d763a"),
    "mastnk/imageshuffle": Source("f3e9b3b670acc868160814a2fec50689be6e358e"),
}
"""Repositories on GitHub, by owner and name; they are probed where there is a checkout."""

SOURCES: Final = PACKAGES | REPOSITORIES


def install(name: str, folder: Path, home: Path) -> str:
    """Install a package, or a library, into ``folder``, and return why not, "" if it is there.

    Parameters
    ----------
    name : str
        In `PACKAGES` or `LIBRARIES`.
    folder : Path
        Made anew.
    home : Path
        What pip takes for the user's home: the setup script of a source distribution runs there.
    """
    package = PACKAGES.get(name)
    wanted = LIBRARIES[name] if package is None else f"{name}=={package.version}"
    listed = folder.with_suffix(".txt")
    digest = "" if package is None or not package.sha256 else f" --hash=sha256:{package.sha256}"
    listed.write_text(f"{wanted}{digest}\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    try:
        done = subprocess.run(  # noqa: S603 - pip, with what stands above
            [*command, str(folder), "--requirement", str(listed)],
            cwd=home,
            env=surroundings(home),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "pip took more than five minutes"
    if done.returncode == 0:
        return ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return "pip: " + (errors or ["failed"])[-1].removeprefix("ERROR: ")


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment of foreign code: what pip needs, and nothing else of the user's."""
    wanted = {"PATH", "LANG", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"}
    kept = {n: v for n, v in os.environ.items() if n.upper() in wanted or n.startswith("PIP_")}
    return kept | {"HOME": str(home), "TMPDIR": str(home), "OPENBLAS_NUM_THREADS": "1"}
