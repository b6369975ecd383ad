"""Records in files: only the secret opens them, and nothing about them can be changed."""

from __future__ import annotations

import base64
import itertools

import pytest

from etcprops.formats.records import MARK, FileRecord, digest, opened
from etcprops.formats.schemes import ImageScheme

SECRET = bytes(range(32))
SCHEMES = [
    ImageScheme("grey", 4),
    ImageScheme("colour", shuffle=False),
    ImageScheme("colour", 255),
    ImageScheme("grayscale", sampling="4:2:0"),
]
RECORD = FileRecord(True, SCHEMES[0], (3, 70000), "png", 0, False, "4:4:4", digest(b"source"))


def test_records_come_back() -> None:
    for scheme, form, encrypted, exact, sampling in itertools.product(
        SCHEMES, ("png", "jpeg", "webp", "jp2"), (True, False), (True, False), ("4:4:4", "4:2:0")
    ):
        record = FileRecord(
            encrypted, scheme, (1, 2**31), form, 95, exact, sampling, digest(b"s"), digest(b"p")
        )
        assert opened(record.sealed(SECRET), SECRET) == record


def test_length_and_beginning_tell_nothing() -> None:
    other = FileRecord(False, SCHEMES[3], (4000, 2), "jpeg", 50, True, "4:2:0", digest(b"other"))
    mine, theirs = RECORD.sealed(SECRET), other.sealed(SECRET)
    assert len(mine) == len(theirs)
    assert mine == RECORD.sealed(SECRET)
    assert mine.startswith(MARK)
    alike = sum(a == b for a, b in zip(mine, theirs, strict=True)) - len(MARK)
    assert alike < len(mine) // 5


@pytest.mark.parametrize(
    "comment", ["", "a holiday", MARK, MARK + "AAAA", MARK + "?" * 88, MARK + "é", MARK[:-1] + "x"]
)
def test_other_comments_are_no_records(comment: str) -> None:
    assert opened(comment, SECRET) is None


def test_records_of_this_version_are_read_for_ever() -> None:
    """Files are kept longer than programs: a fixed record, written once."""
    comment = MARK + (
        "BHQmHFpSuxVn2QQCIDWHKRKwBLC4vtP7JqX18by3+vtwqqGoCV33c8r86I84qzhi4rzzgElNFmJwxmTkk1X3fw=="
    )
    assert opened(comment, SECRET) == RECORD
    assert RECORD.sealed(SECRET) == comment


def test_another_secret_or_any_changed_bit_opens_nothing() -> None:
    comment = RECORD.sealed(SECRET)
    assert opened(comment, bytes(32)) is None
    content = base64.b64decode(comment.removeprefix(MARK))
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        assert opened(MARK + base64.b64encode(changed).decode(), SECRET) is None
