"""The words of the ledger: outcomes, kinds of evidence, findings, and what they are about."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a claim."""

    HOLDS = "holds"
    HOLDS_IF = "holds-if"
    IN_DISTRIBUTION = "in-distribution"
    FAILS = "fails"
    PENDING = "pending"


class EvidenceKind(StrEnum):
    """How a piece of evidence was gained, and so how far it reaches; see the README's table."""

    MACHINE_CHECKED = "machine-checked"
    SMT = "smt"
    SYMBOLIC = "symbolic"
    EXACT = "exact"
    FUZZED = "fuzzed"
    END_TO_END = "end-to-end"
    REFUTATION = "refutation"


class Finding(StrEnum):
    """What one check found about its claim's statement.

    Only the first two count. `RECORDED` is what was shown elsewhere and cannot be shown again here,
    `UNKNOWN` what a solver gave up on, or samples left open, `SKIPPED` what was not looked at, for
    want of what `Needs` names, and `NOT_APPLICABLE` what has no meaning for what is under test.
    """

    SUPPORTS = "supports"
    REFUTES = "refutes"
    RECORDED = "recorded"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not-applicable"
    RAISED = "raised"


class Needs(StrEnum):
    """What a check was skipped for."""

    DATA = "--data"
    DEEP = "--deep"
    SOLVER = "z3"
    COQ = "Coq"
    JPEGLIB = "jpeglib"


class PaperSays(StrEnum):
    """How the paper stands to a statement."""

    STATED = "stated"
    """It says so."""
    IMPLIED = "implied"
    """It follows from what it says, or what it says follows from it."""
    LITERAL = "literal"
    """It says so if it is read literally, of computers: it speaks of real numbers."""
    SILENT = "silent"
    """It does not speak of it."""
    CONTRARY = "contrary"
    """It says or implies the contrary."""


class Sense(StrEnum):
    """What a check compares."""

    PATH = "path"
    """Results, one by one, under one key and one seed."""
    DISTRIBUTION = "distribution"
    """Distributions of results over seeds or keys: computed exactly, or tested by samples."""


class Scope(StrEnum):
    """What arithmetic a statement speaks of. One that fails, fails in the easiest of its scopes."""

    EXACT = "exact-arithmetic"
    """Integers, rationals or real numbers, without rounding; of pixels that is what is computed."""
    ROUNDED = "up-to-rounding"
    """Decisions in floating point, where a margin is larger than what rounding may do."""
    BITS_ALIKE = "bits-on-one-machine-with-one-number-of-threads"
    """The same doubles wherever the same machine adds in the same order."""
    BITS_ANY_THREADS = "bits-on-one-machine-with-any-number-of-threads"
    """The same doubles on the same machine, with the same libraries."""
    BITS_EVERYWHERE = "bits-on-every-machine"
    """The same doubles on every machine that rounds as IEEE 754 says."""
    MEASURED = "rates-of-an-experiment"
    """Shares of decisions on the images at hand."""
