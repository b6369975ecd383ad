"""The ledger as a Markdown table: which claim is shown by what, in which notebook and theorem.

``python -m etcprops.claims.table > proofs/README.md`` writes the page, and
``python -m etcprops.claims.table --check proofs/README.md`` fails if it is out of date. Nothing is
run for it: the outcomes are those that ``etcprops verify`` must arrive at, or fail.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from etcprops.claims.catalogue import CLAIMS
from etcprops.claims.checks.formal import Proofs
from etcprops.claims.model import Claim, EvidenceKind
from etcprops.claims.proofs import PROOFS
from etcprops.theory.theorems import theorem

COMMAND = "python -m etcprops.claims.table > proofs/README.md"

OPENING = f"""\
# Proofs

<!-- Written by `{COMMAND}`; do not edit. -->

Every claim of the ledger: where the paper has it, what is true, how that is known, and where to
read the proof. `etcprops verify` derives each outcome again from the evidence, and fails if another
one comes out. A claim with hypotheses is refuted without any one of them.

- **The notebooks** tell each family of theorems for people: statement, reason, proof by hand,
  checks, pictures. `template.ipynb` is where the next one starts.
- **`coq/`** has the same theorems for all sizes, keys, images and data sets, checked by machine
  from nothing: no axiom, nothing admitted. `python -m etcprops.theory.coq` compiles them, asks Coq
  what each assumes, and lets `coqchk` check them again with all libraries. It takes Coq 8.16 and
  mathcomp 1.15; on Debian 12 `apt-get install --no-install-recommends coq libcoq-mathcomp-algebra
  libcoq-mathcomp-algebra-tactics` has them.
- **From proof to code**: `Executable.v` has the encryption as a program, proved equal to that of
  the theorems. `make_vectors.py` lets Coq evaluate it, and the tests compare `encrypt` and
  `encryption_matrix` with the results in `tests/vectors/`.

What the theorems do not say: that an optimum is unique. The optima of a support vector machine or
of a linear model on plain and on encrypted images correspond; which one a solver returns, where
there are several, is the solver's. Principal components correspond for a matched choice of signs,
and of axes where eigenvalues are equal. And they are about exact arithmetic, except where they name
float64.
"""

HEADER = """\
| claim | in the paper | outcome | speaks of | evidence | notebook | theorems in Coq |
|---|---|---|---|---|---|---|
"""


SOURCES = """\
## Sources besides the paper
"""


def page() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown, for the folder ``proofs/``.

    Examples
    --------
    >>> page().splitlines()[0]
    '# Proofs'
    """
    return f"{OPENING}\n{HEADER}{''.join(map(_row, CLAIMS))}\n{SOURCES}\n{_sources()}"


def _row(claim: Claim) -> str:
    proofs = PROOFS.get(claim.name, Proofs())
    if not claim.checks:
        proofs = Proofs()
    statement = "<br>".join(
        [f"**{claim.name}** {claim.statement}", *(f"*if* {h}" for h in claim.hypotheses)]
    )
    notebook = f"[{proofs.notebook}]({proofs.notebook}.ipynb)" if proofs.notebook else ""
    links = []
    for name in proofs.all_theorems:
        found = theorem(name)
        links.append(f"[{name}]({found.link})")
    scope = claim.scope.replace("-", " ")
    cells = [statement, claim.source, str(claim.expected), scope, _evidence(claim), notebook]
    return "| " + " | ".join(_cell(cell) for cell in [*cells, "<br>".join(links)]) + " |\n"


def _sources() -> str:
    """Return the list of references, each with the claims that build on it."""
    used: dict[str, list[str]] = {}
    for claim in CLAIMS:
        for reference in claim.references:
            used.setdefault(reference, []).append(claim.name)
    return "".join(f"- {reference}: {', '.join(used[reference])}\n" for reference in sorted(used))


def _evidence(claim: Claim) -> str:
    """Return the kinds of evidence, strongest first, for the claim and against what it is not."""
    direct = {c.kind for c in claim.checks if c.without is None}
    without = {c.kind for c in claim.checks if c.without is not None}
    parts = [", ".join(str(s) for s in EvidenceKind if s in direct)]
    if without:
        parts.append(
            "without a hypothesis: " + ", ".join(str(s) for s in EvidenceKind if s in without)
        )
    return "<br>".join(parts)


def _cell(text: str) -> str:
    """Return text that stays in one cell."""
    return " ".join(text.replace("|", "\\|").split())


def main(arguments: list[str] | None = None) -> int:
    """Write the page to stdout, or compare a file with it."""
    parser = argparse.ArgumentParser(prog="python -m etcprops.claims.table")
    parser.add_argument("--check", type=Path, metavar="FILE", help="fail if FILE is out of date")
    wanted = parser.parse_args(arguments).check
    if wanted is None:
        sys.stdout.write(page())
        return 0
    if wanted.is_file() and wanted.read_text() == page():
        return 0
    sys.stderr.write(f"{wanted} is out of date. Write it again: {COMMAND}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
