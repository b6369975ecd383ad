"""Z-score and mid-grey centring: exact numerators, and the invariance to the last bit."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from etcprops import (
    EtCKey,
    InvalidParameterError,
    PixelStatistics,
    SignedPermutation,
    centre_mid_grey,
    encrypt,
    strategies,
)
from etcprops.exact.statistics import MID_GREY, correctly_rounded_root

PIXELS = np.array([[0, 7, 255, 19, 3], [255, 7, 255, 220, 1], [19, 7, 255, 255, 4]], dtype=np.uint8)


@st.composite
def pixel_tables(draw: st.DrawFn, *, largest: int = 255) -> NDArray[np.int64]:
    """Draw rows of pixels, a column of which may be constant, black or white."""
    rows, features = draw(st.integers(1, 12)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    table = rng.integers(0, largest + 1, (rows, features))
    for column, level in enumerate((0, largest, int(table[0, 0]))[: draw(st.integers(0, 3))]):
        table[:, column % features] = level
    return table


# --- Known values


def test_statistics_in_figures() -> None:
    statistics = PixelStatistics(PIXELS)
    assert statistics.count == 3
    assert statistics.total.tolist() == [274, 21, 765, 494, 8]
    # N sum(x^2) - S^2
    assert statistics.variance_numerator.tolist() == [
        3 * (255**2 + 19**2) - 274**2,
        0,
        0,
        3 * (19**2 + 220**2 + 255**2) - 494**2,
        3 * (9 + 1 + 16) - 64,
    ]
    assert statistics.deviation_numerators(PIXELS[:1]).tolist() == [
        [-274, 0, 0, 3 * 19 - 494, 3 * 3 - 8]
    ]
    assert statistics.total.dtype == statistics.variance_numerator.dtype == np.int64
    assert statistics.deviation_numerators(PIXELS).dtype == np.int64
    assert statistics.z_score(PIXELS).dtype == np.float64


@given(pixel_tables(), pixel_tables())
def test_statistics_equal_fractions(table: NDArray[np.int64], queries: NDArray[np.int64]) -> None:
    statistics = PixelStatistics(table)
    queries = np.resize(queries, (len(queries), table.shape[1]))
    count = len(table)
    numerators = statistics.deviation_numerators(queries)
    for feature, column in enumerate(table.T.tolist()):
        mean = Fraction(sum(column), count)
        variance = sum((x - mean) ** 2 for x in column) / count
        assert Fraction(int(statistics.total[feature]), count) == mean
        assert Fraction(int(statistics.variance_numerator[feature]), count**2) == variance
        for numerator, x in zip(numerators[:, feature], queries[:, feature].tolist(), strict=True):
            assert Fraction(int(numerator), count) == x - mean


@given(pixel_tables(largest=65535))
def test_z_scores_are_right_to_two_units_in_the_last_place(table: NDArray[np.int64]) -> None:
    statistics = PixelStatistics(table)
    z = statistics.z_score(table)
    for row, feature in np.ndindex(z.shape):
        column = table[:, feature].tolist()
        mean = Fraction(sum(column), len(column))
        variance = sum((x - mean) ** 2 for x in column) / len(column) or Fraction(1)
        deviation = column[row] - mean
        with localcontext() as context:
            context.prec = 50
            root = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
            exact = Decimal(deviation.numerator) / Decimal(deviation.denominator) / root
            error = abs(Decimal(float(z[row, feature])) - exact)
        assert error <= 2 * Decimal(float(np.spacing(abs(z[row, feature]))))


@given(pixel_tables(), pixel_tables())
def test_z_score_equals_standard_scaler_up_to_rounding(
    table: NDArray[np.int64], queries: NDArray[np.int64]
) -> None:
    queries = np.resize(queries, (len(queries), table.shape[1]))
    scaler = StandardScaler().fit(table.astype(np.float64))
    expected = scaler.transform(queries.astype(np.float64))
    z = PixelStatistics(table).z_score(queries)
    np.testing.assert_allclose(z, expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize(
    "dtype", ["u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ">u2"]
)
def test_the_dtype_of_integer_pixels_does_not_matter(dtype: str) -> None:
    expected = PixelStatistics(PIXELS)
    pixels = PIXELS.astype(dtype)
    statistics = PixelStatistics(pixels)
    assert np.array_equal(statistics.total, expected.total)
    assert np.array_equal(statistics.variance_numerator, expected.variance_numerator)
    assert np.array_equal(statistics.z_score(pixels), expected.z_score(PIXELS))
    assert np.array_equal(
        PixelStatistics(pixels.tolist()).z_score(PIXELS), expected.z_score(PIXELS)
    )


def test_inputs_stay_as_they_are_whatever_their_layout() -> None:
    expected = PixelStatistics(PIXELS).z_score(PIXELS)
    frozen = PIXELS.copy()
    frozen.flags.writeable = False
    wide = PIXELS.astype(np.int64)
    for table in (frozen, np.asfortranarray(PIXELS), PIXELS[::-1][::-1], wide):
        before = table.copy()
        assert np.array_equal(PixelStatistics(table).z_score(table), expected)
        assert np.array_equal(table, before)


# --- The invariance


@given(st.data())
def test_z_score_turns_encryption_into_a_signed_permutation(data: st.DataObject) -> None:
    key = data.draw(strategies.keys())
    training = data.draw(strategies.images(key.geometry, count=st.integers(1, 5)))
    queries = data.draw(strategies.images(key.geometry, count=st.integers(0, 3)))
    flip = SignedPermutation.from_key(key)

    def flat(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return images.reshape(len(images), key.geometry.n_pixels)

    plain = PixelStatistics(flat(training))
    encrypted = PixelStatistics(flat(encrypt(training, key)))
    assert np.array_equal(encrypted.variance_numerator, plain.variance_numerator[flip.source])
    assert np.array_equal(encrypted.divisors, plain.divisors[flip.source])
    for images in (training, queries):
        signed = flip.sign * plain.z_score(flat(images))[:, flip.source]
        z = encrypted.z_score(flat(encrypt(images, key)))
        # Not nearly equal: equal.
        assert np.array_equal(z, signed), key.to_json()
        # The magnitudes are the same bits, too: == would not tell 0 from -0.
        assert np.abs(z).tobytes() == np.abs(signed).tobytes()


@given(pixel_tables(largest=65535))
def test_negation_of_16_bit_pixels_is_a_sign(table: NDArray[np.int64]) -> None:
    plain, negated = PixelStatistics(table), PixelStatistics(65535 - table)
    assert np.array_equal(negated.variance_numerator, plain.variance_numerator)
    assert np.array_equal(negated.z_score(65535 - table), -plain.z_score(table))


@pytest.mark.parametrize("level", [0, 1, 127, 128, 254, 255])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_constant_pixels(level: int, count: int) -> None:
    # Standard deviation 0: divided by 1 as scikit-learn does, and the sign still comes out.
    statistics = PixelStatistics(np.full((count, 1), level))
    negated = PixelStatistics(np.full((count, 1), 255 - level))
    assert statistics.variance_numerator.tolist() == [0]
    assert statistics.divisors.tolist() == [count]
    assert not statistics.z_score([[level]]).any()
    queries = np.arange(256)[:, None]
    assert np.array_equal(statistics.z_score(queries), queries - float(level))
    assert np.array_equal(negated.z_score(255 - queries), -statistics.z_score(queries))
    scaler = StandardScaler().fit(np.full((count, 1), float(level)))
    assert np.array_equal(statistics.z_score(queries), scaler.transform(queries.astype(float)))


def test_floats_alone_are_not_antisymmetric() -> None:
    # The negative control: the mean of three pixels is rounded, and not alike on both sides.
    pixels = PIXELS[:, 3:4].astype(np.float64)
    deviation = pixels - pixels.mean(axis=0)
    negated = (255 - pixels) - (255 - pixels).mean(axis=0)
    assert not np.array_equal(negated, -deviation)
    scaled = StandardScaler().fit_transform(pixels)
    assert not np.array_equal(StandardScaler().fit_transform(255 - pixels), -scaled)
    exact, flipped = (PixelStatistics(x).z_score(x) for x in (pixels, 255 - pixels))
    assert np.array_equal(flipped, -exact)


def test_per_image_z_score_is_not_invariant() -> None:
    # Why the statistics are per feature: negation is block-wise, so an image's own mean moves.
    image = np.array([[0, 0, 0, 255]])
    negated = np.array([[255, 255, 0, 255]])
    plain, encrypted = PixelStatistics(image.T), PixelStatistics(negated.T)
    assert not np.array_equal(np.abs(plain.z_score(image.T)), np.abs(encrypted.z_score(negated.T)))


# --- How large the numbers may become


@pytest.mark.parametrize("values", [[65535], [0, 65535]], ids=["white", "black and white"])
def test_largest_16_bit_data_set_is_exact(values: list[int]) -> None:
    # 46,341 is the largest N with N^2 65535^2 < 2^63.
    table = np.resize(np.array(values, dtype=np.uint16), (46341, 1))
    white = sum(table.ravel().tolist()) // 65535
    statistics = PixelStatistics(table)
    assert statistics.total.tolist() == [65535 * white]
    assert statistics.variance_numerator.tolist() == [65535**2 * white * (46341 - white)]
    assert statistics.deviation_numerators([[0], [65535]]).ravel().tolist() == [
        -65535 * white,
        65535 * (46341 - white),
    ]
    assert statistics.variance_numerator.dtype == np.int64


@pytest.mark.parametrize("largest", [65535, 2**24 - 255, 2**31 - 1])
def test_wider_numbers_are_exact_as_well(largest: int) -> None:
    rng = np.random.default_rng(largest)
    table = rng.integers(-largest, largest, (46342, 3), endpoint=True)
    table[:2, 0] = -largest, largest
    statistics = PixelStatistics(table)
    columns = [[int(x) for x in column] for column in table.T]
    expected = [46342 * sum(x * x for x in column) - sum(column) ** 2 for column in columns]
    assert statistics.variance_numerator.tolist() == expected
    assert all(isinstance(number, int) for number in statistics.variance_numerator)
    exact = [Fraction(root) ** 2 for root in statistics.divisors.tolist()]
    for square, numerator in zip(exact, expected, strict=True):
        assert abs(square - numerator) <= numerator * Fraction(2**53 + 1, 2**105)
    negated = PixelStatistics(-table)
    assert np.array_equal(negated.z_score(-table), -statistics.z_score(table))


def test_black_images_may_be_as_many_as_one_likes() -> None:
    statistics = PixelStatistics(np.zeros((10**6, 1), dtype=np.uint8))
    assert statistics.z_score([[65535]]).tolist() == [[65535.0]]


# --- Mid-grey


def test_mid_grey_is_exact_for_every_level() -> None:
    levels = np.arange(256, dtype=np.uint8)
    centred = centre_mid_grey(levels)
    assert centred.dtype == np.float64
    assert [Fraction(u) for u in centred.tolist()] == [Fraction(2 * x - 255, 2) for x in range(256)]
    assert MID_GREY == 127.5
    assert np.array_equal(centre_mid_grey(255 - levels), -centred)


@given(st.data())
def test_mid_grey_makes_encryption_linear(data: st.DataObject) -> None:
    key: EtCKey = data.draw(strategies.keys())
    batch = data.draw(strategies.images(key.geometry, count=2))
    flip = SignedPermutation.from_key(key)
    centred = centre_mid_grey(batch).reshape(2, -1)
    encrypted = centre_mid_grey(encrypt(batch, key)).reshape(2, -1)
    assert np.array_equal(encrypted, (flip.matrix() @ centred.T).T)


@pytest.mark.parametrize(
    ("images", "got"),
    [
        pytest.param(np.zeros((2, 2)), "an array of dtype float64 and shape (2, 2)", id="float"),
        pytest.param(
            np.zeros(3, np.uint16), "an array of dtype uint16 and shape (3,)", id="16-bit"
        ),
        pytest.param([1, 2], "[1, 2] (list)", id="list"),
        pytest.param(None, "None (NoneType)", id="None"),
    ],
)
def test_mid_grey_refuses(images: Any, got: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        centre_mid_grey(images)
    assert str(caught.value) == (
        f"The 'images' parameter of centre_mid_grey must be an array of uint8. Got {got}."
    )


# --- What is refused


BAD_TABLES = [
    pytest.param([[1.0, np.nan]], "nan in row 0, feature 1", id="NaN"),
    pytest.param([[1.0, 2], [np.inf, 0]], "inf in row 1, feature 0", id="infinity"),
    pytest.param([[-np.inf, 2]], "-inf in row 0, feature 0", id="negative infinity"),
    pytest.param(np.array([[np.inf]], "f2"), "inf in row 0, feature 0", id="half infinity"),
    pytest.param(np.array([[np.nan]], "f4"), "nan in row 0, feature 0", id="single NaN"),
    pytest.param([[0.5]], "0.5 in row 0, feature 0", id="fraction"),
    pytest.param([[1, 2**31]], f"{2**31} in row 0, feature 1", id="too large"),
    pytest.param([[1, -(2**31)]], f"{-(2**31)} in row 0, feature 1", id="too small"),
    pytest.param([[65535.5]], "65535.5 in row 0, feature 0", id="fraction above"),
    pytest.param(np.array([[2**32 - 1]], "u4"), f"{2**32 - 1} in row 0, feature 0", id="uint32"),
    pytest.param(np.array([[2**64 - 1]], "u8"), f"{2**64 - 1} in row 0, feature 0", id="uint64"),
    pytest.param(
        np.array([[-(2**31)]], "i4"),
        f"{-(2**31)} in row 0, feature 0",
        id="the int32 that is its own magnitude",
    ),
    pytest.param(
        np.array([[-(2**63)]], "i8"),
        f"{-(2**63)} in row 0, feature 0",
        id="the int64 that is its own magnitude",
    ),
    pytest.param([1, 2, 3], "an array of dtype int64 and shape (3,)", id="one axis"),
    pytest.param(
        np.zeros((2, 4, 4), np.uint8), "an array of dtype uint8 and shape (2, 4, 4)", id="images"
    ),
    pytest.param(np.zeros((3, 0)), "an array of dtype float64 and shape (3, 0)", id="no features"),
    pytest.param([[True]], "an array of dtype bool and shape (1, 1)", id="boolean"),
    pytest.param([[1j]], "an array of dtype complex128 and shape (1, 1)", id="complex"),
    pytest.param([["1"]], "an array of dtype <U1 and shape (1, 1)", id="text"),
    pytest.param([[None]], "an array of dtype object and shape (1, 1)", id="objects"),
    pytest.param([[1], [1, 2]], "a list that is no array of numbers", id="ragged"),
    pytest.param(None, "an array of dtype object and shape ()", id="None"),
]
_WANTED = "be an array (rows, features) of integers of magnitude below 2^31"


@pytest.mark.parametrize(("table", "got"), BAD_TABLES)
def test_bad_training_pixels(table: Any, got: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        PixelStatistics(table)
    assert str(caught.value) == f"The 'X' parameter of PixelStatistics must {_WANTED}. Got {got}."


@pytest.mark.parametrize(("table", "got"), BAD_TABLES)
@pytest.mark.parametrize("method", ["z_score", "deviation_numerators"])
def test_bad_queries(method: str, table: Any, got: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        getattr(PixelStatistics([[0, 1]]), method)(table)
    assert str(caught.value) == (
        f"The 'X' parameter of PixelStatistics.deviation_numerators must {_WANTED}. Got {got}."
    )


def test_no_rows() -> None:
    with pytest.raises(InvalidParameterError) as caught:
        PixelStatistics(np.zeros((0, 4), np.uint8))
    assert str(caught.value) == (
        "The 'X' parameter of PixelStatistics must have at least one row. "
        "Got an array of dtype uint8 and shape (0, 4)."
    )
    # Queries may be none at all.
    assert PixelStatistics([[1, 2]]).z_score(np.zeros((0, 2), np.uint8)).shape == (0, 2)


def test_queries_with_other_features() -> None:
    with pytest.raises(InvalidParameterError) as caught:
        PixelStatistics([[1, 2]]).z_score([[1, 2, 3]])
    assert str(caught.value) == (
        "The 'X' parameter of PixelStatistics.deviation_numerators must have 2 features. Got 3."
    )


def test_roots_halfway_between_doubles_are_rounded_by_what_remains() -> None:
    half = 2**53 + 1  # between 2**53, which is even, and 2**53 + 2
    numbers = np.array(
        [half**2 - 1, half**2, half**2 + 1, (half + 2) ** 2, 2**53 + 1], dtype=object
    )
    expected = [2.0**53, 2.0**53, 2.0**53 + 2, 2.0**53 + 4, 94906265.62425156]
    assert correctly_rounded_root(numbers).tolist() == expected
