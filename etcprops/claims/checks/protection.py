"""Claims about what encrypted images give away: the paper's other promise, judged like the first.

Attackers here have encrypted images alone, unless the claim says more. What is shown are synthetic
faces; of images that a user gives, figures alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from etcprops.attacks import attack, compare, recover_from_pairs
from etcprops.attacks.gram import from_known_images
from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, Exhibit, Observation
from etcprops.claims.references import CHEN_LIU_2005, CHUMAN_2017, GALLAGHER_2012, LI_2008
from etcprops.claims.terms import EvidenceKind, Needs, Outcome, PaperSays, Scope
from etcprops.datasets.synthetic_faces import make_synthetic_faces
from etcprops.scheme._chosen_images import digit_count, digits
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey
from etcprops.scheme.signed_permutation import SignedPermutation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.attacks import Agreement, AttackReport
    from etcprops.datasets import ImageSet

    Images = NDArray[np.uint8]

PAPERS_SIZE = BlockGeometry(192, 160, block=8)
LARGE_BLOCKS = BlockGeometry(192, 160, block=32)
UNDER_ONE_KEY = 32
PEOPLE, CLIENTS = 3, 2
SINGLE = 6
CHANCE = 0.05
"""So many of 480 blocks come right by chance, at most."""

ONE_IMAGE = "no second image is encrypted under the key"
SMALL_BLOCKS = "blocks of 8 x 8 pixels, not larger"


@cache
def _faces() -> ImageSet:
    """Return synthetic faces of the paper's size, as many lights of each as go under one key."""
    return make_synthetic_faces(people=PEOPLE, lights=UNDER_ONE_KEY, seed=0)


def _across_people(count: int) -> Images:
    """Return images of all people."""
    images = _faces().images
    return images[np.linspace(0, len(images) - 1, count).round().astype(np.int64)]


def _key(geometry: BlockGeometry, name: str) -> EtCKey:
    return EtCKey.from_secret(geometry, f"protection, {name}")


def _shown(image: Images) -> Images:
    """Return an image at a quarter of its size, for the page."""
    return image[::4, ::4]


@dataclass(frozen=True)
class _CommonKey:
    """An attack on images under one key, and one more image that it did not see."""

    key: EtCKey
    plain: Images
    other: Images
    found: AttackReport
    right: Agreement


@lru_cache(maxsize=1)
def _common_key(encrypt: Callable[[Images, EtCKey], Images]) -> _CommonKey:
    """Attack 32 images under one key; several checks look at what was found."""
    key = _key(PAPERS_SIZE, "common")
    plain, other = np.split(_across_people(UNDER_ONE_KEY + 1), [UNDER_ONE_KEY])
    found = attack(encrypt(plain, key), block=PAPERS_SIZE.block)
    return _CommonKey(key, plain, other, found, compare(found.images, plain, PAPERS_SIZE))


def check_reconstruction_from_images_alone(implementation: Implementation) -> Observation:
    """Reconstruct 32 synthetic faces from their encryptions under one key, with nothing else."""
    case = _common_key(implementation.encrypt)
    shown = {
        "plain image": case.plain,
        "encrypted": case.found.encrypted,
        "reconstructed from encrypted images alone": case.found.images,
    }
    exhibits = tuple(Exhibit(label, _shown(images[0])) for label, images in shown.items())
    detail = (
        f"{UNDER_ONE_KEY} images of 192 x 160, 8 x 8 blocks: {case.found.outcome}, {case.right}"
    )
    return Observation(not case.found.recovered, detail, exhibits)


def check_common_key_from_images_alone(implementation: Implementation) -> Observation:
    """Recover the common key of 32 synthetic faces, and decrypt another image with it."""
    case = _common_key(implementation.encrypt)
    detail = f"{UNDER_ONE_KEY} images under one key: {case.found}"
    if case.found.key is None:
        return Observation(True, detail)
    encrypted = implementation.encrypt(case.other, case.key)
    right = compare(implementation.decrypt(encrypted, case.found.key), case.other, PAPERS_SIZE)
    detail += f" An image that was not attacked, decrypted with that key: {right}."
    return Observation(right.direct < 1, detail)


def check_attack_on_given_images(implementation: Implementation) -> Observation:
    """Encrypt given images under one key, 32 at most, and attack the encrypted ones."""
    data = implementation.given
    if data is None:
        return Observation.skipped(Needs.DATA, "no images given: etcprops verify --data PATH")
    count = min(UNDER_ONE_KEY, len(data.images))
    plain = data.images[np.linspace(0, len(data.images) - 1, count).round().astype(np.int64)]
    key = _key(data.geometry, "given images")
    found = attack(implementation.encrypt(plain, key), block=data.geometry.block)
    # No exhibit: these may be real people.
    right = compare(found.images, plain, data.geometry)
    detail = f"{count} images of {data.name}: {found.outcome}, {right}"
    return Observation(not found.recovered, detail)


def check_keys_of_clients_from_their_images(implementation: Implementation) -> Observation:
    """Recover the key of each of two clients from that client's own 32 images."""
    faces = _faces()
    lines, recovered = [], 0
    for person in np.unique(faces.labels)[:CLIENTS]:
        plain = faces.images[faces.labels == person]
        encrypted = implementation.encrypt(plain, _key(PAPERS_SIZE, f"client {person}"))
        found = attack(encrypted, block=PAPERS_SIZE.block)
        recovered += found.recovered
        lines.append(f"{found.outcome}, {compare(found.images, plain, PAPERS_SIZE)}")
    detail = f"{CLIENTS} clients with {UNDER_ONE_KEY} images each: {'; '.join(lines)}"
    return Observation(not recovered, detail)


def check_attack_on_single_images(implementation: Implementation) -> Observation:
    """Attack single images of 8 x 8 blocks, each under a key of its own."""
    return _one_by_one(implementation, PAPERS_SIZE)


def check_attack_on_single_images_of_large_blocks(implementation: Implementation) -> Observation:
    """Attack single images of 32 x 32 blocks, each under a key of its own."""
    return _one_by_one(implementation, LARGE_BLOCKS)


def _one_by_one(implementation: Implementation, geometry: BlockGeometry) -> Observation:
    """Observe whether single images keep their arrangement."""
    plain = _across_people(SINGLE)
    right, recovered = [], 0
    for number, image in enumerate(plain):
        encrypted = implementation.encrypt(image[None], _key(geometry, f"image {number}"))
        found = attack(encrypted, block=geometry.block)
        recovered += found.recovered
        right.append(compare(found.images, image[None], geometry).direct)
    detail = (
        f"{SINGLE} images, a key each, blocks of {geometry.block}: {recovered} recovered, "
        f"{max(right):.1%} of the blocks right at most, {np.mean(right):.1%} on average"
    )
    return Observation(recovered == 0 and max(right) < CHANCE, detail)


def check_attack_on_several_images(implementation: Implementation) -> Observation:
    """Attack 32 images of 8 x 8 blocks under one key."""
    return check_reconstruction_from_images_alone(implementation)


def check_keys_that_are_left_after_the_attack(implementation: Implementation) -> Observation:
    """Count the keys that are left after the attack, and hold them against the key space."""
    case = _common_key(implementation.encrypt)
    bits, found = case.key.key_space_bits(), case.found
    if not found.recovered or case.right.direct < 1:
        return Observation(True, f"{bits:.1f} bits; the attack left them: {found}")
    left = 2 if found.sign_known else 3  # symmetries of a frame that is no square, and a sign
    detail = (
        f"a key of {bits:.1f} bits was recovered from {UNDER_ONE_KEY} encrypted images in about "
        f"{found.seconds:.1g} s, but for {left} bits: the symmetry of the frame"
    )
    return Observation(False, detail if found.sign_known else f"{detail} and one sign")


def check_one_known_image(implementation: Implementation) -> Observation:
    """Match the blocks of one noise image with those of its encryption."""
    key = _key(PAPERS_SIZE, "known plaintext")
    image = np.random.default_rng(0).integers(0, 256, PAPERS_SIZE.shape, dtype=np.uint8)
    found = recover_from_pairs(image, implementation.encrypt(image, key), PAPERS_SIZE)
    face = _faces().images[0]
    on_face = recover_from_pairs(face, implementation.encrypt(face, key), PAPERS_SIZE)
    detail = f"a noise image: {found}. A synthetic face: {on_face}"
    return Observation(found.key is None or found.key != key, detail)


def read_off_chosen_images(
    encrypt: Callable[[Images, EtCKey], Images], key: EtCKey
) -> SignedPermutation | None:
    """Read source and sign of every pixel off black and the digits of the places."""
    n = key.geometry.n_pixels
    chosen = [np.zeros(n), *(digits(np.arange(n), 256, i) for i in range(digit_count(n, 256)))]
    images = np.stack(chosen).astype(np.uint8).reshape(-1, *key.geometry.shape)
    black, *shown = encrypt(images, key).reshape(len(images), -1)
    source = np.zeros(n, dtype=np.int64)
    for number, values in enumerate(shown):
        source += np.where(black == 255, 255 - values, values).astype(np.int64) * 256**number
    if source.max() >= n or not np.isin(black, (0, 255)).all():
        return None
    return SignedPermutation(source, np.where(black == 255, -1, 1))


def check_chosen_images(implementation: Implementation) -> Observation:
    """Read source and sign of every pixel off three chosen images of the paper's size."""
    key = _key(PAPERS_SIZE, "chosen plaintext")
    found = read_off_chosen_images(implementation.encrypt, key)
    learned = found is not None and found == SignedPermutation.from_key(key)
    detail = f"3 images of {PAPERS_SIZE.n_pixels} pixels: every source and sign "
    return Observation(not learned, detail + ("is known" if learned else "could not be read off"))


def check_images_from_inner_products(implementation: Implementation) -> Observation:
    """Rebuild coarse synthetic faces from inner products of encrypted ones and 20 known ones.

    The encrypted images serve for their inner products, about mid-grey, alone. As many known
    images as there are dimensions fix the one orthogonal map that these leave open.
    """
    plain = _faces().images[::4, 24::48, 20::40]
    geometry = BlockGeometry(4, 4, block=2)
    encrypted = implementation.encrypt(plain, EtCKey.from_secret(geometry, "inner products"))
    vectors = 2 * flat(encrypted) - 255
    truth = (2 * flat(plain) - 255).astype(np.float64)
    rebuilt = from_known_images(vectors @ vectors.T, np.arange(20), truth[:20])
    error = float(np.abs(rebuilt - truth)[20:].max()) / 2
    detail = (
        f"{len(plain)} images of 4 x 4 pixels, 20 of them known: the others are off by {error:.1e} "
        "grey levels at most"
    )
    return Observation(error < 0.5, detail)


PROTECTION_CLAIMS = (
    Claim(
        "what-exact-learning-tells",
        "Whoever can compute all inner products of centred images has these images up to one "
        "orthogonal map: duplicates, distances and linear dependencies; with known images that "
        "span, all of them.",
        "not in the paper: what it means that results are 'exactly the same' (section 3.2)",
        Outcome.HOLDS,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        checks=(Check(check_images_from_inner_products, EvidenceKind.END_TO_END),),
        note="So it is under every scheme that keeps inner products, whatever its keys. Nothing "
        "else is told: the images after any orthogonal map have the same inner products.",
        references=(CHEN_LIU_2005,),
    ),
    Claim(
        "protects-visual-information",
        "Whoever has encrypted images alone sees nothing of the plain ones.",
        "section 3.1: the cloud has 'no visual information of images'",
        Outcome.FAILS,
        paper=PaperSays.STATED,
        scope=Scope.MEASURED,
        checks=(Check(check_reconstruction_from_images_alone, EvidenceKind.REFUTATION),),
        note="What helps is few images under a key, not a large key space: a key for each image "
        "resists this attack, and ends learning. docs/explanation/threats.md says who learns what.",
        references=(CHUMAN_2017, GALLAGHER_2012),
    ),
    Claim(
        "ciphertext-only-one-image",
        "From one encrypted image of 192 x 160 pixels the attack of this package recovers nothing.",
        "section 2: 'robust against various ciphertext-only attacks, including jigsaw puzzle "
        "solver attacks', for which its references attack one image",
        Outcome.HOLDS_IF,
        paper=PaperSays.STATED,
        scope=Scope.MEASURED,
        hypotheses=(SMALL_BLOCKS, ONE_IMAGE),
        checks=(
            Check(check_attack_on_single_images, EvidenceKind.END_TO_END),
            Check(
                check_attack_on_single_images_of_large_blocks,
                EvidenceKind.REFUTATION,
                without=SMALL_BLOCKS,
            ),
            Check(check_attack_on_several_images, EvidenceKind.REFUTATION, without=ONE_IMAGE),
        ),
        note="Measured on synthetic faces. That an attack finds nothing does not show that none "
        "can: trained attacks are not part of this package.",
        references=(CHUMAN_2017, GALLAGHER_2012),
    ),
    Claim(
        "ciphertext-only-common-key",
        "Images under a common key (key condition 1) withstand ciphertext-only attacks.",
        "section 2, for the images of section 4.2.1",
        Outcome.FAILS,
        paper=PaperSays.STATED,
        scope=Scope.MEASURED,
        checks=(
            Check(check_common_key_from_images_alone, EvidenceKind.REFUTATION),
            Check(check_attack_on_given_images, EvidenceKind.REFUTATION),
        ),
        note="A common key cuts every image alike: one jigsaw, given many times.",
        references=(CHUMAN_2017, GALLAGHER_2012),
    ),
    Claim(
        "ciphertext-only-key-per-client",
        "With a key per client (key condition 2) the images withstand ciphertext-only attacks.",
        "section 2, for the images of section 4.2.2; section 5: key conditions 'enhance robustness "
        "against various attacks'",
        Outcome.FAILS,
        paper=PaperSays.STATED,
        scope=Scope.MEASURED,
        checks=(Check(check_keys_of_clients_from_their_images, EvidenceKind.REFUTATION),),
        note="What counts is the number of images under one key, not how many clients share it.",
        references=(CHUMAN_2017, GALLAGHER_2012),
    ),
    Claim(
        "key-space-counts",
        "The number of keys is the work of an attacker.",
        "section 1: 'the safety ... has been evaluated on the basis of the key space under the "
        "assumption of brute-force attacks'",
        Outcome.FAILS,
        paper=PaperSays.IMPLIED,
        scope=Scope.MEASURED,
        checks=(Check(check_keys_that_are_left_after_the_attack, EvidenceKind.REFUTATION),),
        note="It bounds the work from above only.",
        references=(CHUMAN_2017,),
    ),
    Claim(
        "known-plaintext",
        "One plain image, known with its encryption, leaves the key open.",
        "not in the paper, which speaks of ciphertext-only attacks",
        Outcome.FAILS,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        checks=(Check(check_one_known_image, EvidenceKind.REFUTATION),),
        note="Blocks that look alike, and flat ones, leave their part of the key open.",
        references=(LI_2008,),
    ),
    Claim(
        "chosen-plaintext",
        "Whoever may have three images of their choice encrypted does not learn the key.",
        "not in the paper, which speaks of ciphertext-only attacks",
        Outcome.FAILS,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        checks=(Check(check_chosen_images, EvidenceKind.REFUTATION),),
        note="1 + ceil(log256 n) images for n pixels, whatever the blocks and steps.",
        references=(LI_2008,),
    ),
)
