"""One page of each kind that the package writes, small, by the code that writes them for users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from sklearn.naive_bayes import BernoulliNB
from sklearn.svm import SVC

from etcprops import EtCKey, attack, audit, encrypt, probe, verify
from etcprops._about import versions
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.grid import Atlas
from etcprops.auditing.atlas.rows import run_cell
from etcprops.auditing.verdict import AuditOutcome
from etcprops.datasets import load_images, make_synthetic_faces
from etcprops.experiments.choices import Choices
from etcprops.experiments.page import Reproduction
from etcprops.experiments.reproduction import run
from etcprops.experiments.uploads import run_attacks
from etcprops.scheme.geometry import BlockGeometry

CLAIMS: Final = (
    "matrices-are-the-encryption",
    "int8-products",
    "sixteen-codes",
    "rbf-on-raw-pixels",
    "mid-grey",
    "float-centring",
    "integer-z-score",
    "jpeg-size",
)
"""Claims of all outcomes, with formulas, counterexamples as pictures, and skipped evidence."""


def ledger() -> str:
    """Return the ledger of a few claims."""
    return verify(BlockGeometry(32, 32, channels=3), claims=CLAIMS).to_html()


def verdict() -> str:
    """Return a verdict with its witness, a cause, a remedy and experiments."""
    faces = make_synthetic_faces(people=4, lights=12, height=48, width=40)
    key = EtCKey.from_secret(faces.geometry, "pages")
    found = audit(BernoulliNB(binarize=100), faces.images, faces.labels, key, budget=5)
    assert found.witness is not None
    return found.to_html()


def verdict_identical() -> str:
    """Return a verdict that shows no witness."""
    images = load_images("digits")
    key = EtCKey.from_secret(images.geometry, "pages")
    model = SVC(gamma=0.01)
    found = audit(model, images.images[:200], images.labels[:200], key, preprocessing="z-score")
    assert found.outcome is not AuditOutcome.DIFFERENT
    return found.to_html()


def atlas() -> str:
    """Return an atlas of several outcomes and two preprocessings."""
    names = ("BernoulliNB", "DummyClassifier", "KNeighborsClassifier", "SVC")
    cells = [
        AtlasCell(name, preprocessing, images=80, budget=1.0)
        for name in names
        for preprocessing in ("z-score", "none")
    ]
    about = {
        "data": "digits", "images": 80, "keys": 1, "seeds": 1,
        "preprocessings": ["z-score", "none"], "law_level": 0.01, "seconds": 1.0, **versions(),
    }  # fmt: skip
    return Atlas([run_cell(cell) for cell in cells], about).to_html()


def probe_etc() -> str:
    """Return the page of an EtC scheme under several keys."""
    geometry = BlockGeometry(16, 16, channels=3, block=4)

    def scheme(image: Any, key: int) -> Any:
        return encrypt(image, EtCKey.from_secret(geometry, f"key {key}"))

    return probe(scheme, (16, 16, 3), keys=range(12)).to_html("my_module:encrypt")


def probe_lossy() -> str:
    """Return the page of a function that loses a pixel."""

    def lossy(image: Any, _key: int) -> Any:
        result = image.copy()
        result[0, 2] = image[4, 1]
        return result

    return probe(lossy, (12, 10, 3)).to_html("my_module:lossy")


def probe_adaptive() -> str:
    """Return the page of a function whose order depends on the image."""

    def adaptive(image: Any, _key: int) -> Any:
        order = np.random.default_rng(int(image.sum())).permutation(image.size)
        return image.ravel()[order].reshape(image.shape)

    return probe(adaptive, (12, 10)).to_html("my_module:adaptive")


def attack_recovered() -> str:
    """Return the page of an attack that succeeds."""
    faces = make_synthetic_faces(people=3, lights=12, height=64, width=48)
    key = EtCKey.from_secret(faces.geometry, "pages")
    return attack(encrypt(faces.images, key)).to_html("faces.npz")


def attack_nothing() -> str:
    """Return the page of an attack that finds nothing."""
    noise = np.random.default_rng(0).integers(0, 256, (1, 32, 32), dtype=np.uint8)
    return attack(noise).to_html("noise.npz")


def reproduction() -> str:
    """Return the report of the paper's experiment on a few small synthetic faces."""
    faces = make_synthetic_faces(people=4, lights=8, height=48, width=40)
    choices = Choices()
    exact = Choices(reduction="exact", conditions=("plain", "common"))
    about = {
        "data": faces.name, "synthetic": True, "images": len(faces.images), "people": 4,
        "splits": 2, "seed": 0, "seconds": 1.0,
    }  # fmt: skip
    parts, others = (run(faces, c, splits=2) for c in (choices, exact))
    return Reproduction(about, choices, parts, others, run_attacks(faces, choices)).to_html()


PAGES: Final[dict[str, Callable[[], str]]] = {
    "ledger": ledger,
    "verdict": verdict,
    "verdict-identical": verdict_identical,
    "atlas": atlas,
    "probe-etc": probe_etc,
    "probe-lossy": probe_lossy,
    "probe-adaptive": probe_adaptive,
    "attack-recovered": attack_recovered,
    "attack-nothing": attack_nothing,
    "reproduction": reproduction,
}
