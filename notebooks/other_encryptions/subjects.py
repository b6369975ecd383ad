"""The functions that are probed: whose, how they are called, and with which images and keys."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import adapters as a

GREY, COLOUR, RGBA, TALL = (16, 16), (16, 16, 3), (16, 16, 4), (16, 32, 3)
SMALL = (8, 8, 3)
NUMBERS: Final = tuple(range(1, 25))
FEW: Final = NUMBERS[:4]
"""Enough keys for what has no draws that could be tested."""

TEXTS: Final = tuple(f"key number {n}" for n in NUMBERS)
SHARES: Final = tuple(round(0.2 + 0.025 * n, 3) for n in NUMBERS)
WORDS: Final = ("hello", "world", "image", "probe")
MASTER: Final = (bytes(range(32)), bytes(range(32, 64)))
HENON = "frenzelts/Henon-Arnold-Image-Encryption"
MADONO = "MADONOKOUKI/Block-wise-Scrambled-Image-Recognition"
MCS = "junrainlim/FIT3162-MCS18"
ONE_SIZE = {"image_size": 16}
MIXED = {"image_size": 16, "channel_mode": "permutation"}


class Subject(NamedTuple):
    """A function of somebody's, as it is probed.

    Attributes
    ----------
    name : str
        For tables.
    package : str
        In `sources.SOURCES`.
    encrypt : callable
        Its adapter.
    shape : tuple of int
        Of the images.
    keys : tuple
        What it is called with, one after the other.
    """

    name: str
    package: str
    encrypt: a.Encrypt
    shape: tuple[int, ...]
    keys: tuple[Any, ...] = NUMBERS


SUBJECTS: Final = (
    Subject("tomato_scramble", "pyscramble", a.pyscramble("tomato_scramble"), RGBA, SHARES),
    Subject("per_pixel_md5", "pyscramble", a.pyscramble("per_pixel_md5"), RGBA, TEXTS),
    Subject("row_md5", "pyscramble", a.pyscramble("row_md5"), RGBA, TEXTS),
    Subject("row_logistic", "pyscramble", a.pyscramble("row_logistic"), RGBA, SHARES),
    Subject("row_column_logistic", "pyscramble", a.pyscramble("row_column_logistic"), RGBA, SHARES),
    Subject("block_md5", "pyscramble", a.block_md5, RGBA, TEXTS),
    Subject("scramble", "image-scramble", a.image_scramble, COLOUR, TEXTS),
    Subject("Plain", "scramblekit", a.scramblekit("Plain"), COLOUR),
    Subject("LE", "scramblekit", a.scramblekit("LE"), COLOUR, FEW),
    Subject("ELE", "scramblekit", a.scramblekit("ELE", **ONE_SIZE), COLOUR, FEW),
    Subject(
        "BlockwiseScramble",
        "scramblekit",
        a.scramblekit("BlockwiseScramble", **ONE_SIZE),
        COLOUR,
        FEW,
    ),
    Subject("BlockShuffle", "scramblekit", a.scramblekit("BlockShuffle", **ONE_SIZE), COLOUR),
    Subject("EtC original", "scramblekit", a.scramblekit("EtC", **ONE_SIZE), COLOUR, FEW),
    Subject("PE original", "scramblekit", a.scramblekit("PE", **ONE_SIZE), COLOUR, FEW),
    Subject("EtC permutation", "scramblekit", a.scramblekit("EtC", **MIXED), COLOUR),
    Subject("PE permutation", "scramblekit", a.scramblekit("PE", **MIXED), COLOUR),
    Subject("RandomPE", "scramblekit", a.one_random_pe(), COLOUR, FEW),
    Subject("shuffle_image_pixels", "aiposematic", a.aiposematic, COLOUR, TEXTS),
    Subject("encrypt", "enpix", a.enpix, COLOUR, TEXTS),
    Subject("encode_blocks, seeded", "getscrambled", a.getscrambled, COLOUR),
    Subject("encode_blocks", "getscrambled", a.getscrambled_as_shipped, COLOUR),
    Subject("shuffle", "image-shuffler", a.image_shuffler, TALL),
    Subject("converter", "img-encrypt", a.img_encrypt, COLOUR, ("b", "ab", "ba", "hi", "key", "x")),
    Subject("scram", "img-paradox", a.img_paradox_scram, GREY, (1, 2, 3, 4, 5)),
    Subject(
        "encrypt_image",
        "img-paradox",
        a.img_paradox_chacha,
        COLOUR,
        tuple((s, s / 2) for s in SHARES[:4]),
    ),
    Subject("shuffle_pixels", "pixelpuzzle", a.pixelpuzzle, COLOUR),
    Subject("shuffle_pixels", "safelicensing", a.safelicensing_shuffle, COLOUR, SHARES),
    Subject("encrypt_image", "safelicensing", a.safelicensing, COLOUR, SHARES[:4]),
    *(
        Subject(mode, "scramblery", a.scramblery(mode), COLOUR, keys)
        for mode, keys in (
            ("classic", NUMBERS),
            ("withinblocks", NUMBERS),
            ("pixel", FEW),
            ("rotate", FEW),
            ("colormap", FEW),
            ("gradient", FEW),
            ("fourier", FEW),
        )
    ),
    Subject("shufflecrypt", "shufflecrypt", a.shufflecrypt, COLOUR, TEXTS),
    Subject("shuffle_pixels", "Stegencry", a.stegencry("shuffle_pixels"), COLOUR, TEXTS),
    Subject(
        "shuffle_pixels, no time",
        "Stegencry",
        a.stegencry("shuffle_pixels"),
        COLOUR,
        ("abcde", *TEXTS[:3]),
    ),
    Subject("encrypt_rgb", "Stegencry", a.stegencry("encrypt_rgb"), COLOUR, TEXTS[:4]),
    Subject("both", "Stegencry", a.stegencry("shuffle_pixels", "encrypt_rgb"), COLOUR, TEXTS[:4]),
    Subject("encrypt_bytes", "dynamic-image-encryption", a.dynamic_image_encryption, COLOUR, FEW),
    Subject("encrypt_imagefile", "Encrypt-decrypt-tfi", a.file_manipulation, COLOUR),
    Subject("encrypt", "hyperchaos", a.hyperchaos, GREY, MASTER),
    *(
        Subject(algorithm, "imagecrypto", a.imagecrypto(algorithm), COLOUR)
        for algorithm in ("aes_gcm_128", "aes_gcm_256", "aes_ccm_128", "chacha20_poly1305")
    ),
    Subject("descramble", "ll-descr", a.ll_descr, COLOUR),
    Subject("encrypt_image", "NSAencrypt", a.nsa_encrypt, COLOUR, TEXTS[:4]),
    Subject("encrypt, 1 round", "rubikencryptor", a.rubik(1), SMALL, FEW),
    Subject("encrypt", "rubikencryptor", a.rubik(10), SMALL, FEW),
    Subject("encrypt_data_into_image", "sbencryptor", a.sbencryptor, COLOUR, WORDS),
    Subject("encrypt", "vortexcrypt", a.vortexcrypt, GREY, TEXTS[:2]),
)

LARGE: Final = tuple(10**8 * n + 7 for n in NUMBERS)
SECRETS: Final = tuple(n.to_bytes(2) for n in range(1, 1001))

OF_REPOSITORIES: Final = (
    Subject("arnold_cat_map", "jetrogs/Arnold-cat-map", a.arnold_cat_map, COLOUR, (1, 2, 3, 4)),
    Subject("generateArnoldMap", HENON, a.henon_arnold_confusion, COLOUR, LARGE),
    Subject("pixelManipulation", HENON, a.henon_arnold_diffusion, RGBA, LARGE[:4]),
    Subject("Encryption", "jabolina/image-encryption", a.cube, (8, 8), FEW),
    Subject(
        "encrypt",
        "knowankit/Image-encryption-using-chaos-theory",
        a.knowankit,
        SMALL,
        ("ankit12345", "secret4567"),
    ),
    Subject("EtC_encryption", MADONO, a.etc_encryption, (32, 32, 3)),
    Subject("block_location_shuffle", MADONO, a.block_location_shuffle, (32, 32, 3)),
    Subject("BlockScramble", "mastnk/ICCE-TW2018", a.block_scramble, COLOUR, FEW),
    Subject(
        "imageshuffle.Rand",
        "mastnk/imageshuffle",
        a.imageshuffle("imageshuffle", "Rand"),
        COLOUR,
        LARGE,
    ),
    Subject(
        "imageshuffle.RandBlock",
        "mastnk/imageshuffle",
        a.imageshuffle("imageshuffle", "RandBlock", (4, 4)),
        COLOUR,
        LARGE,
    ),
    Subject(
        "imageshuffle.CatMap",
        "mastnk/imageshuffle",
        a.imageshuffle("imageshuffle", "CatMap", True),
        COLOUR,
        LARGE,
    ),
    Subject(
        "imagescramble.Rand",
        "mastnk/imageshuffle",
        a.imageshuffle("imagescramble", "Rand"),
        COLOUR,
        LARGE[:4],
    ),
    Subject(
        "imagescramble.RandBlock",
        "mastnk/imageshuffle",
        a.imageshuffle("imagescramble", "RandBlock", (4, 4)),
        COLOUR,
        LARGE[:4],
    ),
    Subject("apply_block_scrambling", MCS, a.etc_steps("apply_block_scrambling"), GREY, SECRETS),
    Subject(
        "three steps of EtC",
        MCS,
        a.etc_steps(
            "apply_block_scrambling",
            "apply_rotation_inversion",
            "apply_negative_positive_transform",
        ),
        GREY,
        SECRETS,
    ),
)
