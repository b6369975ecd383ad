"""The package's encryption, broken in each way that the test vectors know.

The mutants are the package's sources with other words in them, or its functions under another key
or around another image; they share nothing with `etcprops.vectors.mistakes`, whose answers stand
in the vectors. So two paths must agree on what each mistake gives.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey
from etcprops.scheme import pixels

Array = NDArray[Any]
Key = dict[str, Any]
Mutant = Callable[[Array, Key], Array]

SIZES = ("height", "width", "channels", "block")
STEPS = ("permutation", "transforms", "negatives", "components")


def edited(module: ModuleType, *changes: tuple[str, str]) -> ModuleType:
    """Return a module of the package with other words, each where it occurs first."""
    path = Path(str(module.__file__))
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text, f"{path.name} has no {old!r}"
        text = text.replace(old, new, 1)
    changed = ModuleType(module.__name__)
    exec(compile(text, path, "exec"), changed.__dict__)  # noqa: S102
    return changed


def etc_key(key: Key, kind: type[EtCKey] = EtCKey) -> EtCKey:
    return kind(BlockGeometry(**{n: key[n] for n in SIZES}), **{n: key[n] for n in STEPS})


def ours(image: Array, key: Key, **changes: Any) -> Array:
    return pixels.encrypt(image, etc_key(key | changes))


def text(*changes: tuple[str, str]) -> Mutant:
    """Return the package's encryption with other words."""
    encrypt = edited(pixels, *changes).encrypt
    return lambda image, key: encrypt(image, etc_key(key))


def decrypting(*changes: tuple[str, str]) -> Mutant:
    """Return the package's decryption with other words."""
    decrypt = edited(pixels, *changes).decrypt
    return lambda image, key: decrypt(image, etc_key(key))


def under(change: Callable[[Key], Key], function: Callable[..., Array] = pixels.encrypt) -> Mutant:
    """Return the package's encryption under another key."""
    return lambda image, key: function(image, etc_key(key | change(key)))


def codes(change: Callable[[Any, int], Any], *steps: str) -> Mutant:
    """Return the encryption with other entries of some steps; `change` sees how many blocks."""
    return under(
        lambda key: {s: sequences(change, key[s], blocks_of(key)) for s in steps if key[s]}
    )


def sequences(change: Callable[[Any, int], Any], sequence: list[Any], size: int) -> list[Any]:
    return [change(entry, size) for entry in sequence]


def blocks_of(key: Key) -> int:
    return int(key["height"] // key["block"] * (key["width"] // key["block"]))


def whole(change: Callable[[list[Any], Key], list[Any]], *steps: str) -> Mutant:
    """Return the encryption with other sequences of some steps."""
    return under(lambda key: {s: change(key[s], key) for s in steps if key[s]})


def without(step: str) -> Mutant:
    return under(lambda _: {step: None})


# --- Words of the encryption

SCRAMBLE = "blocks = blocks[key.permutation]"
CHOSEN = "chosen = key.transforms == code"
TURN = "turned = np.rot90(blocks[chosen], code % 4, axes=(1, 2))"
MIRROR = "blocks[chosen] = np.flip(turned, axis=2) if code >= 4 else turned"
ORDERS = "enumerate(COMPONENT_ORDERS)"
SHUFFLE = "blocks[chosen] = blocks[chosen][..., order]"
NEGATE = "_mask(key.negatives, key.geometry)"
XOR = "np.bitwise_xor(part, route.mask[column], out=part)"
LEVELS = "np.where(negatives, np.uint8(255), np.uint8(0))"

TURNS = text((TURN, "turned = np.rot90(blocks[chosen], -(code % 4), axes=(1, 2))"))
SCATTERS = text((SCRAMBLE, "blocks = blocks[np.argsort(key.permutation)]"))
FROM_256 = text((XOR, "part[...] = np.where(route.mask[column] > 0, -part, part)"))
TRUNCATES = text(
    (
        XOR,
        "part[...] = np.where(route.mask[column] > 0, (255 * (1 - part / 255)).astype('u1'), part)",
    )
)
OTHERS = text((NEGATE, "_mask(~key.negatives, key.geometry)"))
INVERTS_ORDERS = text((SHUFFLE, "blocks[chosen] = blocks[chosen][..., np.argsort(order)]"))
IN_BYTES = text((SCRAMBLE, "blocks = blocks[key.permutation.astype(np.uint8)]"))
LOWEST_BIT = text((CHOSEN, "chosen = key.transforms // 2 + key.transforms % 2 * 4 == code"))


# --- Around images


def shuffled(image: Array, key: Key) -> Array:
    """Shuffle components alone."""
    return ours(image, key, **dict.fromkeys(STEPS[:3]))


def swapped(image: Array, key: Key) -> Array:
    height, width, *rest = image.shape
    taken = image.reshape(width, height, *rest)
    return ours(taken, key, height=width, width=height).reshape(image.shape)


def transposed(image: Array, key: Key) -> Array:
    height, width = image.shape[:2]
    return ours(image.swapaxes(0, 1), key, height=width, width=height).swapaxes(0, 1)


def planar(image: Array, key: Key) -> Array:
    taken = np.moveaxis(image.reshape(-1, *image.shape[:2]), 0, -1).reshape(image.shape)
    out = ours(taken, key).reshape(*image.shape[:2], -1)
    return np.moveaxis(out, -1, 0).reshape(image.shape)


def first_component(image: Array, key: Key) -> Array:
    out = image.copy()
    encrypted = ours(image, key, components=None)
    return encrypted if image.ndim == 2 else by_hand(out, encrypted)


def by_hand(out: Array, encrypted: Array) -> Array:
    out[..., 0] = encrypted[..., 0]
    return out


def each_component(image: Array, key: Key) -> Array:
    if image.ndim == 2 or key["transforms"] is None:
        return ours(image, key)
    turned = [
        ours(image, key, components=None, transforms=np.roll(key["transforms"], -c))[..., c]
        for c in range(3)
    ]
    return shuffled(np.stack(turned, axis=-1), key)


def one_component(step: str) -> Mutant:
    """Return the encryption whose step is done to the first component alone."""

    def mutant(image: Array, key: Key) -> Array:
        if image.ndim == 2:
            return ours(image, key)
        plain = ours(image, key, components=None, **{step: None})
        return shuffled(by_hand(plain, ours(image, key, components=None)), key)

    return mutant


def negated_where(image: Array, key: Key) -> Array:
    return np.equal(ours(np.zeros_like(image), key), 255)


def signed(image: Array, key: Key) -> Array:
    moved = ours(image, key, negatives=None).astype(np.int8).astype(int)
    negated = np.where(negated_where(image, key), 255 - moved, moved)
    return np.clip(negated, 0, 255).astype(np.uint8)


def skips_block(image: Array, key: Key) -> Array:
    out, side = ours(image, key), key["block"]
    out[-side:, -side:] = image[-side:, -side:]
    return out


def skips_line(image: Array, key: Key) -> Array:
    out, side = ours(image, key), key["block"]
    out[side - 1 :: side] = image[side - 1 :: side]
    return out


def bgr(image: Array, key: Key) -> Array:
    return ours(image[..., ::-1], key)[..., ::-1] if image.ndim == 3 else ours(image, key)


def bgr_result(image: Array, key: Key) -> Array:
    return ours(image, key)[..., ::-1] if image.ndim == 3 else ours(image, key)


def only_if(condition: Callable[[Key], bool]) -> Mutant:
    """Return the encryption that returns the image unless a condition holds."""
    return lambda image, key: ours(image, key) if condition(key) else image


# --- Under other keys


def moved(sequence: list[Any], key: Key) -> list[Any]:
    """Return a sequence by input blocks, where it is by places."""
    return [sequence[k] for k in key["permutation"]] if key["permutation"] else sequence


def swaps(order: list[int], _: Key) -> list[int]:
    blocks = [*range(len(order))]
    for place, other in enumerate(order):
        blocks[place], blocks[other] = blocks[other], blocks[place]
    return blocks


def half(sequence: list[int], _: Key) -> list[int]:
    used = (len(sequence) + 1) // 2
    return sequence[:used] + [0] * (len(sequence) - used)


def by_row(sequence: list[int], key: Key) -> list[int]:
    columns = int(key["width"] // key["block"])
    return sequence[:columns] * (len(sequence) // columns)


def negatives_for_transforms(key: Key) -> Key:
    zeros = [0] * blocks_of(key)
    transforms, negatives = key["transforms"] or zeros, key["negatives"] or zeros
    return {"transforms": negatives, "negatives": [t % 2 for t in transforms]}


def components_for_transforms(key: Key) -> Key:
    if key["channels"] == 1:
        return {}
    zeros = [0] * blocks_of(key)
    transforms, components = key["transforms"] or zeros, key["components"] or zeros
    return {"transforms": components, "components": [t % 6 for t in transforms]}


def undone(transforms: list[int], _: Key) -> list[int]:
    return [t if t >= 4 else -t % 4 for t in transforms]


ENCRYPTION: dict[str, Mutant] = {
    "ScattersBlocks": SCATTERS,
    "BlocksNotScrambled": text((SCRAMBLE, "pass")),
    "BlocksNumberedFromOne": text((SCRAMBLE, "blocks = blocks[key.permutation - 1]")),
    "SwapsForPermutation": whole(swaps, "permutation"),
    "StepsOfInputBlocks": whole(moved, *STEPS[1:]),
    "NegatesInputBlocks": whole(moved, "negatives"),
    "ColumnMajorBlocks": text(
        ("np.ascontiguousarray(tiles.swapaxes(1, 2))", "tiles.transpose(2, 0, 1, 3, 4)"),
        ("blocks.reshape(rows, columns, side", "blocks.reshape(columns, rows, side"),
        ("return tiles.swapaxes(1, 2)", "return tiles.transpose(1, 2, 0, 3, 4)"),
    ),
    "LastBlockSkipped": skips_block,
    "LastLineOfBlocksSkipped": skips_line,
    "ScramblesInPlace": text(
        (
            SCRAMBLE,
            "for place, number in enumerate(key.permutation): blocks[place] = blocks[number]",
        )
    ),
    "BlockNumbersInBytes": IN_BYTES,
    "SecondHalfOfKeyUnused": whole(half, *STEPS[1:]),
    "KeyRepeatsByRow": whole(by_row, *STEPS[1:]),
    "ReturnsTheImage": lambda image, _: image,
    "DecryptsForEncrypts": under(lambda key: key, pixels.decrypt),
    "HeightWidthSwapped": swapped,
    "TransposedImage": transposed,
    "BottomUpImage": lambda image, key: ours(image[::-1], key)[::-1],
    "PlanarComponents": planar,
    "BgrImage": bgr,
    "BgrResult": bgr_result,
    "FirstComponentOnly": first_component,
    "SignedBytesClamped": signed,
    "StudioRange": lambda image, key: np.clip(ours(image, key), 16, 235),
    "TurnsClockwise": TURNS,
    "MirrorsBeforeTurning": text(
        (TURN, "turned = np.flip(blocks[chosen], axis=2) if code >= 4 else blocks[chosen]"),
        (MIRROR, "blocks[chosen] = np.rot90(turned, code % 4, axes=(1, 2))"),
    ),
    "MirrorsUpsideDown": text((MIRROR, MIRROR.replace("axis=2", "axis=1"))),
    "TransposesForMirror": text(
        (MIRROR, MIRROR.replace("np.flip(turned, axis=2)", "turned.swapaxes(1, 2)"))
    ),
    "InverseTransforms": whole(undone, "transforms"),
    "MirrorInLowestBit": LOWEST_BIT,
    "FourTurnsOnly": text((MIRROR, "blocks[chosen] = turned")),
    "FourMirrorsOnly": text(
        (TURN, "turned = blocks[chosen][:, :, :: -1 if code % 2 else 1]"),
        (MIRROR, "blocks[chosen] = turned[:, :: -1 if code // 2 % 2 else 1]"),
    ),
    "TransformsMissing": without("transforms"),
    "OneTransformForAllBlocks": whole(lambda t, _: t[:1] * len(t), "transforms"),
    "TransformForEachComponent": each_component,
    "FirstComponentTransformed": one_component("transforms"),
    "NegatesFrom256": FROM_256,
    "NegatesLowSevenBits": text((LEVELS, LEVELS.replace("255", "127"))),
    "NegatesHighestBit": text((LEVELS, LEVELS.replace("255", "128"))),
    "NegatesByTruncatedFloats": TRUNCATES,
    "NegatesTheWholeImage": text(
        (NEGATE, "_mask(np.full_like(key.negatives, key.negatives[0]), key.geometry)")
    ),
    "NegatesTheOthers": OTHERS,
    "NegatesFirstComponent": one_component("negatives"),
    "NegationMissing": text(("if route.mask is not None", "if False")),
    "ComponentOrdersInverted": INVERTS_ORDERS,
    "OneOrderForAllBlocks": whole(lambda c, _: c[:1] * len(c), "components"),
    "ColourOrderFixed": text((SHUFFLE, "blocks[chosen] = blocks[chosen][..., (1, 2, 0)]")),
    "ComponentsMissing": without("components"),
    "OrdersNumberedOtherwise": text(
        (
            ORDERS,
            "enumerate(((0, 1, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0), (0, 2, 1), (1, 0, 2)))",
        )
    ),
    "CyclicOrdersOnly": text((ORDERS, "enumerate(2 * ((0, 1, 2), (1, 2, 0), (2, 0, 1)))")),
    "TransformsAndNegativesSwapped": under(negatives_for_transforms),
    "TransformsAndComponentsSwapped": under(components_for_transforms),
}

# What is no mistake of its own is missed by a program that has not thought of it.
FEATURES: dict[str, Mutant] = {
    "Pseudorandom": TURNS,
    "Places": TURNS,
    "BlackAndWhite": FROM_256,
    "EveryGreyLevel": TRUNCATES,
    "EveryTransform": LOWEST_BIT,
    "EveryBlockOrder": SCATTERS,
    "EveryBitPattern": OTHERS,
    "EveryComponentOrder": INVERTS_ORDERS,
    "EverySetOfSteps": only_if(lambda key: None not in [key[step] for step in STEPS[:3]]),
    "OneBlock": only_if(lambda key: blocks_of(key) > 1),
    "RowOfBlocks": only_if(lambda key: key["height"] > key["block"]),
    "ColumnOfBlocks": only_if(lambda key: key["width"] > key["block"]),
    "NotSquare": swapped,
    "BlocksOfOnePixel": only_if(lambda key: key["block"] > 1),
    "ManyBlocks": IN_BYTES,
    "LargerImage": text(("np.arange(geometry.n_pixels,", "2047 & np.arange(geometry.n_pixels,")),
    "BooleanBits": codes(lambda bit, _: 0 if bit is True else bit, "negatives"),
    "WeakKey": OTHERS,
}
