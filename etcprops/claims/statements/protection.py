"""What the claims about what encrypted images give away say of a case."""

from __future__ import annotations

from typing import Final

import numpy as np

from etcprops.attacks import recover_from_pairs
from etcprops.claims.case import Case
from etcprops.claims.checks.protection import read_off_chosen_images
from etcprops.claims.checks.recovery import BORDER, WINS, margins, recovered, smooth_images
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement, same
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.signed_permutation import SignedPermutation


def known_plaintext(case: Case) -> None:
    """Match the blocks of one image with those of its encryption."""
    key = case.key(case.geometry())
    image = case.images(key.geometry, 1)
    found = recover_from_pairs(image, case.encrypted(image, key), key.geometry)
    assert not found.determined.all(), f"every block of the key is known: {found}"


def chosen_plaintext(case: Case) -> None:
    """Read source and sign of every pixel off chosen images."""
    key = case.key(case.geometry())
    found = read_off_chosen_images(case.implementation.encrypt, key)
    learned = found is not None and found == SignedPermutation.from_key(key)
    assert not learned, "source and sign of every pixel are known"


def what_exact_learning_tells(case: Case) -> None:
    """Tell from inner products of encrypted images which of the plain ones are equal, how far."""
    key = case.key(case.geometry())
    images = case.images(key.geometry, 3)
    plain, encrypted = (2 * flat(x) - 255 for x in (images, case.encrypted(images, key)))
    gram = encrypted @ encrypted.T
    told = (gram[:, None] == gram).all(axis=2)
    same(told, (plain[:, None] == plain).all(axis=2), "other images are told to be equal")
    lengths = np.diagonal(gram)
    squares = lengths[:, None] + lengths - 2 * gram
    same(squares, ((plain[:, None] - plain) ** 2).sum(axis=2), "other distances are told")


def margins_recover_the_key(case: Case) -> None:
    """Put blocks together from encrypted images, where margins of the plain ones are known."""
    wins, border = case.assumes(WINS), case.assumes(BORDER)
    # Where a hypothesis is dropped, where counterexamples are: the smallest that are not rare.
    rows, columns = case.choose(
        "blocks", ((2, 2), (2, 3), (3, 3)) if wins and border else ((3, 3),)
    )
    channels = case.choose("channels", (1, 3) if wins and border else (1,))
    side = 2 if border else 4
    geometry = BlockGeometry(rows * side, columns * side, channels=channels, block=side)
    count = case.integer("images", 8, 12) if wins else 4
    seed = case.integer("seed", 0, 2**16)
    plain = smooth_images(geometry, count, seed, periodic=not border)
    key = case.key(geometry)
    held = margins(plain, geometry)
    if wins > held.wins or border > held.border:
        return
    encrypted = case.encrypted(plain, key)
    right = recovered(encrypted, case.implementation.decrypt(encrypted, key), geometry)
    assert right == 1, f"{right:.0%} of the blocks are recovered"


PROTECTION_STATEMENTS: Final[dict[str, Statement]] = {
    "what-exact-learning-tells": what_exact_learning_tells,
    "margins-recover-the-key": margins_recover_the_key,
    "known-plaintext": known_plaintext,
    "chosen-plaintext": chosen_plaintext,
}
"""By the name of the claim."""
