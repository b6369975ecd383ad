"""For each door a right call, from which fuzzing starts, and an object for each method.

Functions, so that each call has arguments of its own: what it is given may be changed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import etcprops as ep
from etcprops import _documents
from etcprops._files import write_whole
from etcprops.auditing import Comparison
from etcprops.claims.catalogue import CLAIMS
from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Evidence, Row
from etcprops.claims.terms import EvidenceKind, Finding
from etcprops.datasets import ImageSet
from etcprops.datasets.pictures import Conversion
from etcprops.formats.codecs import Codec
from etcprops.formats.exact_jpeg import code_exactly
from etcprops.formats.rates import RatePoint, to_csv
from etcprops.probing.key_audit import KeyAudit
from etcprops.probing.model import AffineMap, Confirmation, MapWitness, PixelMap
from etcprops.reductions import (
    BlockDCT,
    CanonicalFeatures,
    GridSampling,
    InducedMap,
    LinearReduction,
)
from etcprops.reproducibility import Machine, shipped_fingerprint
from etcprops.testing import Scheme
from etcprops.theory.coq import Report, read_record

GREY: Final = ep.BlockGeometry(8, 8, block=4)
COLOUR: Final = ep.BlockGeometry(8, 8, channels=3, block=4)
KEY: Final = ep.EtCKey.from_secret(GREY, "doors")
COLOUR_KEY: Final = ep.EtCKey.from_secret(COLOUR, "doors")
JPEG_KEY: Final = ep.EtCKey.from_secret(ep.BlockGeometry(16, 8), "doors")
SECRET: Final = bytes(range(32))

Arguments = dict[str, Any]


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def images() -> NDArray[np.uint8]:
    return noise(6, 8, 8)


def encrypted() -> NDArray[np.uint8]:
    return ep.encrypt(images(), KEY)


def smooth() -> NDArray[np.uint8]:
    return np.add.outer(np.arange(16), np.arange(16)).astype(np.uint8) * 7


def pixels() -> NDArray[np.uint8]:
    return noise(6, 64)


def rows() -> NDArray[np.float64]:
    return np.random.default_rng(1).standard_normal((6, 5))


def labels() -> NDArray[np.int64]:
    return np.array([0, 1] * 3)


def negate(image: Any, _key: Any) -> Any:
    return 255 - image


@cache
def machine() -> SVC:
    return SVC(gamma=0.1).fit(rows(), labels())


@cache
def coefficients() -> ep.JpegCoefficients:
    return code_exactly(noise(16, 8))


@cache
def jpeg() -> bytes:
    return ep.encode_jpeg_exactly(noise(16, 8))


@cache
def png() -> bytes:
    return Codec().encode(noise(8, 8), "a comment")


def files(folder: Path) -> None:
    """Put into a folder what calls name: good files, broken ones and what is no file."""
    Image.fromarray(noise(8, 8)).save(folder / "photo.png", pnginfo=None)
    write_whole(folder / "photo.jpg", jpeg())
    np.savez(folder / "images.npz", images=images(), labels=labels(), block=np.array(4))
    np.save(folder / "images.npy", images())
    KEY.save(folder / "key.json")
    certificate = ep.SignedPermutation.from_key(KEY).to_certificate()
    write_whole(folder / "certificate.json", _documents.line(certificate))
    write_whole(folder / "secret", SECRET, secret=True)
    write_whole(folder / "garbage", noise(200).tobytes())
    write_whole(folder / "empty", b"")
    for name in ("pictures/a/1.png", "pictures/b/2.png"):
        write_whole(folder / name, png())
    (folder / "nothing").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nowhere")


def reduction() -> GridSampling:
    return GridSampling(GREY, (2, 2)).fit(pixels())


def on_rows(**more: Any) -> Callable[[], Arguments]:
    return lambda: {"X": rows(), "Y": rows()[:4], **more}


def on_pixels(**more: Any) -> Callable[[], Arguments]:
    return lambda: {"X": pixels(), "Y": pixels()[:4], **more}


def on_key(name: str) -> Callable[[], Arguments]:
    return lambda: {"geometry": GREY, name: getattr(KEY, name)}


def same(**arguments: Any) -> Callable[[], Arguments]:
    """Return a call whose arguments nobody can change."""
    return lambda: dict(arguments)


def matrix_of_means() -> NDArray[np.int64]:
    return np.asarray(
        np.kron(np.eye(4, dtype=np.int64), np.ones((1, 16), dtype=np.int64)), dtype=np.int64
    )


def decision() -> Arguments:
    return {"model": machine(), "X": rows(), "encrypted": None, "train": rows(),
            "feature_error": 0.0, "ulps": 4.0}  # fmt: skip


def two_sides() -> Arguments:
    return {"estimator": KNeighborsClassifier(1), "plain": images(), "encrypted": encrypted(),
            "labels": labels(), "training": np.array([0, 1, 2, 3])}  # fmt: skip


def of_two_models() -> Arguments:
    return {"plain": images(), "encrypted": encrypted()}


@cache
def coq_report() -> Report:
    return read_record()


RIGHT: Final[dict[str, Callable[[], Arguments]]] = {
    "AttackReport.to_dict": same(with_key=False),
    "AttackReport.to_html": same(name="images"),
    "AttackReport.to_json": same(with_key=True),
    "BlockGeometry": same(height=8, width=8, channels=1, block=4),
    "BlockGeometry.flat_index": lambda: {
        "block": np.array([0, 3]), "row": np.array([1, 2]), "column": [0, 3], "channel": 0},
    "BlockGeometry.for_image": lambda: {"image": noise(8, 8), "block": 4},
    "BlockGeometry.locate": lambda: {"flat": np.arange(64)},
    "EtCEncryptor": same(key=KEY),
    "EtCEncryptor.fit": lambda: {"X": pixels(), "y": labels()},
    "EtCEncryptor.inverse_transform": lambda: {"X": pixels()},
    "EtCEncryptor.transform": lambda: {"X": pixels()},
    "EtCKey": lambda: {"geometry": COLOUR, "permutation": [3, 1, 0, 2], "transforms": [0, 7, 4, 2],
                       "negatives": [True, False, True, False],
                       "components": np.array([5, 0, 1, 2])},
    "EtCKey.from_json": lambda: {"text": KEY.to_json()},
    "EtCKey.from_secret": same(geometry=GREY, secret=SECRET, steps=ep.ALL),
    "EtCKey.generate": same(geometry=GREY, steps=("K1", "K3")),
    "EtCKey.load": same(path="key.json"),
    "EtCKey.save": same(path="new.json", overwrite=True),
    "ExactKernel": same(kind="rbf", gamma=0.5, degree=3, coef0=0.0, slices=2, standardize=False,
                        memory=None),
    "ExactKernel.__call__": on_rows(),
    "ExactStandardScaler.fit": lambda: {"X": pixels(), "y": None},
    "ExactStandardScaler.transform": lambda: {"X": pixels()},
    "Fingerprint.differences": lambda: {"other": shipped_fingerprint()},
    "Fingerprint.from_json": lambda: {"text": shipped_fingerprint().to_json()},
    "GramPCA": same(n_components=2, kernel="linear", slices=2),
    "GramPCA.fit": lambda: {"X": rows(), "y": None},
    "GramPCA.fit_transform": lambda: {"X": rows(), "y": None},
    "GramPCA.transform": lambda: {"X": rows()},
    "JpegCoefficients": lambda: {"planes": [np.ones((1, 2, 8, 8), np.int16)],
                                 "tables": [np.full((8, 8), 4)]},
    "Padding": same(height=7, width=6, channels=1, block=4),
    "Padding.undo": lambda: {"images": noise(2, 8, 8)},
    "PixelStatistics": lambda: {"X": pixels()},
    "PixelStatistics.deviation_numerators": lambda: {"X": pixels()},
    "PixelStatistics.z_score": lambda: {"X": pixels()},
    "ProbeReport.expect": same(kinds=("signed permutation",)),
    "ProbeReport.to_html": same(name="encrypt"),
    "SignedPermutation": lambda: {"source": np.array([1, 0, 2]), "sign": [1, -1, 1], "level": 255},
    "SignedPermutation.__matmul__": lambda: {"other": ep.SignedPermutation.from_key(KEY)},
    "SignedPermutation.apply": lambda: {"X": pixels()},
    "SignedPermutation.compose": lambda: {"other": ep.SignedPermutation.from_key(KEY)},
    "SignedPermutation.from_certificate": lambda: {
        "certificate": ep.SignedPermutation.from_key(KEY).to_certificate()},
    "SignedPermutation.from_key": same(key=KEY),
    "SignedPermutation.from_matrix": lambda: {"Q": np.array([[0, -1], [1, 0]]), "level": 255},
    "SignedPermutation.identity": same(size=5, level=255),
    "attack": lambda: {"images": np.stack([smooth(), smooth().T]), "block": 4, "planes": None,
                       "most": 8, "progress": None},
    "attacks.alignment.align": lambda: {"encrypted": noise(20, 16), "public": noise(20, 16),
                                        "components": 3, "rounds": 2},
    "attacks.compare": lambda: {"found": images(), "truth": images(), "geometry": GREY,
                                "tolerance": 0},
    "attacks.layout.recover_layout": lambda: {"images": noise(6, 8, 8), "seed": 0},
    "attacks.layout.recover_within_blocks": lambda: {"images": noise(12, 8, 8), "block": 4,
                                                     "shared": False, "seed": 0},
    "audit": lambda: {
        "estimator": KNeighborsClassifier(1), "images": images(), "labels": labels(), "key": KEY,
        "preprocessing": "none", "cv": None, "seed": 0, "runs": 0, "level": 0.01,
        "explain": False, "thorough": False, "protection": False, "budget": 0.0,
        "tolerance": 1e-6, "encrypt": ep.encrypt, "progress": None},
    "auditing.Comparison.identical": same(tolerance=1e-6),
    "block_permutation_matrix": on_key("permutation"),
    "block_transform_matrix": on_key("transforms"),
    "centre_mid_grey": lambda: {"images": images()},
    "certain_decisions": decision,
    "certified": lambda: {"decision_values": rows()[:, 0], "bound": np.full(6, 0.5)},
    "claims.Implementation.key_with": same(steps=frozenset({ep.Step.PERMUTATION})),
    "claims.Implementation.vectors": same(key=KEY),
    "coefficient_rows": lambda: {"sources": [jpeg(), "photo.jpg", coefficients()]},
    "component_permutation_matrix": lambda: {"geometry": COLOUR, "components": [0, 1, 5, 2]},
    "crop_to_blocks": lambda: {"image": noise(9, 10), "block": 4},
    "datasets.ImageSet.half_split": same(seed=0),
    "datasets.archives.load_arrays": lambda: {"path": Path("images.npz"), "names": ("images",)},
    "datasets.load_digits_images": same(block=4),
    "datasets.load_extended_yale_b": same(path="pictures", include_bad=True, first_column=4,
                                          block=8, cache=None),
    "datasets.load_images": same(data="images.npz", fit=None, include_bad=True, first_column=4,
                                 cache=None),
    "datasets.make_synthetic_faces": same(people=2, lights=2, height=8, width=8, block=4, seed=0),
    "datasets.pictures.count_pixels": lambda: {"content": png()},
    "datasets.pictures.picture_of": lambda: {"content": png(), "suffix": ".png",
                                             "conversion": Conversion()},
    "datasets.pictures.read_comment": lambda: {"content": png()},
    "datasets.pictures.read_picture": lambda: {"path": Path("photo.png"),
                                               "conversion": Conversion()},
    "decision_error_bound": lambda: decision() | {"coarse": False},
    "decrypt": lambda: {"images": images(), "key": KEY},
    "decrypt_coefficients": lambda: {"coefficients": coefficients(), "key": JPEG_KEY},
    "encode_jpeg_exactly": lambda: {"image": noise(16, 8), "quality": 75, "sampling": "4:4:4",
                                    "tables": None},
    "encrypt": lambda: {"images": images(), "key": KEY},
    "encrypt_coefficients": lambda: {"coefficients": coefficients(), "key": JPEG_KEY},
    "encryption_matrix": same(key=COLOUR_KEY),
    "encryption_offset": same(key=KEY),
    "exact_gram": on_rows(slices="dgemm"),
    "exact_squared_distances": on_rows(slices=2),
    "fingerprint": same(threads=1, progress=None),
    "formats.codecs.Codec": same(format="jpeg", quality=75, sampling="4:4:4", exact=False),
    "formats.exact_jpeg.code_exactly": lambda: {"image": noise(16, 16, 3), "quality": 75,
                                                "sampling": "4:2:0", "tables": None},
    "formats.files.FileSettings": same(secret=SECRET, codec=Codec(), scheme="colour", block=8,
                                       sampling="4:4:4", pad=False, force=False, measure=False),
    "formats.quantization.exact_table": same(quality=75, kind="luminance"),
    "formats.quantization.standard_table": same(quality=75, kind="chrominance"),
    "formats.quantization.symmetrised": lambda: {"table": noise(8, 8) // 2 + 1},
    "formats.rates.points_from_csv": lambda: {
        "text": to_csv([RatePoint("a", "grey", 8, "jpeg", "", 75, 1.5, 36.25, 0.98)])},
    "formats.schemes.ImageScheme": same(name="grayscale", block=8, sampling="4:4:4", shuffle=True),
    "gram_error_bound": on_rows(slices=2),
    "integer_gram": on_pixels(),
    "integer_squared_distances": on_pixels(),
    "negative_positive_matrix": on_key("negatives"),
    "pad_to_blocks": lambda: {"image": noise(7, 6, 3), "block": 4},
    "probe": same(encrypt=negate, shape=(2, 2), dtype=np.uint8, keys=None, seed=0, time_limit=10.0,
                  budget=5.0, quick=True, isolation="none", progress=None),
    "probing.AffineMap.apply": lambda: {"vector": np.arange(2)},
    "probing.Confirmation.missed": same(fraction=0.1),
    "probing.checker.check": same(path="certificate.json", limit=10),
    "probing.checker.read": same(path="certificate.json", most=1 << 20),
    "probing.drift.drift": lambda: {
        "certificate": ep.SignedPermutation([3, 2, 1, 0], [1, 1, 1, 1]),
        "encrypt": lambda image, _: image[::-1, ::-1], "shape": (2, 2), "key": 0,
        "time_limit": 10.0},
    "probing.infer_structure": lambda: {"found": ep.SignedPermutation.from_key(KEY),
                                        "shape": (8, 8), "out_shape": None, "block": 4},
    "read_coefficients": lambda: {"source": jpeg()},
    "read_image": same(image="photo.png", mode="grey", background=None, eight_bits=False),
    "recover_from_pairs": lambda: {**of_two_models(), "geometry": GREY},
    "reductions.BlockDCT": same(geometry=GREY, coefficients=3, components="separate"),
    "reductions.BlockMean": same(geometry=GREY, cell=2),
    "reductions.CanonicalFeatures.fit": lambda: {"X": pixels(), "y": None},
    "reductions.CanonicalFeatures.transform": lambda: {"X": pixels()},
    "reductions.GaussianProjection": same(geometry=GREY, n_components=4, seed=0),
    "reductions.GridSampling": same(geometry=GREY, strides=(2, 2)),
    "reductions.InducedMap.apply": lambda: {"Z": rows()[:, :2]},
    "reductions.LinearReduction.commutes_with": same(step="K2"),
    "reductions.LinearReduction.fit": lambda: {"X": pixels(), "y": None},
    "reductions.LinearReduction.induced": same(key=ep.EtCKey(GREY, negatives=[0, 1, 1, 0])),
    "reductions.LinearReduction.is_equivariant": same(step=ep.Step.NEGATIVES),
    "reductions.LinearReduction.transform": lambda: {"X": pixels()},
    "reductions.MeanPooling": same(geometry=GREY, cell=(2, 4)),
    "reductions.RandomPixels": same(geometry=GREY, n_components=4, seed=0),
    "reductions.SparseProjection": same(geometry=GREY, n_components=4, seed=0),
    "reductions.equivariance": lambda: {"R": matrix_of_means(), "geometry": GREY, "step": "K3"},
    "reductions.exact_dimensions": same(geometry=GREY),
    "reductions.generators": same(geometry=GREY, step=ep.Step.TRANSFORMS),
    "reductions.gram_deviation": lambda: {"reduction": reduction(), "images": images(),
                                          "encrypted": encrypted(), "preprocessing": "z-score"},
    "reductions.induced_map": lambda: {
        "R": np.eye(64, dtype=np.int64), "key": ep.EtCKey(GREY, negatives=[0, 1, 1, 0])},
    "reductions.nearest_exact": same(geometry=GREY, ratio=4.0),
    "reductions.reductions_to": same(geometry=GREY, dimension=4, seed=0),
    "scale_gamma": lambda: {"X": rows()},
    "scheme.matrices.step_matrices": same(key=COLOUR_KEY),
    "standard_scaler_error_bound": lambda: {"statistics": ep.PixelStatistics(pixels()),
                                            "level": 255},
    "standardized_gram": on_pixels(statistics=None, slices=2),
    "standardized_squared_distances": on_pixels(statistics=None, slices=2),
    "testing.Scheme": same(name="negation", encrypt=negate, shape=(2, 2), keys=[0, 1],
                           decrypt=negate, block=2, seed=0),
    "testing.Scheme.decrypted": lambda: {"images": noise(2, 2, 2), "key": 1},
    "testing.Scheme.encrypted": lambda: {"images": noise(2, 2, 2), "key": 1},
    "testing.Scheme.shown": same(key=1),
    "testing.Scheme.under": same(key=1),
    "testing.assert_bitwise_equal": lambda: {"found": rows(), "expected": rows()},
    "testing.assert_isometry": of_two_models,
    "testing.assert_orthogonal": lambda: {"matrix": np.eye(4, dtype=np.int8)},
    "testing.assert_same_decisions": two_sides,
    "testing.check_scheme": same(scheme=Scheme("negation", negate, (2, 2), [0]),
                                 expected_failures={"preserves_distances": "a test"},
                                 on_fail="return"),
    "testing.check_vectors": same(encrypt=negate, decrypt=None, derive=None, grayscale=None,
                                  on_fail="return"),
    "testing.different_decisions": two_sides,
    "testing.distance_defect": of_two_models,
    "testing.orthogonality_defect": lambda: {"matrix": np.eye(4, dtype=np.int8)},
    "testing.parametrize_with_checks": same(
        schemes=[Scheme("negation", negate, (2, 2), [0])], expected_failures=None),
    "theory.coq.Report.from_json": lambda: {"text": coq_report().to_json()},
    "theory.coq.Report.same_tools": lambda: {"other": coq_report()},
    "theory.coq.rejected": lambda: {"report": coq_report(), "names": ("a",), "allowed": {}},
    "theory.recovery.count_gluings": same(blocks=3, orders=1),
    "theory.recovery.images_needed": same(rho=0.95, r=0.3, blocks=480, delta=0.05, orders=1,
                                          rule="cost"),
    "vectors.load_vectors": same(name="etc_key_derivation"),
    "verify": same(geometry=GREY, claims=["int8-products"], secret=None, data=None, deep=False,
                   fresh=False, progress=None),
    "write_coefficients": lambda: {"coefficients": coefficients()},
}  # fmt: skip


@cache
def verdict() -> ep.Verdict:
    return ep.audit(LogisticRegression(), images(), labels(), KEY, budget=0, runs=0)


STUBS: Final[dict[str, Any]] = {
    "etcprops.reproducibility.fingerprints.fingerprint_of_some": lambda _every, progress: (
        progress(0, 1, "digits"),
        shipped_fingerprint(),
    )[1],
}
"""What takes long is not done: doors are looked at, not what is behind them."""

AFTERWARDS: Final[dict[str, Callable[[Any], Any]]] = {
    "EtCEncryptor": lambda made: made.fit(pixels()),
    "ExactKernel": lambda made: made(rows(), rows()),
    "Fingerprint.from_json": lambda made: (
        made.digest, made.to_json(), made.differences(shipped_fingerprint())),
    "GramPCA": lambda made: made.fit(rows()),
    "theory.coq.Report.from_json": lambda made: (made.to_json(), made.same_tools(coq_report())),
    "EtCKey.from_json": lambda made: made.to_json(),
    "EtCKey.load": lambda made: made.to_json(),
    "SignedPermutation.from_certificate": lambda made: made.to_certificate(),
    "reductions.BlockDCT": lambda made: made.fit(pixels()).transform(pixels()),
    "reductions.BlockMean": lambda made: made.fit(pixels()).transform(pixels()),
    "reductions.GaussianProjection": lambda made: made.fit(pixels()).transform(pixels()),
    "reductions.GridSampling": lambda made: made.fit(pixels()).transform(pixels()),
    "reductions.MeanPooling": lambda made: made.fit(pixels()).transform(pixels()),
    "reductions.RandomPixels": lambda made: made.fit(pixels()).transform(pixels()),
    "reductions.SparseProjection": lambda made: made.fit(pixels()).transform(pixels()),
}  # fmt: skip
"""What is then done with what a door returns: estimators check what they hold when they fit."""

OBJECTS: Final[dict[type, Callable[[], Any]]] = {
    ep.AttackReport: cache(lambda: ep.attack(images(), block=4)),
    ep.BlockGeometry: lambda: GREY,
    ep.EtCEncryptor: lambda: ep.EtCEncryptor(KEY).fit(pixels()),
    ep.EtCKey: lambda: COLOUR_KEY,
    ep.ExactKernel: lambda: ep.ExactKernel("rbf"),
    ep.ExactStandardScaler: lambda: ep.ExactStandardScaler().fit(pixels()),
    ep.Fingerprint: shipped_fingerprint,
    ep.GramPCA: lambda: ep.GramPCA(2).fit(rows()),
    ep.JpegCoefficients: coefficients,
    ep.Ledger: cache(lambda: ep.verify(GREY, claims=["int8-products"])),
    ep.Padding: lambda: ep.Padding(7, 6, block=4),
    ep.PixelStatistics: lambda: ep.PixelStatistics(pixels()),
    ep.ProbeReport: cache(lambda: ep.probe(negate, (2, 2), isolation="none", quick=True)),
    ep.SignedPermutation: lambda: ep.SignedPermutation.from_key(KEY),
    ep.Verdict: verdict,
    AffineMap: lambda: AffineMap(ep.SignedPermutation([1, 0], [1, -1]).matrix(), np.zeros(2)),
    BlockDCT: lambda: BlockDCT(GREY),
    CanonicalFeatures: lambda: CanonicalFeatures().fit(pixels()),
    Comparison: lambda: Comparison(4, 1, bitwise=False, largest_difference=0.5, spread=2.0),
    Confirmation: lambda: Confirmation(264, 8, True, 300),
    Evidence: lambda: Evidence("a", "b", EvidenceKind.EXACT, Finding.SUPPORTS, "c"),
    Implementation: lambda: Implementation(GREY),
    ImageSet: lambda: ImageSet("noise", images(), labels(), GREY),
    InducedMap: lambda: InducedMap(np.array([1, 0]), np.array([1, -1]), np.array([0, 255])),
    KeyAudit: lambda: KeyAudit(2, True, 2, (), None, None, (), ()),
    Machine: partial(Machine, "this"),
    MapWitness: lambda: MapWitness("a", noise(2, 2), noise(2, 2), None, (0, 1), "b"),
    PixelMap: lambda: PixelMap(np.array([1, -1]), np.array([1, 0], np.int8), 2, 255),
    Report: coq_report,
    Row: lambda: Row(CLAIMS[0], ()),
    Scheme: lambda: Scheme("negation", negate, (2, 2), [0, 1], decrypt=negate),
    LinearReduction: reduction,
}
"""For each class an object whose methods are called."""
