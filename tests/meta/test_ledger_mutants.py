"""Mutation testing: each check of the ledger must notice an encryption or arithmetic that is wrong.

Checks that support a claim get a broken implementation and must find its counterexample. Those that
refute a claim get one under which the claim would be true, and must find nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rounding import units
from scipy.sparse import csr_array
from threadpoolctl import threadpool_info

import etcprops
from etcprops import BlockGeometry, EtCKey, Step, decrypt, encrypt
from etcprops.auditing import equivalence, two_sample
from etcprops.claims import CLAIMS, EvidenceKind, Finding, Implementation
from etcprops.claims.checks import forests, key_conditions
from etcprops.claims.checks.key_conditions import PEOPLE, check_queries_in_four_cases
from etcprops.claims.checks.protection import check_attack_on_given_images
from etcprops.claims.implementation import Arithmetic
from etcprops.claims.model import Check
from etcprops.claims.proofs import PROOFS
from etcprops.claims.runner import examine
from etcprops.datasets import load_digits_images
from etcprops.datasets.synthetic_faces import make_synthetic_faces
from etcprops.exact import _elementary
from etcprops.exact._eigenpairs import eigenpairs
from etcprops.exact.statistics import PixelStatistics
from etcprops.reproducibility import Fingerprint, Machine, shipped_fingerprint
from etcprops.scheme.matrices import step_matrices
from etcprops.theory import coq

CASES = 30
"""Of each search for what is wrong with a mutant: more than by default; twelve find nearly all."""
RARE = {"search of named classifiers": 60}

SOUND = Implementation(BlockGeometry(16, 24, channels=3, block=4), examples=CASES)
Images = NDArray[np.uint8]


def identity(images: Images, _key: EtCKey) -> Images:
    """Leave every image as it is: no counterexample to any invariance."""
    return images.copy()


def one_pixel_lost(images: Images, key: EtCKey) -> Images:
    """Show the first pixel twice and the last not at all."""
    encrypted = encrypt(images, key)
    vectors = encrypted.reshape(*encrypted.shape[: encrypted.ndim - len(key.geometry.shape)], -1)
    vectors[..., -1] = vectors[..., 0]
    return encrypted


def negated_modulo_256(images: Images, key: EtCKey) -> Images:
    """Negate with wrap-around: 0 stays 0, the others become 256 - x."""
    encrypted = encrypt(images, key)
    return np.where(encrypt(np.zeros_like(images), key) == 255, encrypted + np.uint8(1), encrypted)


def negated_by_turns(images: Images, key: EtCKey) -> Images:
    """Negate whole images where the first block's transform is odd: signs without that step."""
    odd = key.transforms is not None and key.transforms[0] % 2 == 1
    return 255 - images if odd else images.copy()


def blackened(images: Images, _key: EtCKey) -> Images:
    """Make every image black: no score can rise above another, so nobody passes."""
    return np.zeros_like(images)


def masked(images: Images, _key: EtCKey) -> Images:
    """Mix every pixel with the same mask of noise: no block is moved, none looks like itself."""
    mask = np.random.default_rng(0).integers(0, 256, images.shape[1:], dtype=np.uint8)
    return images ^ mask


def under_keys_of_their_own(images: Images, key: EtCKey) -> Images:
    """Encrypt each image under a key that is derived from its pixels."""
    keys = [
        EtCKey.from_secret(key.geometry, key.to_json().encode() + image.tobytes(), steps=key.steps)
        for image in images
    ]
    return np.stack([encrypt(image, one) for image, one in zip(images, keys, strict=True)])


def encrypted_for_the_owner_alone(images: Images, key: EtCKey) -> Images:
    """Give people their own images, and under the keys of others nothing but grey."""
    clients = [EtCKey.from_secret(key.geometry, f"client {i}").to_json() for i in range(PEOPLE)]
    faces = make_synthetic_faces(people=PEOPLE, lights=24, height=48, width=40, block=8, seed=0)
    owner = np.unique(faces.labels, return_inverse=True)[1]
    own = (owner == clients.index(key.to_json()))[:, np.newaxis, np.newaxis]
    return np.where(own, encrypt(images, key), np.uint8(128))


def under_one_key(images: Images, key: EtCKey) -> Images:
    """Encrypt with the same key, whatever key a client holds."""
    return encrypt(images, EtCKey.from_secret(key.geometry, "the same for all"))


def under_almost_one_key(images: Images, key: EtCKey) -> Images:
    """Encrypt with the same key, and exchange two pixels that the client's key selects."""
    encrypted = under_one_key(images, key)
    pixels = encrypted.reshape(len(images), -1)
    first = int(np.asarray(key.permutation)[0])
    pixels[:, [first, first + 1]] = pixels[:, [first + 1, first]]
    return pixels.reshape(images.shape)


def brightness_dependent(images: Images, key: EtCKey) -> Images:
    """Negate the whole of those images that are bright."""
    encrypted = encrypt(images, key)
    axes = tuple(range(-len(key.geometry.shape), 0))
    bright = encrypted.mean(axis=axes, keepdims=True) > 127
    return np.where(bright, 255 - encrypted, encrypted).astype(np.uint8)


def not_decrypted(images: Images, _key: EtCKey) -> Images:
    """Give back what was encrypted."""
    return images.copy()


def one_code_for_two(images: Images, key: EtCKey) -> Images:
    """Take transform 7 for 3 and component order 5 for 4."""
    changed = {}
    if key.transforms is not None:
        changed["transforms"] = np.where(key.transforms == 7, 3, key.transforms)
    if key.components is not None:
        changed["components"] = np.where(key.components == 5, 4, key.components)
    fields = {str(step): getattr(key, step) for step in Step} | changed
    return encrypt(images, EtCKey(key.geometry, **fields))


def duplicated_row(key: EtCKey) -> dict[Step, csr_array]:
    """Let the first two pixels of every step come from one."""
    matrices = {}
    for step, matrix in step_matrices(key).items():
        coordinates = matrix.tocoo()
        rows, columns = coordinates.coords
        first = columns[rows == 0][0]
        # A matrix of one pixel has no second row to break: it loses its only entry.
        columns = np.where(rows == 1, first, columns)
        data = coordinates.data * (coordinates.shape[0] > 1)
        matrices[step] = csr_array((data, (rows, columns)), shape=matrix.shape)
    return matrices


def one_sign_doubled(key: EtCKey) -> dict[Step, csr_array]:
    """Let the negative-positive step take twice the last pixel."""
    steps = step_matrices(key)
    if Step.NEGATIVES in steps:
        steps[Step.NEGATIVES] = csr_array(steps[Step.NEGATIVES].astype(np.int64))
        steps[Step.NEGATIVES][-1, -1] *= 2
    return steps


def one_component_order_wrong(key: EtCKey) -> dict[Step, csr_array]:
    """Show the red component twice under the last order of components."""
    steps = step_matrices(key)
    if key.components is not None and key.components[0] == 5:
        matrix = steps[Step.COMPONENTS].toarray()
        matrix[0] = matrix[1]
        steps[Step.COMPONENTS] = csr_array(matrix)
    return steps


def no_steps(_key: EtCKey) -> dict[Step, csr_array]:
    """Take every key for one that does nothing."""
    return {}


def mirrored_the_other_way(key: EtCKey) -> dict[Step, csr_array]:
    """Take transform 6, mirrored up-down, for 4, mirrored left-right: 6 is there twice."""
    if key.transforms is None:
        return step_matrices(key)
    codes = np.where(key.transforms == 4, 6, key.transforms)
    return step_matrices(EtCKey(key.geometry, transforms=codes))


def fixed_noise(images: Images, key: EtCKey) -> Images:
    """Keep the low half of the grey levels of negated pixels: not a bijection of grey levels."""
    encrypted = encrypt(images, key)
    return np.where(encrypt(np.zeros_like(images), key) == 255, encrypted // 4, encrypted)


def all_black(images: Images, _key: EtCKey) -> Images:
    """Lose everything."""
    return images * np.uint8(0)


def blocks_stay(key: EtCKey) -> dict[Step, csr_array]:
    """Leave every block where it is."""
    steps = step_matrices(key)
    if Step.PERMUTATION in steps:
        stay = EtCKey(key.geometry, permutation=np.arange(key.geometry.n_blocks))
        steps[Step.PERMUTATION] = step_matrices(stay)[Step.PERMUTATION]
    return steps


def a_picture_for_each_code(images: Images, key: EtCKey) -> Images:
    """Add the codes to an image of one pixel, which tells them apart there as well."""
    if len(images) > 1:
        return encrypt(images, key)
    codes = [int(step[0]) for step in (key.transforms, key.components) if step is not None]
    return images + np.uint8(sum(codes))


def all_codes_differ(block: Images, turns: int, axes: tuple[int, ...]) -> Images:
    """Return a picture for each of the 16 codes."""
    return block + np.uint8(4 * turns + sum(axis + 1 for axis in axes))


def exact_centre(x: Any, total: Any, count: int) -> Any:
    """Deviations times the count, without rounding."""
    return count * x - total


def no_deviation(_x: Any, total: Any, _count: int) -> Any:
    """Zero, whatever the pixel: antisymmetric, and quick to prove of every sum."""
    return total - total


def coarse_centre(x: Any, total: Any, count: int) -> Any:
    """Deviations from a mean that is rounded down to an integer."""
    return x - total // count


def exact_z_score(X: NDArray[Any]) -> NDArray[np.float64]:
    """Take z-scores from integer statistics, where rounded ones are asked for."""
    return PixelStatistics(X.astype(np.int64)).z_score(X.astype(np.int64))


def exact_gram(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to few bits first, so that every sum is exact in any order."""
    short = np.round(z * 2**10)
    return np.asarray(short @ short.T)


def by_decree(_folder: Path) -> coq.Report:
    """Report on sources in which all theorems are axioms; theory/test_coq.py lets Coq read some."""
    names = sorted({name for line in PROOFS.values() for name in line.all_theorems})
    stated: dict[str, tuple[str, ...]] = dict.fromkeys(names, ("itself",))
    return coq.Report("", "none", {}, "now", 0.0, "nothing", {}, {"itself": "True"}, stated)


def added_exactly(arrays: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Add without rounding, where the order of adding is to show."""
    return np.apply_along_axis(math.fsum, 0, np.array(arrays))


def through_blas(z: NDArray[np.float64], _slices: int) -> NDArray[np.float64]:
    """Let BLAS add inner products, in whatever order."""
    return np.asarray(z @ z.T)


def one_unit_for_each_thread(z: NDArray[np.float64], _slices: int) -> NDArray[np.float64]:
    """Be off by as many units in the last place as BLAS has threads."""
    threads = max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
    return units(exact_gram(z), threads)


def in_single_precision(z: NDArray[np.float64], _slices: int) -> NDArray[np.float64]:
    """Multiply in single precision."""
    short = z.astype(np.float32)
    return np.asarray(short @ short.T, dtype=np.float64)


def wide_product(Q: csr_array) -> csr_array:
    """Multiply 8-bit matrices in 64 bits, where the overflow is to show."""
    return csr_array(Q.astype(np.int64).T @ Q.astype(np.int64))


def alike(kinds: Iterable[Machine]) -> dict[str, Fingerprint]:
    """Let all machines have the fingerprint that is shipped, its controls included."""
    return {kind.name: shipped_fingerprint() for kind in kinds}


def one_label_apart(kinds: Iterable[Machine]) -> dict[str, Fingerprint]:
    """Let one kernel of the last machine be another."""
    taken = alike(kinds)
    *_, (last, there) = taken.items()
    return taken | {last: replace(there, parts={**there.parts, "rbf kernel": "0"})}


def rounded_exponential(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round exponentials correctly, where NumPy's are to differ between machines."""
    return np.array([[_elementary.exact_exp(value) for value in row] for row in values.tolist()])


def rounded_eigenvectors(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Determine eigenvectors exactly, where LAPACK's are to differ between machines."""
    return np.asarray(eigenpairs(matrix, 5)[1][:, ::-1])


def broken(encryption: Any) -> Implementation:
    return replace(SOUND, encrypt=encryption)


def calculating(**operations: Any) -> Implementation:
    return replace(SOUND, arithmetic=Arithmetic(**operations))


def calculating_alike(**operations: Any) -> Implementation:
    return replace(calculating(**operations), fingerprints=alike)


INDIFFERENT = broken(identity)
STILL = replace(INDIFFERENT, step_matrices=no_steps)
LOSSY = broken(one_pixel_lost)
BLACK = replace(SOUND, encrypt=all_black, decrypt=all_black)
DIGITS = load_digits_images()
FACES = make_synthetic_faces(people=2, lights=16, height=96, width=80)
SOME_DIGITS = replace(DIGITS, images=DIGITS.images[:300], labels=DIGITS.labels[:300])

MUTANTS: dict[str, Implementation] = {
    "matrices equal pixels at full size": LOSSY,
    "decryption at full size": replace(SOUND, decrypt=not_decrypted),
    "orthogonality at full size": replace(SOUND, step_matrices=duplicated_row),
    "orthogonality of steps with symbols": replace(SOUND, step_matrices=duplicated_row),
    "orthogonality of keys with symbols": replace(SOUND, step_matrices=one_sign_doubled),
    "distances with symbols": replace(SOUND, step_matrices=one_component_order_wrong),
    "mid grey inner products with symbols": replace(SOUND, step_matrices=one_sign_doubled),
    "transforms with symbols": replace(SOUND, step_matrices=mirrored_the_other_way),
    "multiplication table with symbols": replace(SOUND, step_matrices=mirrored_the_other_way),
    "z score with symbols": calculating(centre=coarse_centre),
    "permuted distances at full size": LOSSY,
    "permuted inner products at full size": LOSSY,
    "distances at full size": broken(brightness_dependent),
    "mid grey inner products at full size": broken(negated_modulo_256),
    "z score at full size": broken(negated_modulo_256),
    "gram terms at full size": broken(negated_modulo_256),
    "scale at full size": broken(lambda images, key: encrypt(images, key) * np.uint8(0)),
    "kernels on digits": broken(negated_modulo_256),
    "rbf distances at full size": LOSSY,
    "scores under one key": broken(fixed_noise),
    "scores after one gaussian projection": INDIFFERENT,
    "scores after averages in floats": INDIFFERENT,
    "mean score under another key": INDIFFERENT,
    "mean score without negatives": broken(negated_by_turns),
    "inner products under all keys": INDIFFERENT,
    "mean without negatives": broken(negated_by_turns),
    "queries in four cases": broken(encrypted_for_the_owner_alone),
    "decisions on digits": broken(fixed_noise),
    "decisions on digits at mid grey": broken(fixed_noise),
    "decisions on given images": replace(broken(fixed_noise), data=DIGITS),
    "decisions on raw digits": INDIFFERENT,
    "tied neighbours": INDIFFERENT,
    "stump on one pixel": INDIFFERENT,
    "forest on digits": INDIFFERENT,
    "named models by audit": broken(brightness_dependent),
    "svms on raw digits by audit": INDIFFERENT,
    "forest on z scores by audit": INDIFFERENT,
    "svms between two images": INDIFFERENT,
    "negation of all grey levels": calculating(negate=lambda x: -x),
    "centring for powers of two": calculating(centre=coarse_centre),
    "centring for other counts": calculating(centre=exact_centre),
    "integer z score on digits": broken(negated_modulo_256),
    "blas gram on digits": calculating(gram=exact_gram),
    "theorems in coq": replace(SOUND, prove=by_decree),
    "counterexamples in coq": replace(SOUND, prove=by_decree),
    "theorems over the reals in coq": replace(SOUND, prove=by_decree),
    "xor with a solver": calculating(negate=lambda x: 254 - x),
    "squared differences with a solver": calculating(negate=lambda x: 255 - 2 * x),
    "numerators with a solver": calculating(negate=lambda x: 255 - 2 * x),
    "centring of known sums with a solver": calculating(centre=no_deviation),
    "centring of all sums with a solver": replace(
        calculating(centre=lambda x, _s, _n: x), deep=True
    ),
    "distribution of small trees": broken(negated_modulo_256),
    "distribution of forests on digits": broken(brightness_dependent),
    "distribution of forests with queries on thresholds": INDIFFERENT,
    "features drawn by number": INDIFFERENT,
    "ties to the lowest threshold": INDIFFERENT,
    "forest after gram pca": broken(fixed_noise),
    "forest on normal form": broken(fixed_noise),
    "forest after gram pca of pixels in floats": INDIFFERENT,
    "estimators on digits": broken(fixed_noise),
    "ridge and gaussian process in fractions": broken(negated_modulo_256),
    "estimators on raw digits": broken(fixed_noise),
    "ridge on one raw pixel": INDIFFERENT,
    "kernel with a scale for each feature": INDIFFERENT,
    "principal components of digits": broken(fixed_noise),
    "components of equal variance": INDIFFERENT,
    "lasso on digits": broken(fixed_noise),
    "lasso on one raw pixel": INDIFFERENT,
    "lasso under a rotation": broken(all_black),
    "lasso with two equal pixels": INDIFFERENT,
    "reduced vectors at full size": LOSSY,
    "products of matrices at full size": replace(SOUND, step_matrices=duplicated_row),
    "dimensions of invariant functions": replace(SOUND, step_matrices=duplicated_row),
    "lines decide": replace(SOUND, step_matrices=duplicated_row),
    "cells across blocks": INDIFFERENT,
    "pixel of one block": INDIFFERENT,
    "half of a pair of coefficients": INDIFFERENT,
    "raw block means": INDIFFERENT,
    "red component": INDIFFERENT,
    "dimensions of the paper": replace(SOUND, step_matrices=blocks_stay),
    "distribution of random pixels": LOSSY,
    "distribution of sparse projections": LOSSY,
    "distribution of raw random pixels": INDIFFERENT,
    "distribution of sums of two pixels": INDIFFERENT,
    "distribution of grid sampling": INDIFFERENT,
    "distribution of cyclic windows": INDIFFERENT,
    "one projection of digits": INDIFFERENT,
    "bits of decisions from pixels": broken(fixed_noise),
    "bits of decisions on digits": broken(fixed_noise),
    "bits of decisions on given images": replace(broken(fixed_noise), data=SOME_DIGITS),
    "bits after standard scaler": INDIFFERENT,
    "bits with ordinary kernels": INDIFFERENT,
    "fingerprint on emulated machines": replace(SOUND, fingerprints=one_label_apart),
    "products by blas": calculating_alike(gram=partial(etcprops.exact_gram, slices=4)),
    "exponentials by numpy": calculating_alike(exponential=rounded_exponential),
    "eigenvectors by lapack": calculating_alike(eigenvectors=rounded_eigenvectors),
    "exact gram whatever the order": calculating(exact_gram=through_blas),
    "exact gram whatever the threads": calculating(exact_gram=one_unit_for_each_thread),
    "exact gram against rational arithmetic": calculating(exact_gram=in_single_precision),
    "exact gram at full size": broken(negated_modulo_256),
    "estimators after gram pca on digits": broken(fixed_noise),
    "forest after gram pca on given images": replace(broken(fixed_noise), data=SOME_DIGITS),
    "forest after ordinary pca on digits": INDIFFERENT,
    "votes in another order": calculating(add=added_exactly),
    "certified margins on digits": broken(fixed_noise),
    "certified margins on given images": replace(broken(fixed_noise), data=DIGITS),
    "query as far from either class": INDIFFERENT,
    "images from inner products": broken(brightness_dependent),
    "search of what exact learning tells": broken(brightness_dependent),
    "reconstruction from images alone": broken(under_keys_of_their_own),
    "common key from images alone": broken(under_keys_of_their_own),
    "attack on given images": replace(broken(under_keys_of_their_own), data=FACES),
    "keys of clients from their images": broken(under_keys_of_their_own),
    "attack on single images": INDIFFERENT,
    "attack on single images of large blocks": broken(masked),
    "attack on several images": broken(under_keys_of_their_own),
    "keys that are left after the attack": broken(under_keys_of_their_own),
    "key where true neighbours win": broken(under_keys_of_their_own),
    "one known image": broken(masked),
    "chosen images": broken(masked),
    "scramble through libjpeg": LOSSY,
    "component shuffle through libjpeg": LOSSY,
    "pixels of all operations through libjpeg": INDIFFERENT,
    "size of a photograph": broken(masked),
    "size of a photograph off the grid": replace(INDIFFERENT, decrypt=not_decrypted),
    "transformed coefficients with symbols": replace(SOUND, step_matrices=duplicated_row),
    "transforms through an exact codec": LOSSY,
    "quarter turn with the standard table": STILL,
    "coefficient halfway between levels": STILL,
    "negated coefficients with symbols": replace(SOUND, step_matrices=one_sign_doubled),
    "dc coefficients of all sums": broken(negated_modulo_256),
    "grey block with a step of 16": STILL,
    "exact encoder at full size": broken(negated_modulo_256),
    "files of the exact encoder": broken(negated_modulo_256),
    "block that is its own negative": STILL,
    "dc coefficient rounded about 128": STILL,
    "learning on exact files": broken(negated_modulo_256),
    "learning through libjpeg": STILL,
    # Searches under all hypotheses; those without one find nothing where the claim needs none.
    "search of matrices are the encryption": replace(SOUND, step_matrices=duplicated_row),
    "search of decryption inverts": LOSSY,
    "search of permuting steps": LOSSY,
    "search of distances": broken(negated_modulo_256),
    "search of mid grey": broken(negated_modulo_256),
    "search of reductions": broken(negated_modulo_256),
    "search of reductions in distribution": LOSSY,
    "search of other estimators": broken(negated_modulo_256),
    "search of principal components": LOSSY,
    "search of l1 penalties": broken(negated_modulo_256),
    "search of l1 penalties without hypothesis 2": broken(all_black),
    "search of common key scores": LOSSY,
    "search of independent keys": INDIFFERENT,
    "search of independent keys without hypothesis 1": broken(negated_by_turns),
    "search of query under another key": INDIFFERENT,
    "search of query under another key without hypothesis 1": broken(negated_by_turns),
    "search of svm and k nn": broken(negated_modulo_256),
    "search of named classifiers": broken(negated_modulo_256),
    "search of random forest in distribution": LOSSY,
    "search of forest with remedy": broken(negated_modulo_256),
    "search of forest with remedy without hypothesis 2": calculating(add=added_exactly),
    "search of eight transforms": broken(one_code_for_two),
    "search of eight transforms without hypothesis 1": broken(a_picture_for_each_code),
    "search of sixteen codes": replace(SOUND, rotate_and_invert=all_codes_differ),
    "search of int8 products": calculating(cross_product=wide_product),
    "search of z score": broken(brightness_dependent),
    "search of z score without hypothesis 1": STILL,
    "search of z score without hypothesis 2": STILL,
    "search of kernels after z score": broken(brightness_dependent),
    "search of rbf on raw pixels": LOSSY,
    "search of float negation": calculating(negate=lambda x: -x),
    "search of float centring": calculating(centre=coarse_centre),
    "search of float centring without hypothesis 1": calculating(centre=exact_centre),
    "search of standard scaler": calculating(z_score=exact_z_score),
    "search of integer z score": broken(negated_modulo_256),
    "search of same bits": broken(fixed_noise),
    "search of exact gram": calculating(exact_gram=through_blas),
    "search of gram alone": broken(fixed_noise),
    "search of gram alone without hypothesis 3": calculating(add=added_exactly),
    "search of jpeg block permutation": broken(brightness_dependent),
    "search of jpeg component shuffle": broken(brightness_dependent),
    "search of jpeg block transforms": broken(brightness_dependent),
    "search of jpeg negative positive": broken(negated_modulo_256),
    "search of exact jpeg": broken(negated_modulo_256),
    "search of learning through exact jpeg": broken(negated_modulo_256),
    **{f"search of jpeg block transforms without hypothesis {n}": STILL for n in (1, 2)},
    **{f"search of jpeg negative positive without hypothesis {n}": STILL for n in (1, 2, 3)},
    **{f"search of exact jpeg without hypothesis {n}": STILL for n in (1, 2, 3, 4)},
    **{f"search of learning through exact jpeg without hypothesis {n}": STILL for n in (1, 2)},
    "search of certified margins": broken(fixed_noise),
    "search of margins recover the key": broken(under_keys_of_their_own),
    "search of margins recover the key without hypothesis 1": BLACK,
    "search of margins recover the key without hypothesis 2": BLACK,
    "search of known plaintext": broken(masked),
    "search of chosen plaintext": broken(masked),
}

CHECKS = [check for claim in CLAIMS for check in claim.checks]
QUERIES = next(check for check in CHECKS if check.run is check_queries_in_four_cases)
MUTANTS |= {
    check.name: INDIFFERENT
    for check in CHECKS
    if check.name.startswith("search of ") and check.refuting and check.name not in MUTANTS
}


def tag(check: Check) -> str:
    """Name a check in the tests' output."""
    return check.name.replace(" ", "-")


def test_given_faces_are_recovered_under_one_key() -> None:
    """Without this its mutant might be noticed because nothing is ever recovered."""
    observation = check_attack_on_given_images(replace(SOUND, data=FACES))
    assert observation.agrees is False, observation.detail
    assert not observation.exhibits


def test_every_check_has_a_mutant() -> None:
    assert {check.name for check in CHECKS} == set(MUTANTS)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("check", CHECKS, ids=tag)
def test_the_check_notices(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """What supports must refute under its mutant, and what refutes must support.

    A broken proof refutes nothing: where Coq does not accept it, the check must fail. Searches try
    more cases than usual where they must find something, and fewer where there is nothing.
    """
    monkeypatch.setattr("etcprops.claims.search.UNTIL_FOUND", CASES)
    noticed = Finding.SUPPORTS if check.refuting else Finding.REFUTES
    if check.kind is EvidenceKind.MACHINE_CHECKED:
        noticed = Finding.RAISED
    if check.kind is EvidenceKind.SMT:
        pytest.importorskip("z3", reason="needs z3: pip install 'etcprops[smt]'")
    evidence = examine(check, replace(MUTANTS[check.name], examples=RARE.get(check.name, CASES)))
    assert evidence.finding is noticed, evidence.detail


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("centring of known sums with a solver", calculating(centre=lambda x, _s, _n: x - 127.5)),
        ("centring of all sums with a solver", calculating(centre=lambda x, s, n: x - s / n + 1)),
    ],
)
def test_the_solver_notices_mistakes_in_centring_that_are_easily_made(
    name: str, mutant: Any
) -> None:
    """The middle of the grey levels in place of the mean, and one too many."""
    pytest.importorskip("z3", reason="needs z3: pip install 'etcprops[smt]'")
    check = next(check for check in CHECKS if check.name == name)
    noticed = Finding.SUPPORTS if check.refuting else Finding.REFUTES
    assert examine(check, replace(mutant, deep=True)).finding is noticed


@pytest.mark.parametrize("share", [0.26, math.inf])
def test_forests_that_are_not_shown_to_be_equal_leave_it_open(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a test rejects nothing and excludes too little, it does not speak for the claim."""
    monkeypatch.setattr(forests, "TREES", 20)
    monkeypatch.setattr(two_sample, "permutation_p_value", lambda *_, **__: 1.0)
    monkeypatch.setattr(equivalence, "excluded_mixture", lambda *_: share)
    check = next(c for c in CHECKS if c.name == "distribution of forests on digits")
    assert examine(check, broken(brightness_dependent)).finding is Finding.UNKNOWN
    monkeypatch.undo()
    # In earnest, so few trees exclude too little.
    monkeypatch.setattr(forests, "TREES", 20)
    assert examine(check, SOUND).finding is Finding.UNKNOWN


def test_mutants_decrypt_is_sound() -> None:
    """The broken decryption above differs from the real one, or its check would prove nothing."""
    assert not np.array_equal(
        not_decrypted(SOUND.images, SOUND.key), decrypt(SOUND.images, SOUND.key)
    )


def _share_that_passes(detail: str, case: str) -> float:
    """Return the percentage that the check on queries reports for a case."""
    found = re.search(rf"{case}: ([\d.]+)% pass", detail)
    assert found, detail
    return float(found[1])


@pytest.mark.parametrize("scheme", [under_one_key, under_almost_one_key])
def test_queries_under_one_key_by_many_names_show_nothing(scheme: Any) -> None:
    """Such a cloud refuses strangers for their faces alone: as if no key had been stolen."""
    evidence = examine(QUERIES, broken(scheme))
    assert evidence.finding is Finding.UNKNOWN
    assert evidence.detail.startswith("keys are not told apart: ")
    own = _share_that_passes(evidence.detail, "same person, same key")
    any_key = _share_that_passes(evidence.detail, "same person, other key")
    assert own > 80
    assert abs(own - any_key) < 2


def test_queries_by_people_under_the_names_of_others_show_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Images of which each has some client's label and key: keys decide, and that says nothing."""
    faces = make_synthetic_faces(people=PEOPLE, lights=24, height=48, width=40, block=8, seed=0)
    labels = np.random.default_rng(0).permutation(faces.labels)
    monkeypatch.setattr(key_conditions, "_faces", lambda: replace(faces, labels=labels))
    evidence = examine(QUERIES, SOUND)
    assert evidence.finding is Finding.UNKNOWN
    assert evidence.detail.startswith("people are not told apart where nothing is encrypted: ")


def test_the_row_on_queries_says_what_its_check_shows() -> None:
    """With the real encryption stolen keys pass, and a wrong key of the right person does not."""
    observed = check_queries_in_four_cases(SOUND)
    assert observed.agrees is False
    assert _share_that_passes(observed.detail, "same person, same key") > 90
    assert _share_that_passes(observed.detail, "other person, same key") > 50
    assert _share_that_passes(observed.detail, "same person, other key") < 1


def test_queries_of_which_none_pass_show_nothing() -> None:
    """Black images are no key condition: that nobody passes must not speak for the claim."""
    evidence = examine(QUERIES, broken(blackened))
    assert evidence.finding is Finding.UNKNOWN
    assert "nobody passes" in evidence.detail
