"""What fuzzing has found in each door, for the table; the smallest call of each is a test."""

from __future__ import annotations

from typing import Final

_REPR: Final = "an integer of 4,301 digits, or an object without a repr, ended its own error"
_DIGITS: Final = "5,000 digits were a size"
_NUL: Final = "a NUL or a lone surrogate in a name was a ValueError"
_FUNCTION: Final = "`progress` that is no function was called"
_PATH: Final = "a name of 300 characters was an OSError"
_FIELD: Final = "a certificate with another field, or levels beyond 63 bits, was one"
_WITNESS: Final = "an empty witness was confirmed"
_SEVERAL: Final = "an array of no dimensions, for several, was a TypeError"
_MASKED: Final = "masked pixels were looked at, with a warning, or were a ValueError"
_DOCS: Final = "scikit-learn's TypeError was not documented"

GUIDED: Final[dict[str, tuple[int, int, int]]] = {
    "key": (543_926, 28, 44),
    "certificate": (135_079, 18, 51),
    "vectors": (373_530, 18, 19),
    "arrays": (47_681, 19, 10),
    "image_set": (21_790, 16, 13),
    "zipped_images": (17_462, 16, 23),
    "picture": (197_225, 48, 19),
    "coefficients": (275_392, 44, 25),
    "fingerprint": (168_294, 12, 26),
    "coq_report": (144_124, 12, 28),
    "rates": (214_374, 14, 14),
    "atlas_row": (216_912, 12, 16),
    "study_part": (225_589, 14, 18),
    "record": (170_799, 9, 3),
}
"""Of each reader, in its last run guided by coverage: inputs, seconds of processor time, files."""

RUNS: Final = """
## Guided by coverage

Readers of what others made are given bytes by atheris, which keeps those that take new ways through
this package's code: JSON is changed as JSON, zips in their members, all else byte by byte. The last
run, one process on a busy machine, starts of Python included:

| reader | inputs | processor time, s | inputs a second | files kept |
|---|---|---|---|---|
"""
"""What else was run, and what came of it."""

FOUND_SO: Final = """
It found, and each is a test now:

- a segment of negative length in a JPEG file, which was a ValueError of jpeglib. Looked into, it
  was worse: jpeglib writes beyond its buffers where a comment is empty and others follow, which
  ended the process. It is now given files without what others put into them
  (tests/formats/test_exact_jpeg.py).
- an empty name in a zip of images, an IndexError, and beside it a name from the root, a ValueError.
  Both count from the top of the zip now (tests/security/test_hostile_files.py).
- certificates that the checker took and the package refused: with another field, with levels
  beyond 63 bits, or with an empty witness, which it called confirmed. The checker
  refuses them now; and booleans among signs, which the package took for 1 and the checker
  refused, it refuses as well (tests/probing/test_probe_certificates.py).
- a JPEG file whose header tells of 167 million pixels, of which Pillow warned. What reads files
  says itself what is too large, and is refused (tests/fuzz/test_found.py).

Readers that ended at a find began again: the lines of certificates and of coefficients are of a
later run, of 60 s each. hypofuzz 25.11, on eight of these readers from their seeds, tried some
2,600 inputs in two minutes on the same machine, 20 to 30 a second, and found nothing: it is not
among what this package needs.

## Other draws

The first table is of 30 calls of each door, the same ones each time. Up to 200 calls of each, of
three other seeds, 70,000 in all and six minutes of processor time, found 22 more mistakes in 19
doors. They are mended and among those of the table, and nearly all are tests in
tests/fuzz/test_found.py. Most are of four kinds: integers of NumPy that wrap, numbers too long to
be shown in an error, sizes of which there is no array, and kinds of arguments that a door had not
been given before. 1,000 calls of each door, the same ones as in the table and more, 123,000 in all,
found 18 more in as many doors: arrays of no dimensions for several things, masked pixels, numbers
of 5,000 digits where they had been shown unseen. Another 240,000, of three other seeds, found three
more. Each is mended, and a test. `pytest tests/fuzz --hypothesis-profile=deep`, 333 other calls of
each door, words and readers as well, found nothing since. So the doors are better than they were,
not known to be without mistakes.
"""
"""What the runs guided by coverage have found, and what others have not."""

MENDED: Final[dict[str, tuple[str, ...]]] = {
    "AttackReport.to_html": ("a name of 5,000 digits was a ValueError",),
    "BlockGeometry": (_DIGITS, _REPR),
    "BlockGeometry.flat_index": ("shapes that do not broadcast were a ValueError",),
    "BlockGeometry.for_image": (_DIGITS,),
    "EtCEncryptor.fit": (_DOCS,),
    "EtCEncryptor.inverse_transform": (_DOCS,),
    "EtCEncryptor.transform": (_DOCS,),
    "EtCKey": (_REPR,),
    "EtCKey.from_secret": ("an array of no dimensions for steps was a TypeError",),
    "EtCKey.generate": ("an array among the steps was a ValueError", _REPR),
    "EtCKey.load": (_NUL,),
    "EtCKey.save": (_NUL,),
    "ExactKernel": (
        "a folder for results that is a file, or none, was the system's error",
        "a number in half precision warned of an overflow",
        _REPR,
        "a degree of 5,000 digits ended its repr",
    ),
    "ExactStandardScaler.fit": (_DOCS,),
    "ExactStandardScaler.transform": (_DOCS,),
    "Fingerprint.differences": ("what is no fingerprint was an AttributeError",),
    "Fingerprint.from_json": (
        "hashes that are no text were taken",
        "half of a surrogate pair in a name ended the digest",
    ),
    "GramPCA": (
        "5,000 digits were a number of components",
        "slices of NumPy's 8 bits wrapped, with a warning",
    ),
    "GramPCA.fit": (_DOCS,),
    "GramPCA.fit_transform": (_DOCS,),
    "GramPCA.transform": (_DOCS,),
    "JpegCoefficients": ("None for planes was a TypeError",),
    "Padding": (_DIGITS,),
    "ProbeReport.to_html": ("a name of 5,000 digits was a ValueError",),
    "SignedPermutation.identity": ("2^63 pixels were a ValueError of NumPy",),
    "attack": (
        "a block of 5,000 digits was a ValueError",
        _FUNCTION,
        "a list for planes was a TypeError",
        _MASKED,
        "pixels of 1e300 were a ZeroDivisionError",
    ),
    "attacks.alignment.align": (
        "pixels of 1e300 were a LinAlgError",
        "2^63 rounds had no end",
    ),
    "attacks.compare": (
        "None for a geometry was an AttributeError",
        "a tolerance of 10^400 was an OverflowError",
        _MASKED,
    ),
    "attacks.layout.recover_layout": (
        "pixels of 1e300 overflowed, with a warning",
        "pixels in half precision warned of an overflow",
    ),
    "attacks.layout.recover_within_blocks": (
        "a block of 5,000 digits was a ValueError",
        "blocks of four pixels, permuted alike, were an IndexError",
    ),
    "audit": (
        _FUNCTION,
        "an encryption that returns no images was an AttributeError or IndexError",
        "no folds, or of images that are not there, were an IndexError",
        "a tolerance of 10^400 was an OverflowError",
        "None for `encrypt` was called",
    ),
    "claims.Implementation.key_with": ("None for steps was a TypeError",),
    "coefficient_rows": ("one name was taken for several, letter by letter", _SEVERAL),
    "crop_to_blocks": (_DIGITS,),
    "datasets.ImageSet.half_split": ("seeds that are none were NumPy's errors",),
    "datasets.archives.load_arrays": (
        "a path as text was an AttributeError",
        "headers as Python 2 wrote them warned",
    ),
    "datasets.load_extended_yale_b": (
        "an object for `include_bad` was a TypeError",
        _PATH,
        "a cache as text was a TypeError",
    ),
    "datasets.load_images": (
        "what is no size to fit was an AttributeError",
        _PATH,
        "in a zip a name that is empty was an IndexError, one from the root a ValueError",
    ),
    "datasets.make_synthetic_faces": (
        "lights in NumPy's 8 bits wrapped, with a warning",
        "faces of one column were a ValueError of NumPy",
        "billions of people asked for terabytes",
        "seeds that are none were NumPy's errors",
        "5,000 digits of people were a ValueError",
    ),
    "datasets.pictures.picture_of": (
        "content that is no bytes was any error",
        "NotImplemented for a suffix warned",
    ),
    "datasets.pictures.read_picture": (
        "a path as text was an AttributeError",
        "a file of some bytes took a gigabyte to read",
    ),
    "encode_jpeg_exactly": (
        "a number for tables was a TypeError",
        "bytes for tables were a NotImplementedError",
    ),
    "fingerprint": (
        "integers of NumPy for threads were a TypeError",
        _FUNCTION,
        "2^64 threads were an error of ctypes",
    ),
    "formats.exact_jpeg.code_exactly": (
        "a number for tables was a TypeError",
        "bytes for tables were a NotImplementedError",
    ),
    "formats.files.FileSettings": (
        "None for a codec was an AttributeError",
        "a table of data for a scheme was a ValueError",
    ),
    "formats.rates.points_from_csv": ("tables that are none were errors of csv and float",),
    "formats.schemes.ImageScheme": ("5,000 digits were a block",),
    "pad_to_blocks": (_DIGITS, "blocks of 65,535 asked for gigabytes"),
    "probe": (
        "keys beyond the memory were an OverflowError",
        _FUNCTION,
        "a time limit of infinity was an OverflowError",
        "an object with a dtype for a dtype was a ValueError",
        _SEVERAL,
        "more pixels than NumPy counts were a ValueError",
    ),
    "probing.AffineMap.apply": ("vectors of another size or kind were any error, and warned",),
    "probing.Confirmation.missed": ("shares that are none were any error, and warned",),
    "probing.checker.check": ("what is no name was a TypeError", _FIELD, _WITNESS),
    "probing.checker.read": ("what is no name was a TypeError", _FIELD),
    "probing.drift.drift": (
        "no certificate, no shape or no limit was any error",
        "a time limit of 0 or infinity was an OverflowError",
    ),
    "probing.infer_structure": (
        "a block of NumPy's 8 bits was an OverflowError",
        "a block of 0 was a ZeroDivisionError",
        "no map, or a shape of other images, was any error",
        "a pixel of ten components was a MemoryError",
    ),
    "read_coefficients": (
        _NUL,
        "a folder was an IsADirectoryError",
        "a segment of negative length was a ValueError",
        "an empty segment, with others after it, ended the process",
    ),
    "recover_from_pairs": ("masked arrays were a ValueError",),
    "reductions.CanonicalFeatures.fit": (_DOCS,),
    "reductions.CanonicalFeatures.transform": (_DOCS,),
    "reductions.InducedMap.apply": ("vectors of another size were an IndexError",),
    "reductions.LinearReduction.fit": (_DOCS,),
    "reductions.LinearReduction.transform": (_DOCS,),
    "reductions.equivariance": ("a matrix in half precision was a ValueError of SciPy",),
    "reductions.generators": ("a step as text was a KeyError",),
    "reductions.gram_deviation": (
        "what is no transformer was a TypeError",
        "images that are all alike were divided by zero",
    ),
    "reductions.reductions_to": (
        "a dimension of 8 bits wrapped, with a warning",
        "seeds that are none were taken",
    ),
    "testing.Scheme": (
        "a seed that is neither true nor false ended its repr",
        _REPR,
        "a seed of 5,000 digits ended its repr",
        "an array among the sizes was a TypeError",
    ),
    "testing.Scheme.decrypted": ("no images were a ValueError of NumPy",),
    "testing.Scheme.encrypted": ("no images were a ValueError of NumPy",),
    "testing.assert_bitwise_equal": (
        "arrays of objects were a TypeError",
        "empty arrays were a ValueError",
    ),
    "testing.assert_orthogonal": (
        "half precision was a ValueError of SciPy",
        "matrices of the other byte order were a ValueError",
    ),
    "testing.assert_same_decisions": (
        "what is no estimator was a TypeError",
        "labels of 1e300 warned",
    ),
    "testing.different_decisions": (
        "what is no estimator was a TypeError",
        "labels of 1e300 warned",
    ),
    "testing.orthogonality_defect": (
        "half precision was a ValueError of SciPy",
        "matrices of the other byte order were a ValueError",
    ),
    "testing.parametrize_with_checks": (_SEVERAL,),
    "theory.coq.Report.from_json": ("fields of another kind were taken",),
    "theory.coq.Report.same_tools": ("what is no report was an AttributeError",),
    "theory.coq.rejected": ("what is no report was an AttributeError", _SEVERAL),
    "theory.recovery.images_needed": ("the least probability above 0 was an OverflowError",),
    "verify": (
        _FUNCTION,
        "arrays among the claims were a TypeError",
        "any data was taken",
        _SEVERAL,
    ),
}
