"""The test vectors notice every mistake that they name, made by our own encryption.

`cipher_mutants` has the mutants of the encryption, `picture_mutants` those of colour pictures, this
module those of the decryption, of what is refused and of the derivation, and the tests of all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from cipher_mutants import (
    ENCRYPTION,
    FEATURES,
    SIZES,
    STEPS,
    TURN,
    Array,
    Key,
    Mutant,
    blocks_of,
    codes,
    decrypting,
    edited,
    etc_key,
    moved,
    ours,
    under,
    whole,
)
from picture_mutants import ARRANGED, ARRANGEMENT, PICTURE_FEATURES

from etcprops import BlockGeometry, EtCKey
from etcprops.scheme import _drawing, keys, pixels
from etcprops.vectors import FILES, load_vectors

# --- Words of the decryption

UNSCRAMBLE = "unscrambled[key.permutation] = blocks"
UNNEGATE = "negatives[key.permutation] = key.negatives"
UNMIRROR = "mirrored = np.flip(blocks[chosen], axis=2) if code >= 4 else blocks[chosen]"
UNTURN = "blocks[chosen] = np.rot90(mirrored, -(code % 4), axes=(1, 2))"

DECRYPTION: dict[str, Mutant] = {
    "EncryptsForDecrypts": ours,
    "ReturnsTheEncryptedImage": lambda image, _: image,
    "ScramblesForUnscrambles": decrypting(
        (UNSCRAMBLE, "unscrambled = blocks[key.permutation]"),
        (UNNEGATE, "negatives = key.negatives[key.permutation]"),
    ),
    "LeavesBlocksScrambled": decrypting(
        (UNSCRAMBLE, "unscrambled = blocks"), (UNNEGATE, "negatives = key.negatives")
    ),
    "UndoesStepsForwards": under(
        lambda key: {s: moved(key[s], key) for s in STEPS[1:] if key[s]}, pixels.decrypt
    ),
    "NegatesPlainBlocks": decrypting((UNNEGATE, "negatives = key.negatives")),
    "LeavesBlocksNegated": decrypting(("if route.mask is not None", "if False")),
    "TransformsAgain": decrypting(
        (UNMIRROR, TURN),
        (UNTURN, "blocks[chosen] = turned[:, :, :: -1 if code >= 4 else 1]"),
    ),
    "TurnsBackBeforeMirroring": decrypting(
        (UNMIRROR, "turned = np.rot90(blocks[chosen], -(code % 4), axes=(1, 2))"),
        (UNTURN, "blocks[chosen] = turned[:, :, :: -1 if code >= 4 else 1]"),
    ),
    "ShufflesAgain": decrypting(
        ("restored[..., order] = blocks[chosen]", "restored[...] = blocks[chosen][..., order]")
    ),
}

# --- What is to be refused


def inner(image: Array, key: Key) -> Array:
    side = key["block"]
    height, width = (key[name] // side * side for name in ("height", "width"))
    return ours(image[:height, :width], key, height=height, width=width)


def leaves_the_rest(image: Array, key: Key) -> Array:
    out, side = image.copy(), key["block"]
    height, width = (key[name] // side * side for name in ("height", "width"))
    if height and width:
        out[:height, :width] = inner(image, key)
    return out


def pads(image: Array, key: Key) -> Array:
    more = [-size % key["block"] for size in image.shape[:2]]
    padded = np.pad(image, [(0, m) for m in more] + [(0, 0)] * (image.ndim - 2))
    return ours(padded, key, height=padded.shape[0], width=padded.shape[1])


def alpha(image: Array, key: Key) -> Array:
    out = image.copy()
    out[..., :3] = ours(image[..., :3], key, channels=3)
    return out


def as_many_bytes(image: Array, key: Key) -> Array:
    size = key["height"] * key["width"] * key["channels"]
    if image.size > size:
        pytest.fail("bytes are left")
    return ours(np.pad(image.ravel(), (0, size - image.size)).reshape(shape_of(key)), key)


def first_bytes(image: Array, key: Key) -> Array:
    size = key["height"] * key["width"] * key["channels"]
    return ours(image.ravel()[:size].reshape(shape_of(key)), key)


def shape_of(key: Key) -> tuple[int, ...]:
    return (key["height"], key["width"], key["channels"])[: 2 if key["channels"] == 1 else 3]


@cache
def unchecked() -> tuple[type[EtCKey], Callable[..., Array]]:
    """Return keys whose permutations are not looked at, and an encryption that takes them."""
    kind = edited(
        keys, ("else as_permutation(permutation, size,", "else as_codes(permutation, size, size,")
    )
    return kind.EtCKey, edited(pixels, ('check_key(key, "encrypt")', "key")).encrypt


def copies(image: Array, key: Key) -> Array:
    kind, encrypt = unchecked()
    return encrypt(image, etc_key(key, kind))


def of_type(kind: type, change: Callable[[Any], Any]) -> Callable[[Any, int], Any]:
    return lambda entry, _: change(entry) if type(entry) is kind else entry


def repeated(sequence: list[Any], key: Key) -> list[Any]:
    return [sequence[place % len(sequence)] for place in range(blocks_of(key))]


ACCEPTANCE: dict[str, Mutant] = {
    "PartialBlocksCropped": inner,
    "PartialBlocksLeftPlain": leaves_the_rest,
    "PartialBlocksPadded": pads,
    "BlocksOfNothing": lambda image, key: ours(image, key) if key["block"] else image,
    "AlphaLeftPlain": alpha,
    "MissingPixelsBlack": as_many_bytes,
    "SurplusPixelsIgnored": first_bytes,
    "RepeatedBlocksAccepted": copies,
    "LargeBlockNumbersWrap": codes(lambda k, size: k % size if k > 0 else k, "permutation"),
    "NegativeBlockNumbersCount": codes(lambda k, size: k + size if k < 0 else k, "permutation"),
    "CodesWrap": under(
        lambda key: {
            s: [c % n for c in key[s]] for s, n in (("transforms", 8), ("components", 6)) if key[s]
        }
    ),
    "AnyBitNegates": codes(lambda bit, _: int(bit != 0), "negatives"),
    "FractionsCut": codes(of_type(float, int), *STEPS),
    "TextTakenForNumbers": codes(of_type(str, int), *STEPS),
    "LongSequencesCut": whole(lambda s, key: s[: blocks_of(key)], *STEPS),
    "ShortSequencesFilled": whole(lambda s, key: s + [0] * (blocks_of(key) - len(s)), *STEPS),
    "ShortSequencesRepeat": whole(repeated, *STEPS),
    "GreyComponentsIgnored": under(
        lambda key: {"components": key["components"] if key["channels"] == 3 else None}
    ),
}

# --- Words of the derivation

DOMAIN = "{_DRAWING}/{sizes}/{step}\\0"
LIMIT = "limit = 256 - 256 % bound"

Derive = Callable[[bytes, dict[str, int]], EtCKey]


def drawing(*changes: tuple[str, str], words: tuple[tuple[str, str], ...] = ()) -> Derive:
    """Return the package's derivation with other words in `keys` or, as `words`, in `_drawing`."""
    module, draws = edited(keys, *changes), edited(_drawing, *words)
    for name in ("Shake256Stream", "draw_below", "draw_permutation"):
        setattr(module, name, getattr(draws, name))
    return lambda secret, sizes: module.EtCKey.from_secret(BlockGeometry(**sizes), secret)


def taking(words: str) -> Derive:
    return drawing(("domain + octets", f"domain + {words}"))


def with_words(*words: tuple[str, str]) -> Derive:
    return drawing(words=words)


def from_text(change: Callable[[bytes], bytes]) -> Derive:
    def derive(secret: bytes, sizes: dict[str, int]) -> EtCKey:
        try:
            taken = change(secret)
        except ValueError:
            taken = secret
        return EtCKey.from_secret(BlockGeometry(**sizes), taken)

    return derive


DERIVATION: dict[str, Derive] = {
    "SecretToKey": taking("octets[::-1]"),
    "SecretFirst32Bits": taking("octets[:4]"),
    "SecretLast32Bits": taking("octets[-4:]"),
    "SecretFirst128Bits": taking("octets[:16]"),
    "SecretFirst256Bits": taking("octets[:32]"),
    "SecretEndsAtZeroByte": taking('octets.split(b"\\0")[0]'),
    "SecretStripped": taking("octets.strip()"),
    "SecretInLowerCase": taking("octets.lower()"),
    "SecretDecodedFromHex": from_text(lambda secret: bytes.fromhex(secret.decode("ascii"))),
    "SecretInLatin1": from_text(lambda secret: secret.decode().encode("latin-1")),
    "StepsShareStream": drawing((DOMAIN, "{_DRAWING}/{sizes}\\0")),
    "SizesShareStream": drawing((DOMAIN, "{_DRAWING}//{step}\\0")),
    "WidthBeforeHeight": drawing(
        (
            "geometry.to_dict().items()",
            "sorted(geometry.to_dict().items(), key=lambda size: 'whcb'.find(size[0][0]))",
        )
    ),
    "NoSeparator": drawing((DOMAIN, DOMAIN[:-2])),
    "SecretFirst": drawing(("domain + octets", "octets + domain")),
    "Shake128": with_words(("hashlib.shake_256", "hashlib.shake_128")),
    "ModuloBias": with_words((LIMIT, "limit = 256")),
    "BiasedScaling": with_words(
        (LIMIT, "limit = 256"), ("astype(np.int64) % bound", "astype(np.int64) * bound // 256")
    ),
    "BigEndianTags": with_words(('"<u8"', '">u8"')),
    "SignedTags": with_words(('"<u8"', '"<i8"')),
    "TagsOf32Bits": with_words(('dtype="<u8")', 'dtype="<u8") % 2**32')),
    "RanksForOrder": with_words(("return order.astype", "return np.argsort(order).astype")),
    "DescendingTags": with_words(("return order.astype", "return order[::-1].astype")),
}


# --- Tests


def by_flag(*names: str) -> dict[str, list[dict[str, Any]]]:
    """Return the tests of some files by their flags, each with the fields of its group."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in names:
        for group in load_vectors(name)["testGroups"]:
            for test in group["tests"]:
                for flag in test["flags"]:
                    found.setdefault(flag, []).append(group | test)
    return found


TESTS = by_flag("etc_encryption", "etc_malformed")
BACKWARDS = by_flag("etc_decryption")
SECRETS = by_flag("etc_key_derivation")
PICTURES = by_flag("etc_grayscale")


def answer(function: Mutant, test: dict[str, Any], given: str) -> str | None:
    """Return what a function makes of a test's image, None if it refuses."""
    image = np.frombuffer(bytes.fromhex(test[given]), np.uint8)
    shape = shape_of(test)
    image = image.reshape(shape) if np.prod(shape) == image.size else image
    try:
        return np.asarray(function(image, test)).tobytes().hex()
    except (ValueError, ZeroDivisionError):
        return None


def passes(came: Any, test: dict[str, Any], wanted: Any) -> bool:
    """Return whether an answer is as a test says."""
    if test["result"] == "valid":
        return bool(came == wanted)
    if test["result"] == "acceptable":
        return came is None or came == wanted
    return came is None or (test["type"] != "EtcMalformed" and came != wanted)


def steps_of(key: EtCKey) -> dict[str, Any]:
    found = {step: getattr(key, step) for step in STEPS}
    return {step: None if s is None else s.astype(int).tolist() for step, s in found.items()}


def test_every_flag_has_a_mutant_and_every_mutant_a_flag() -> None:
    noted = {flag for name in FILES for flag in load_vectors(name)["notes"]}
    mutants = [*ENCRYPTION, *FEATURES, *DECRYPTION, *ACCEPTANCE, *DERIVATION]
    mutants += [*ARRANGEMENT, *PICTURE_FEATURES]
    assert len(mutants) == len({*mutants})
    assert {*mutants} == noted


@pytest.mark.parametrize("flag", [*ENCRYPTION, *ACCEPTANCE])
def test_a_mutant_of_the_encryption_gives_what_the_vectors_say(flag: str) -> None:
    mutant = (ENCRYPTION | ACCEPTANCE)[flag]
    assert [answer(mutant, test, "msg") for test in TESTS[flag]] == [t["ct"] for t in TESTS[flag]]
    assert not any(passes(test["ct"], test, test["ct"]) for test in TESTS[flag])


@pytest.mark.parametrize("flag", FEATURES)
def test_the_vectors_of_a_feature_notice_a_mutant(flag: str) -> None:
    mutant, told = FEATURES[flag], [t for t in TESTS[flag] if t["result"] != "invalid"]
    assert not all(passes(answer(mutant, test, "msg"), test, test["ct"]) for test in told)


@pytest.mark.parametrize("flag", DECRYPTION)
def test_a_mutant_of_the_decryption_gives_what_the_vectors_say(flag: str) -> None:
    found = [answer(DECRYPTION[flag], test, "ct") for test in BACKWARDS[flag]]
    assert found == [test["msg"] for test in BACKWARDS[flag]]
    assert {test["result"] for test in BACKWARDS[flag]} == {"invalid"}


@pytest.mark.parametrize("flag", DERIVATION)
def test_a_mutant_of_the_derivation_gives_what_the_vectors_say(flag: str) -> None:
    valid = flag == "SecretToKey"
    for test in SECRETS[flag]:
        sizes, secret = {name: test[name] for name in SIZES}, bytes.fromhex(test["secret"])
        same = steps_of(DERIVATION[flag](secret, sizes)) == {step: test[step] for step in STEPS}
        assert same != valid or len(secret) == 1
        assert test["result"] == ("valid" if valid else "invalid")


def arranged_by(mutant: Mutant, test: dict[str, Any]) -> str:
    pixels = np.frombuffer(bytes.fromhex(test["msg"]), np.uint8)
    picture = pixels.reshape(test["pictureHeight"], test["pictureWidth"], 3)
    return np.asarray(mutant(picture, test)).tobytes().hex()


@pytest.mark.parametrize("flag", ARRANGEMENT)
def test_a_mutant_of_the_arrangement_gives_what_the_vectors_say(flag: str) -> None:
    found = [arranged_by(ARRANGEMENT[flag], test) for test in PICTURES[flag]]
    assert found == [test["ct"] for test in PICTURES[flag]]
    assert {test["result"] for test in PICTURES[flag]} == {"invalid"}


@pytest.mark.parametrize("flag", PICTURE_FEATURES)
def test_the_vectors_of_pictures_notice_a_mutant(flag: str) -> None:
    answers = [arranged_by(PICTURE_FEATURES[flag], test) == test["ct"] for test in PICTURES[flag]]
    assert not all(answers)
    assert all(arranged_by(ARRANGED, test) == test["ct"] for test in PICTURES[flag])
