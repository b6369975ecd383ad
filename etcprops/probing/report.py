"""The report of a probe: what was found, for people, as JSON, and as a certificate."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from etcprops import _documents
from etcprops._validation import InvalidParameterError, describe, reject
from etcprops.probing.consequences import Consequence, consequences, exposures, in_two_lines
from etcprops.probing.description import Structure
from etcprops.probing.gates import first_sentence, named_kinds, unexpected
from etcprops.probing.isometry import Kept
from etcprops.probing.key_audit import KeyAudit
from etcprops.probing.keys import KeyVerdict
from etcprops.probing.model import (
    BIJECTIVE,
    AffineMap,
    BitMap,
    Confirmation,
    FoundMap,
    MapKind,
    MapVerdict,
    MapWitness,
    PixelMap,
)
from etcprops.probing.shapes import ShapeOutcome
from etcprops.scheme.keys import EtCKey
from etcprops.scheme.signed_permutation import SignedPermutation


@dataclass(frozen=True)
class ProbeReport:
    """What a probe found out about a function.

    Attributes
    ----------
    verdict : MapVerdict
        Class, reason, map, witness, confirmation and findings under the first key.
    shape, out_shape : tuple of int
        Of the images and of the results.
    dtype, out_dtype : str
        Their types.
    taken : str
        What of the results was taken for the image; "" if they are arrays.
    chosen : int
        Chosen images that name a signed permutation: ``ceil(log256 2n)`` for 8-bit images.
    queries : int
        All calls under the key that is described: those, the confirming ones, and the search for
        witnesses.
    calls : int
        All calls.
    failures : tuple of str
        A line for each key under which images of this shape have no encryption: the first of them.
    bought : dict of str to int
        What the calls were spent on.
    key_verdicts : tuple of KeyVerdict
        What was found under each key; empty if it takes none.
    keys_given : tuple
        The keys themselves.
    key_audit : KeyAudit or None
        The audit of all keys; None if there are no images.
    structure : Structure or None
        The blocks, if the map is a bijective signed permutation.
    shapes : tuple of ShapeOutcome
        What becomes of images of other shapes.
    isolation : str
        How the function was called.
    quick : bool
        Whether few images were asked.
    budget : float
        Seconds that it might take.
    not_looked_at : tuple of str
        What the budget, or the quick mode, left out.
    seconds, own_seconds : float
        In all, and without the time spent in the function.
    """

    verdict: MapVerdict
    shape: tuple[int, ...]
    dtype: str
    out_shape: tuple[int, ...]
    out_dtype: str
    taken: str
    chosen: int
    queries: int
    calls: int
    failures: tuple[str, ...]
    bought: dict[str, int]
    key_verdicts: tuple[KeyVerdict, ...]
    keys_given: tuple[Any, ...]
    key_audit: KeyAudit | None
    structure: Structure | None
    shapes: tuple[ShapeOutcome, ...]
    isolation: str
    quick: bool
    budget: float
    not_looked_at: tuple[str, ...]
    seconds: float
    own_seconds: float

    @property
    def kind(self) -> MapKind:
        """The class of the function."""
        return self.verdict.kind

    @property
    def reason(self) -> str:
        """Why it is of that class."""
        return self.verdict.reason

    @property
    def map(self) -> FoundMap | None:
        """The map under the first key, if it could be read off."""
        return self.verdict.map

    @property
    def witness(self) -> MapWitness | None:
        """Two images that show that the function is no signed permutation; None if it is one."""
        return self.verdict.witness

    @property
    def confirmation(self) -> Confirmation | None:
        """How far the map was tested, and what that can miss."""
        return self.verdict.confirmation

    @property
    def findings(self) -> tuple[str, ...]:
        """What else was seen: side effects, shapes at which it fails, weaknesses of the keys."""
        taken = (f"What was taken for the image: {self.taken}.",) if self.taken else ()
        keys = () if self.key_audit is None else self.key_audit.findings
        return (*taken, *self.verdict.findings, *self._failing_shapes(), *keys)

    def _failing_shapes(self) -> tuple[str, ...]:
        """Return what goes wrong at other shapes, each cause once."""
        causes: dict[str, list[ShapeOutcome]] = {}
        for s in self.shapes:
            if not s.ok:
                # Messages name the shape: those that differ in numbers alone are one cause.
                causes.setdefault(re.sub(r"\d+", "0", s.outcome), []).append(s)
        texts = []
        for cause, outcomes in causes.items():
            shapes = ", ".join(str(s.shape) for s in outcomes)
            known = cause in re.sub(r"\d+", "0", self.reason)
            first = "for the first, " if len(outcomes) > 1 else ""
            text = "the same" if known else f"{first}it {outcomes[0].outcome.rstrip('.')}"
            texts.append(f"Shape{'s' * (len(outcomes) > 1)} {shapes}: {text}.")
        return tuple(texts)

    @property
    def key(self) -> EtCKey | None:
        """The key that reproduces the function, if it is an EtC scheme."""
        return None if self.structure is None else self.structure.key

    @property
    def ok(self) -> bool:
        """Whether the function is a bijective signed permutation, of which the theorems speak."""
        return self.kind in BIJECTIVE

    @property
    def headline(self) -> str:
        """What the function is, in one sentence."""
        return f"{self.kind}: {first_sentence(self.reason)[0]}"

    def expect(self, *kinds: str) -> Self:
        """Return the report if the function is of one of some classes under every key, else raise.

        Parameters
        ----------
        *kinds : str
            Names of classes, as `MapKind` has them, whatever their case, number and hyphens.

        Raises
        ------
        AssertionError
            If it is of another class, under some key, or if an image has no encryption.
        InvalidParameterError
            If there is no such class.

        Examples
        --------
        >>> from etcprops import probe
        >>> probe(lambda image, key: 255 - image, (8, 8)).expect("signed permutation").ok
        True
        >>> probe(lambda image, key: image // 2, (8, 8), quick=True).expect(
        ...     "permutation"
        ... )  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        AssertionError: Expected permutation, found affine over GF(2): Every bit of the result ...
        """
        wanted = named_kinds(kinds, "kinds", "ProbeReport.expect")
        found = unexpected(self, wanted)
        if found:
            raise AssertionError(f"Expected {' or '.join(wanted)}, found {found}\n{self}")
        return self

    @property
    def learning(self) -> tuple[str, ...]:
        """What learning on the results keeps and what it loses, in two lines at most."""
        return in_two_lines(self.consequences)

    @property
    def consequences(self) -> tuple[Consequence, ...]:
        """What the theory says of learning on its results."""
        return consequences(self.kind, self.kept)

    @property
    def kept(self) -> Kept | None:
        """What a copy map or an affine map keeps of distances and inner products."""
        return self.verdict.kept

    @property
    def exposures(self) -> tuple[str, ...]:
        """What images under one key give away."""
        geometry = None if self.key is None else self.key.geometry
        block = None if geometry is None or geometry.n_blocks == 1 else geometry.block
        return exposures(self.kind, self.chosen, block)

    def to_certificate(self) -> dict[str, Any]:
        """Return the map as a certificate that `etcprops check` and ``checker.py`` verify.

        Raises
        ------
        InvalidParameterError
            If the function is no bijective signed permutation.
        """
        if not isinstance(self.map, SignedPermutation):
            raise InvalidParameterError(
                "ProbeReport.to_certificate needs a bijective signed permutation. Got a function "
                f"of kind '{self.kind}'."
            )
        return self.map.to_certificate()

    def to_dict(self) -> dict[str, Any]:
        """Return the report ready for JSON; maps by their sizes, not pixel by pixel."""
        structure = self.structure
        return {
            "kind": str(self.kind),
            "headline": self.headline,
            "reason": self.reason,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "out_shape": list(self.out_shape),
            "out_dtype": self.out_dtype,
            "taken": self.taken,
            "keys": [verdict.to_dict() for verdict in self.key_verdicts],
            "queries": {"chosen": self.chosen, "described_key": self.queries, "all": self.calls},
            "failures": list(self.failures),
            "bought": self.bought,
            "quick": self.quick,
            "budget": self.budget if math.isfinite(self.budget) else None,
            "not_looked_at": list(self.not_looked_at),
            "map": _map_in_figures(self.map),
            "kept": None if self.kept is None else self.kept.to_dict(),
            "witness": None if self.witness is None else self.witness.to_dict(),
            "confirmation": None if self.confirmation is None else str(self.confirmation),
            "structure": None
            if structure is None
            else {
                "layout": structure.layout,
                "unit": list(structure.unit),
                "arrangement": structure.arrangement,
                "bits": round(structure.bits, 3),
                "statements": list(structure.statements),
                "in_block_maps": structure.in_block_maps,
                "key_recovered": structure.key is not None,
            },
            "key_audit": None if self.key_audit is None else self.key_audit.to_dict(),
            "shapes": [
                {"shape": list(s.shape), "ok": s.ok, "outcome": s.outcome} for s in self.shapes
            ],
            "findings": list(self.findings),
            "consequences": [c.to_dict() for c in self.consequences],
            "exposures": list(self.exposures),
            "isolation": str(self.isolation),
            "seconds": round(self.seconds, 3),
            "own_seconds": round(self.own_seconds, 3),
        }

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return _documents.write("etcprops.ProbeReport", _documents.finite(self.to_dict()))

    def to_html(self, name: str = "encrypt") -> str:
        """Return one HTML page that needs nothing else, with the map and the witness as pictures.

        Parameters
        ----------
        name : str, default="encrypt"
            Of the function, for the heading.

        Raises
        ------
        InvalidParameterError
            If the name is no text.
        """
        from etcprops.probing.page import render

        if not isinstance(name, str):
            reject("name", "ProbeReport.to_html", "be a str", describe(name))

        return render(self, name)

    def _repr_html_(self) -> str:
        """Show the report in a notebook."""
        from etcprops.probing.page import fragment

        return fragment(self)

    def __str__(self) -> str:
        rest = first_sentence(self.reason)[1]
        lines = [self.headline, *([f"  {rest}"] if rest else [])]
        if self.witness is not None:
            lines.append(f"  witness: {self.witness.detail}")
        if self.structure is not None:
            lines += [f"  {statement}" for statement in self.structure.statements]
        if self.confirmation is not None:
            lines.append(f"  {self.confirmation}")
        if self.key_verdicts:
            shown = [v.key for v in self.key_verdicts[:6]]
            more = len(self.key_verdicts) - len(shown)
            lines.append(f"  keys: {', '.join(shown)}{f' and {more} more' if more > 0 else ''}")
        lines += [f"  ! {finding}" for finding in self.findings]
        lines += [f"  not looked at: {what}" for what in self.not_looked_at]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"ProbeReport(kind={str(self.kind)!r}, shape={self.shape}, queries={self.queries})"


def _map_in_figures(found: FoundMap | None) -> dict[str, Any] | None:
    """Return the sizes of a map."""
    match found:
        case None:
            return None
        case SignedPermutation():
            return {"pixels": len(found), "negated": int(np.count_nonzero(found.negated))}
        case PixelMap():
            return {
                "pixels": found.size,
                "lost": int(found.lost.size),
                "duplicated": int(found.duplicated.size),
                "first_lost": found.lost[:20].tolist(),
                "first_duplicated": found.duplicated[:20].tolist(),
            }
        case AffineMap():
            shape = list(found.matrix.shape)
            entries = int(found.matrix.nnz)
            return {"shape": shape, "entries": entries, "modulus": found.modulus}
        case BitMap():
            shown = found.source >= 0
            moved = int(np.count_nonzero(found.source[shown] != np.flatnonzero(shown)))
            return {"bits": int(found.source.size), "moved": moved, "lost": int(found.lost.size)}
        case _:
            return {
                "pixels": int(found.indices.size),
                "curves": len(np.unique(found.table, axis=0)),
            }
