"""What the files say of themselves: headers, and a note for every flag."""

from __future__ import annotations

from typing import Final

from etcprops.scheme.keys import COMPONENT_ORDERS
from etcprops.vectors.arrangement import Arrangement
from etcprops.vectors.cases.common import description
from etcprops.vectors.cipher import Cipher
from etcprops.vectors.derivation import Derivation
from etcprops.vectors.mistakes import ACCEPTANCE, ARRANGEMENT, DECRYPTION, DERIVATION, ENCRYPTION

_IMAGES: Final = """\
msg is a plain image, ct an encrypted one: height x width x channels bytes in hexadecimal
digits, row after row, in each row pixel after pixel, in each pixel its components (grey, or R,
G, B). Blocks are block x block pixels with all their components. They, and the places that they
take, are numbered from 0, row after row.
"""

_STEPS: Final = """\
Encryption has four steps, K1 to K4, of which one is left out where its sequence is null.
Sequences have an entry for each place b that a block takes by K1.
K1, permutation: place b takes block permutation[b].
K2, transforms: the block in place b is turned by transforms[b] % 4 quarter turns
counter-clockwise, and then, if transforms[b] >= 4, mirrored left to right. By one turn row y,
column x takes the pixel of row x, column block - 1 - y; by the mirror that of row y, column
block - 1 - x.
K3, negatives: every byte x of the block in place b becomes 255 - x if negatives[b] is 1.
K4, components: component c of the block in place b becomes its component
ORDERS[components[b]][c].
""".replace("ORDERS", str([list(order) for order in COMPONENT_ORDERS]))

_DERIVATION: Final = """\
secret is any number of bytes in hexadecimal digits. For each sequence the bytes are read of
SHAKE-256 of the ASCII text etcprops.EtCKey/v1/height=H,width=W,channels=C,block=B/NAME, a zero
byte and the secret; H, W, C and B are decimal, NAME is permutation, transforms, negatives or
components.
permutation: each place takes 8 bytes, the lowest first, as its tag. The sequence holds the
places in the order of their tags, the smallest first. If two tags are equal, all are drawn again
from the bytes that follow.
transforms, negatives, components: each entry is the next byte modulo n = 8, 2 or 6; bytes from
256 - 256 % n on are passed over. Grey images have no components: null.
"""

_PICTURES: Final = """\
msg is a colour picture of pictureHeight x pictureWidth pixels, three bytes R, G, B each, row after
row. It is laid out as a grey image of height x width, which is encrypted as ct:
Y = 0.299 R + 0.587 G + 0.114 B, Cb = 128 + (B - Y) / 1.772, Cr = 128 + (R - Y) / 1.402, each from
the exact values, rounded once to the nearest integer, halves up, and at most 255.
sampling 4:4:4: the planes of Y, Cb and Cr side by side, in this order.
sampling 4:2:0: Cb and Cr are those of the mean of R, G and B over each 2 x 2 pixels, rounded once.
To the right of Y is Cb, half as high and half as wide, and below Cb is Cr.
"""

ALGORITHMS: Final = {
    "etc_encryption": "EtC block-wise encryption",
    "etc_decryption": "EtC block-wise decryption",
    "etc_malformed": "EtC block-wise encryption, malformed input",
    "etc_key_derivation": "EtC key derivation from a secret",
    "etc_grayscale": "EtC grayscale-based encryption of colour pictures",
}

HEADERS: Final = {
    "etc_encryption": f"""\
{_IMAGES}{_STEPS}valid: msg must be encrypted as ct. invalid: it must not; ct is what programs give
that make one of the mistakes in flags.""",
    "etc_decryption": f"""\
{_IMAGES}{_STEPS}Decryption undoes the steps, the last one first.
valid: ct must be decrypted as msg. invalid: it must not; msg is what programs give that make one
of the mistakes in flags.""",
    "etc_malformed": f"""\
{_IMAGES}Here the sizes, the key or msg are damaged, and each test has its own. What etc_encryption
says of steps holds.
invalid: msg must be refused; ct is what programs give that make one of the mistakes in flags.
acceptable: msg may be refused, or encrypted as ct.""",
    "etc_key_derivation": f"""\
{_DERIVATION}valid: the secret must give these sequences. invalid: it must not; they are what
programs give that make one of the mistakes in flags.""",
    "etc_grayscale": f"""\
{_PICTURES}The grey image has one component, and what etc_encryption says of grey images holds.
valid: msg must be encrypted as ct. invalid: it must not; ct is what programs give that make one
of the mistakes in flags.""",
}

_BASIC, _EDGE, _RULE = "BASIC", "EDGE_CASE", "FUNCTIONALITY"

FEATURES: Final = {
    "Pseudorandom": (_BASIC, "The image looks random: SHAKE-256 of a number."),
    "Places": (_BASIC, "Each byte is its place in the image: readable by eye."),
    "BlackAndWhite": (_EDGE, "Each byte is 0 or 255."),
    "EveryGreyLevel": (_EDGE, "Each byte from 0 to 255 occurs once."),
    "EveryTransform": (_RULE, "One of a family in which each of the 8 transforms occurs."),
    "EveryBlockOrder": (_RULE, "One of a family in which each order of the blocks occurs."),
    "EveryBitPattern": (_RULE, "One of a family in which each pattern of negatives occurs."),
    "EveryComponentOrder": (_RULE, "One of a family in which each of the 6 orders occurs."),
    "EverySetOfSteps": (
        _RULE,
        "One of a family in which each set of steps occurs; others are null.",
    ),
    "OneBlock": (_EDGE, "The image is one block."),
    "RowOfBlocks": (_EDGE, "The image is one row of blocks."),
    "ColumnOfBlocks": (_EDGE, "The image is one column of blocks."),
    "NotSquare": (_EDGE, "The image is wider than high, or higher than wide."),
    "BlocksOfOnePixel": (_EDGE, "Blocks are single pixels, which no transform changes."),
    "ManyBlocks": (_EDGE, "There are more than 256 blocks: their numbers need more than a byte."),
    "LargerImage": (_BASIC, "The image has thousands of bytes, and blocks of the usual sizes."),
    "GreyPixels": (_EDGE, "R, G and B are equal: no colour."),
    "Subsampled": (_RULE, "Cb and Cr have a quarter of the pixels: sampling 4:2:0."),
    "SecretToKey": (_BASIC, "A secret and the key that it gives."),
    "BooleanBits": ("LEGACY", "Negatives are true and false instead of 1 and 0."),
    "WeakKey": ("WEAK_PARAMS", "The key changes nothing; a program may refuse it."),
}
"""Flags of what a case is, rather than of a mistake: type of bug, description."""

MISTAKES: Final[tuple[type[Cipher | Derivation | Arrangement], ...]] = (
    *ENCRYPTION,
    *DECRYPTION,
    *ACCEPTANCE,
    *DERIVATION,
    *ARRANGEMENT,
)


def notes() -> dict[str, dict[str, str]]:
    """Return the note of every flag, as Wycheproof has them: type of bug, description, effect."""
    features = {
        flag: {"bugType": kind, "description": text} for flag, (kind, text) in FEATURES.items()
    }
    mistakes = {
        mistake.__name__: {
            "bugType": mistake.kind.bug_type,
            "description": description(mistake),
            "effect": mistake.kind.effect,
        }
        for mistake in MISTAKES
    }
    return features | mistakes
