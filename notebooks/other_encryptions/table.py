"""From a report of the probe to a line of the table."""

from __future__ import annotations

from typing import Any, Final

COLUMNS: Final = (
    "project",
    "release",
    "function",
    "shape",
    "keys",
    "kind",
    "key",
    "even",
    "structure",
    "bits",
    "lossless",
    "exact",
    "findings",
    "calls",
    "seconds",
    "own_seconds",
    "probed",
)
UNEVEN: Final = (
    *("Not uniform", "Exactly half", "does not depend on the key", "for every "),
    *("are cyclic shifts of others", "maps of all keys commute"),
)
BIJECTIVE: Final = ("identity", "permutation", "signed permutation")


def columns(row: dict[str, Any], probed: str) -> dict[str, Any]:
    """Return the line for what `worker` found out about a function."""
    report = row["report"]
    audit = report["key_audit"]
    bits = (audit or {}).get("effective_bits")
    return {
        "project": row["package"],
        "release": row["version"][:12],
        "function": row["function"],
        "shape": " x ".join(map(str, report["shape"])),
        "keys": len(report["keys"]),
        "kind": report["kind"],
        "key": key_use(report),
        "even": evenness(report),
        "structure": structure(report),
        "bits": "" if bits is None else round(bits),
        "lossless": {True: "yes", False: "no", None: ""}[row["lossless"]],
        "exact": f"{row['exact']} of {row['families']}",
        "findings": " | ".join(told(report)),
        "calls": report["queries"]["all"],
        "seconds": round(report["seconds"], 1),
        "own_seconds": round(report["own_seconds"], 1),
        "probed": probed,
    }


def key_use(report: dict[str, Any]) -> str:
    """Return how the key is used."""
    audit = report["key_audit"]
    if not report["keys"]:
        return "takes none"
    if len(report["keys"]) == 1:
        return "one was tried"
    if audit is None or audit["keys_used"] is None:
        return "cannot be told"
    if not audit["keys_used"]:
        return "unused"
    if audit["distinct_maps"] < audit["n_keys"]:
        return f"{audit['distinct_maps']} maps of {audit['n_keys']} keys"
    return "used"


def evenness(report: dict[str, Any]) -> str:
    """Return whether keys were found to draw evenly: "yes", "no", or "" if that was not tested."""
    audit = report["key_audit"]
    if audit is None or not audit["keys_used"]:
        return ""
    if any(part in finding for finding in audit["findings"] for part in UNEVEN):
        return "no"
    return "yes" if audit["tests"] else ""


def structure(report: dict[str, Any]) -> str:
    """Return what moves, and how it is arranged."""
    found = report["structure"]
    if found is None:
        return ""
    first = found["statements"][0].split(";")[0]
    arrangement = found["arrangement"]
    return first if arrangement == "free" else f"{first}, {arrangement}"


def told(report: dict[str, Any]) -> list[str]:
    """Return the reason of what is no permutation, and the findings, without shapes and words."""
    reason = [] if report["kind"] in BIJECTIVE else [report["reason"]]
    quiet = ("Shape", "What was taken", "It prints", "It takes no key", "Too few keys")
    return reason + [f for f in report["findings"] if not f.startswith(quiet)]
