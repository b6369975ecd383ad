"""What an attack found: for people, as JSON, as a page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops import _documents
from etcprops._validation import describe, reject
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey

RECOVERED: Final = 0.9
"""Expected share of right blocks from which the whole is called recovered."""


class AttackOutcome(StrEnum):
    """How much an attack recovered."""

    RECOVERED = "recovered"
    PARTLY = "partly recovered"
    NOTHING = "nothing recovered"
    PLAIN = "not encrypted by blocks"


@dataclass(frozen=True, repr=False)
class AttackReport:
    """What encrypted images alone gave away.

    Attributes
    ----------
    outcome : AttackOutcome
        Recovered if at least `RECOVERED` of the blocks are expected to be right; not encrypted by
        blocks if neighbouring pixels are alike everywhere.
    reason : str
        Why, in a sentence.
    encrypted : ndarray, shape (N, H, W[, 3])
        What was attacked.
    images : ndarray, of the same shape
        The reconstruction, up to one turn or reflection of the whole, one order of the colour
        components, and the sign where `sign_known` is False; the encrypted images if nothing was
        recovered.
    key : EtCKey or None
        Decrypts to `images`; None if nothing or only part was recovered.
    confidence : ndarray of float64, shape (n_blocks,)
        For each block of the encrypted images the probability that its place, orientation, sign and
        order of components are right, relative to most others.
    places : ndarray of int64, shape (n_blocks,)
        Where each block of the encrypted images was put, in raster order.
    block : int or None
        Side of the blocks, given or found; None if none was found.
    block_confidence : float
        That this is the size of the blocks; 1 if it was given.
    sign_known : bool
        Whether brightness tells the images from their negatives.
    fitting : ndarray of bool, shape (N,)
        Which images are under the key that was recovered.
    images_needed : int or None
        How many such images would have been needed, where fewer came; None if that cannot be told.
    seconds : float
        How long it took.
    """

    outcome: AttackOutcome
    reason: str
    encrypted: NDArray[Any]
    images: NDArray[Any]
    key: EtCKey | None
    confidence: NDArray[np.float64]
    places: NDArray[np.int64]
    block: int | None
    block_confidence: float
    sign_known: bool
    fitting: NDArray[np.bool_]
    images_needed: int | None
    seconds: float

    @property
    def recovered(self) -> bool:
        """Whether the arrangement as a whole was recovered."""
        return self.outcome is AttackOutcome.RECOVERED

    @property
    def share(self) -> float:
        """The expected share of blocks that are right: the mean of `confidence`."""
        return float(self.confidence.mean()) if self.confidence.size else 0.0

    @property
    def geometry(self) -> BlockGeometry | None:
        """Sizes of the images and their blocks; None if no blocks were found."""
        if self.block is None:
            return None
        height, width, *rest = self.images.shape[1:]
        return BlockGeometry(height, width, channels=1 if not rest else 3, block=self.block)

    @property
    def confidence_map(self) -> NDArray[np.float64]:
        """`confidence` by place in the reconstruction, shape (rows, columns)."""
        if self.geometry is None:
            return np.zeros((0, 0))
        result = np.empty(self.geometry.n_blocks)
        result[self.places] = self.confidence
        return result.reshape(self.geometry.grid)

    @property
    def facts(self) -> tuple[str, ...]:
        """What else there is to say, a line each."""
        lines = []
        if self.block is not None:
            sure = (
                f", with confidence {self.block_confidence:.3f}"
                if self.block_confidence < 1
                else ""
            )
            lines.append(f"Blocks of {self.block} x {self.block}{sure}.")
        if self.outcome in {AttackOutcome.RECOVERED, AttackOutcome.PARTLY}:
            known = "is told by brightness" if self.sign_known else "is not known"
            lines.append(f"Which of image and negative is which {known}.")
            if not self.fitting.all():
                strange = int(np.count_nonzero(~self.fitting))
                lines.append(f"{strange} of {len(self.fitting)} images are not under this key.")
        if self.images_needed is not None:
            lines.append(f"Some {self.images_needed} images like these would be enough.")
        return tuple(lines)

    def to_dict(self, *, with_key: bool = False) -> dict[str, Any]:
        """Return the report ready for JSON, as `to_json` has it."""
        shown = self.key if with_key else None
        return {
            "outcome": str(self.outcome),
            "reason": self.reason,
            "recovered": self.recovered,
            "share": round(self.share, 6),
            "images": {"shape": list(self.images.shape), "dtype": str(self.images.dtype)},
            "block": self.block,
            "block_confidence": round(self.block_confidence, 6),
            "key": None if shown is None else json.loads(shown.to_json()),
            "confidence": [round(value, 4) for value in self.confidence.tolist()],
            "places": self.places.tolist() if with_key else [],
            "sign_known": self.sign_known,
            "fitting": self.fitting.tolist(),
            "images_needed": self.images_needed,
            "seconds": round(self.seconds, 3),
        }

    def to_json(self, *, with_key: bool = False) -> str:
        """Return the report as JSON text; of the images it has their shape and type alone.

        Parameters
        ----------
        with_key : bool, default=False
            Whether to show the key that was recovered, and the places of blocks, which are its
            first part: whoever reads the report can then decrypt the images.
        """
        return _documents.write("etcprops.AttackReport", self.to_dict(with_key=with_key))

    def to_html(self, name: str = "images") -> str:
        """Return one HTML page that needs nothing else, with the first images reconstructed.

        Parameters
        ----------
        name : str, default="images"
            Of the images, for the heading.

        Raises
        ------
        InvalidParameterError
            If the name is no text.
        """
        from etcprops.attacks.page import render

        if not isinstance(name, str):
            reject("name", "AttackReport.to_html", "be a str", describe(name))

        return render(self, name)

    def _repr_html_(self) -> str:
        """Show what was recovered in a notebook."""
        from etcprops.attacks.page import fragment

        return fragment(self)

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}"

    def __repr__(self) -> str:
        shape = self.images.shape
        return f"AttackReport({str(self.outcome)!r}, share={self.share:.3f}, images={shape})"
