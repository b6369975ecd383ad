"""Encryption as a step of scikit-learn's pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import validate_data

from etcprops._validation import describe, reject
from etcprops.scheme.keys import check_key
from etcprops.scheme.pixels import decrypt, encrypt

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from sklearn.utils import Tags

    from etcprops.scheme.keys import EtCKey


class EtCEncryptor(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Encrypts images on their way into a pipeline, so that it can be compared with itself without.

    Nothing is learned from data: `fit` checks them and the key.

    Parameters
    ----------
    key : EtCKey
        The common key.

    Attributes
    ----------
    n_features_in_ : int
        Pixels of an image, each component counted.
    feature_names_in_ : ndarray of str
        Names of the features, where `X` had them.

    See Also
    --------
    etcprops.audit : compares a pipeline on plain and encrypted images, and says what breaks it.

    Notes
    -----
    It comes first in a pipeline: it takes levels from 0 to 255 of any real dtype and refuses
    fractions, such as pixels that were divided by 255. What it returns are encrypted pixels of
    that dtype; features have names of their own, since none is the pixel that it was.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import SVC
    >>> from etcprops import EtCKey
    >>> from etcprops.datasets import load_digits_images
    >>> digits = load_digits_images()
    >>> key = EtCKey.from_secret(digits.geometry, "an example")
    >>> X, y = digits.images.reshape(1797, 64), digits.labels
    >>> plain = make_pipeline(StandardScaler(), SVC()).fit(X[:600], y[:600])
    >>> encrypted = make_pipeline(EtCEncryptor(key), StandardScaler(), SVC()).fit(X[:600], y[:600])
    >>> plain.score(X[600:], y[600:]) == encrypted.score(X[600:], y[600:])
    True
    """

    def __init__(self, key: EtCKey) -> None:
        self.key = key

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Check that the key is for these images.

        Parameters
        ----------
        X : array_like, shape (N, n_pixels), (N, H, W) or (N, H, W, 3)
            Integers from 0 to 255.
        y : None
            Ignored.

        Returns
        -------
        EtCEncryptor
            The transformer itself.

        Raises
        ------
        InvalidParameterError
            If `key` is none, or for images of another size, or `X` holds other numbers.
        ValueError, TypeError
            By scikit-learn, if `X` is no matrix of numbers, or holds negative ones.
        """
        self._validate(X, "fit", reset=True)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return encrypted images as vectors.

        Parameters
        ----------
        X : array_like, shape (N, n_pixels), (N, H, W) or (N, H, W, 3)
            Integers from 0 to 255.

        Returns
        -------
        ndarray of the dtype of `X`, shape (N, n_pixels)

        Raises
        ------
        InvalidParameterError, ValueError, TypeError
            As `fit`.
        """
        return self._mapped(encrypt, X, "transform")

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return decrypted images as vectors; parameters are those of `transform`.

        Raises
        ------
        InvalidParameterError, ValueError, TypeError
            As `fit`.
        """
        return self._mapped(decrypt, X, "inverse_transform")

    def _mapped(
        self, function: Callable[[Any, EtCKey], NDArray[np.uint8]], X: ArrayLike, method: str
    ) -> NDArray[Any]:
        """Return what encryption or decryption makes of rows, in their dtype."""
        rows, key = self._validate(X, method, reset=False)
        images = rows.astype(np.uint8).reshape(-1, *key.geometry.shape)
        return function(images, key).reshape(rows.shape).astype(rows.dtype, copy=False)

    def _validate(self, X: Any, method: str, *, reset: bool) -> tuple[NDArray[Any], EtCKey]:
        """Return images as rows, and the key; scikit-learn checks names and numbers of features."""
        caller = f"EtCEncryptor.{method}"
        shape = getattr(X, "shape", ())
        if len(shape) > 2:
            wanted = self._key_for(int(np.prod(shape[1:])), caller).geometry.shape
            if shape[1:] != wanted:
                reject("X", caller, f"be images of shape {wanted}, or their rows", describe(X))
            X = np.reshape(X, (len(X), -1))
        rows: NDArray[Any] = validate_data(
            self, X, reset=reset, dtype="numeric", ensure_non_negative=True
        )
        key = self._key_for(rows.shape[1], caller)
        if rows.dtype != np.uint8:
            levels = (rows <= 255) & (rows == np.floor(rows))
            if not levels.all():
                got = f"{rows[~levels][0]}."
                reject("X", caller, "hold integers from 0 to 255, pixels before any scaling", got)
        return rows, key

    def _key_for(self, n_pixels: int, caller: str) -> EtCKey:
        """Return the key, if it is for images of so many pixels."""
        geometry = check_key(self.key, caller).geometry
        if geometry.n_pixels != n_pixels:
            got = f"one for {geometry.n_pixels}: {geometry}."
            reject("key", caller, f"be for images of {n_pixels} pixels", got)
        return self.key

    @property
    def _n_features_out(self) -> int:
        """What scikit-learn's mixin counts names by."""
        return int(self.n_features_in_)

    def __sklearn_tags__(self) -> Tags:
        """Say that features are integers, which scikit-learn calls categorical."""
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.requires_fit = False
        return tags
