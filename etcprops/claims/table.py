"""The pages about the proofs: the table of the ledger, each claim, and what is not proved.

``python -m etcprops.claims.table`` writes them into the working copy, and with ``--check`` it fails
if one is out of date. Nothing is run for them: the outcomes are those that ``etcprops verify`` must
arrive at, or fail.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from etcprops.claims import record, unproved
from etcprops.claims.catalogue import CLAIMS
from etcprops.claims.checks.formal import Proofs
from etcprops.claims.diagrams import diagram_of_claim, diagram_of_files
from etcprops.claims.model import Claim, kind_label
from etcprops.claims.proofs import PROOFS
from etcprops.claims.refuting import REFUTED_BY
from etcprops.claims.terms import EvidenceKind, Outcome
from etcprops.theory.theorems import allowed_axioms, find_theorems, reals_folder, theorem

COMMAND = "python -m etcprops.claims.table"
WRITTEN = f"<!-- Written by `{COMMAND}`; do not edit. -->"

OPENING = f"""\
# Proofs

{WRITTEN}

Every claim of the ledger, a line each. `etcprops verify` derives each outcome again from the
evidence, and fails if another one comes out. A claim with hypotheses is refuted without any one of
them.

- [claims.md](claims.md): each claim with statement, hypotheses, theorems, what would refute it, and
  which theorem stands on which.
- [What is not proved](../docs/explanation/not-proved.md): claims without a theorem, and what none
  says.
- [What must be believed](../docs/explanation/trusted-base.md): Coq's kernel, libraries, processors.
- The notebooks: each family of theorems for people, with pictures; `template.ipynb` is where the
  next one starts.
- [coq](coq): the theorems for all sizes, keys, images and data sets; no axiom, nothing admitted.
- [coq/reals](coq/reals): those over the real numbers, which stand on four axioms.
"""

CHECKING = """\
## Check them

```bash
python -m etcprops.theory.coq --fresh          # compile now; what is assumed; coqchk, libraries too
python -m etcprops.theory.coq --fresh --reals  # the same of coq/reals, against its list AXIOMS
python -m etcprops.theory.coq                  # ask what is kept; compile it if nothing is
```

It takes Coq 8.16 and mathcomp 1.15; on Debian 12 `apt-get install --no-install-recommends coq
libcoq-mathcomp-algebra libcoq-mathcomp-algebra-tactics` has them, and `libcoq-flocq` what
`coq/reals` needs. What is said then differs:

- *compiled now*.
- *compiled on a date on this machine*: the sources, Coq and all libraries are the same, the files
  in the user's cache are those that were compiled (to the byte those of the record, if that is of
  the same libraries), and Coq was asked again what each theorem assumes.
- *recorded*: Coq is absent. That supports nothing.

A cache is as good as the permissions of its folder. One that others can write is not used; yet who
can write it as you can forge compiled files, unless there is a record of the same libraries.
`--fresh` believes none.

**From proof to code**: `Executable.v` has the encryption as a program, proved equal to that of the
theorems. `make_vectors.py` lets Coq evaluate it, and the tests compare `encrypt` and
`encryption_matrix` with the results in `tests/vectors/`.
"""

DETAILS = f"""\
# The claims

{WRITTEN}

In each diagram an arrow leads from a theorem to one that its proof names; lemmas between theorems
are left out, and theorems with a thick border are those that the claim cites.
[README.md](README.md) has the table.
"""

HEADER = """\
| claim | outcome | the paper | theorems | other evidence | notebook |
|---|---|---|--:|---|---|
"""


COUNTED_APART = {EvidenceKind.MACHINE_CHECKED, EvidenceKind.REFUTATION}
"""Kinds of evidence that the table's other columns tell of."""


LOOKING = {EvidenceKind.EXACT, EvidenceKind.FUZZED, EvidenceKind.END_TO_END}
"""Kinds of evidence that come from running the encryption on images."""


def page() -> str:
    """Return the table of all claims.

    Returns
    -------
    str
        Markdown, for the folder ``proofs/``.

    Examples
    --------
    >>> page().splitlines()[0]
    '# Proofs'
    """
    table = f"## The ledger\n\n{HEADER}{''.join(map(_row, CLAIMS))}"
    legend = (
        "*The paper* states the claim, implies it, says it if read literally of computers, is "
        "silent on it, or says the contrary. Theorems are for all sizes: *a+b* are those that "
        "support the claim and those that refute it, as it stands or without a hypothesis; a star "
        "stands for the four axioms of the real numbers. Each claim that fails, and each "
        "hypothesis left out, has a counterexample that is found again at every run."
    )
    files = (
        "## Which file stands on which\n\nWith the number of theorems and lemmas of each. An arrow "
        "leads to a file whose theorems are used; what follows from longer ways is left out.\n\n"
        f"{diagram_of_files()}\n"
    )
    sources = f"## Sources besides the paper\n\n{_sources()}"
    return "\n".join([OPENING, table, f"{legend}\n", CHECKING, files, sources])


def details() -> str:
    """Return the page with each claim: statement, evidence, theorems, refutation, diagram."""
    return "\n".join([DETAILS, *map(_section, CLAIMS)])


def _proofs(claim: Claim) -> Proofs:
    return PROOFS.get(claim.name, Proofs())


def _row(claim: Claim) -> str:
    proofs = _proofs(claim)
    supporting = len(proofs.theorems) + len(proofs.over_reals)
    refuting = len(proofs.all_theorems) - supporting
    star = "\\*" if proofs.over_reals else ""
    count = f"{supporting or ''}{f'+{refuting}' if refuting else ''}{star}"
    kinds = {check.kind for check in claim.checks} - COUNTED_APART
    other = ", ".join(str(kind) for kind in EvidenceKind if kind in kinds).replace(" ", "&nbsp;")
    notebook = f"[{proofs.notebook[:2]}]({proofs.notebook}.ipynb)" if proofs.notebook else ""
    link = f"[{claim.name}](claims.md#{claim.name})"
    cells = [link, str(claim.expected), str(claim.paper), count, other, notebook]
    return f"| {' | '.join(cells)} |\n"


def _section(claim: Claim) -> str:
    """Return what there is to say of a claim."""
    proofs = _proofs(claim)
    lines = [f"## {claim.name}", "", f"**{claim.expected}.** {claim.statement}", ""]
    lines += [f"- *if* {hypothesis}" for hypothesis in claim.hypotheses]
    lines.append(f"- In the paper ({claim.paper}): {claim.source}")
    lines.append(f"- Speaks of: {claim.scope.replace('-', ' ')}")
    if claim.checks:
        lines.append(f"- Evidence: {_evidence(claim, proofs)}")
    else:
        lines.append("- Evidence: none yet")
    subject = "That it fails would" if claim.expected is Outcome.FAILS else "Would"
    lines.append(f"- {subject} be refuted by: {REFUTED_BY[claim.name]}")
    direct = (check for check in claim.checks if check.without is None)
    looks = [check.summary for check in direct if check.kind in LOOKING]
    if looks:
        lines.append(f"- Each run looks for that: {' '.join(looks)}")
    if claim.name in unproved.UNPROVED:
        lines.append("- No theorem: see [what is not proved](../docs/explanation/not-proved.md)")
    lines += _theorem_lines(proofs)
    if proofs.notebook:
        lines.append(f"- Told in [{proofs.notebook}]({proofs.notebook}.ipynb)")
    if claim.note:
        lines += ["", claim.note]
    diagram = diagram_of_claim(proofs)
    if "-->" in diagram:
        lines += ["", diagram]
    return "\n".join([*lines, ""])


def _theorem_lines(proofs: Proofs) -> list[str]:
    lines = []
    if proofs.theorems:
        lines.append(f"- Theorems: {_links(proofs.theorems)}")
    if proofs.over_reals:
        axioms = ", ".join(f"`{name}`" for name in allowed_axioms(reals_folder()))
        lines.append(f"- Theorems on the axioms {axioms}: {_links(proofs.over_reals)}")
    for without, names in proofs.counterexamples.items():
        of_what = f"Without *{without}*" if without else "Counterexamples"
        lines.append(f"- {of_what}: {_links(names)}")
    return lines


def _links(names: tuple[str, ...]) -> str:
    return ", ".join(f"[{name}]({theorem(name).link})" for name in names)


def _evidence(claim: Claim, proofs: Proofs) -> str:
    """Return the kinds of evidence, strongest first, for the claim and against what it is not."""
    axioms = len(allowed_axioms(reals_folder())) if proofs.over_reals else 0
    label = {kind: str(kind) for kind in EvidenceKind}
    if not proofs.theorems and axioms:
        label[EvidenceKind.MACHINE_CHECKED] = kind_label(EvidenceKind.MACHINE_CHECKED, axioms)
    direct = {c.kind for c in claim.checks if c.without is None}
    without = {c.kind for c in claim.checks if c.without is not None}
    parts = [", ".join(label[kind] for kind in EvidenceKind if kind in direct)]
    if without:
        listed = ", ".join(str(kind) for kind in EvidenceKind if kind in without)
        parts.append(f"without a hypothesis: {listed}")
    return "; ".join(parts)


def _sources() -> str:
    """Return the list of references, each with the claims that build on it."""
    used: dict[str, list[str]] = {}
    for claim in CLAIMS:
        for reference in claim.references:
            used.setdefault(reference, []).append(claim.name)
    return "".join(f"- {reference}: {', '.join(used[reference])}\n" for reference in sorted(used))


def what_is_not_proved() -> str:
    """Return the page on what no theorem says."""
    return unproved.page(CLAIMS, PROOFS, len(find_theorems()), WRITTEN)


PAGES: dict[str, Callable[[], str]] = {
    "proofs/README.md": page,
    "proofs/claims.md": details,
    "docs/explanation/not-proved.md": what_is_not_proved,
    "etcprops/claims/record.json": lambda: record.written(CLAIMS),
}
"""Each page, and the record of the evidence, below the working copy."""


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or compare the files with them."""
    parser = argparse.ArgumentParser(prog=COMMAND)
    parser.add_argument("--check", action="store_true", help="fail if a page is out of date")
    parser.add_argument(
        "--folder", type=Path, default=Path(), metavar="DIR", help="the working copy; default: here"
    )
    wanted = parser.parse_args(arguments)
    status = 0
    for name, written in PAGES.items():
        path = wanted.folder / name
        if not wanted.check:
            path.write_text(written(), encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != written():
            sys.stderr.write(f"{name} is out of date. Write it again: {COMMAND}\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
