"""The command line: exit statuses, messages, files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from helpers import Run, command_line

from etcprops import claims, cli
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.terms import EvidenceKind, Outcome, PaperSays, Scope


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``etcprops`` in this process, as wide as a wide terminal."""
    return command_line(monkeypatch, capsys)


QUICK = ("verify", "--claims", "raw-inner-products,sixteen-codes", "--geometry", "8x8/4")


def test_verify_prints_claims_evidence_and_a_summary(run: Run) -> None:
    result = run(*QUICK)
    assert result.status == 0
    for part in ("raw-inner-products", "differ,", "refutation", "fails", "2 claims: 2 fails"):
        assert part in result.out


def test_json_on_stdout_is_nothing_but_json(run: Run) -> None:
    result = run(*QUICK, "--json", "-")
    document = json.loads(result.out)
    assert document["ok"] is True
    assert [row["claim"] for row in document["rows"]] == ["raw-inner-products", "sixteen-codes"]
    assert "2 claims" in result.err


def test_files_are_written_whole(run: Run, tmp_path: Path) -> None:
    page, data = tmp_path / "ledger.html", tmp_path / "ledger.json"
    page.write_text("old")
    assert run(*QUICK, "--html", str(page), "--json", str(data)).status == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "raw-inner-products" in text
    assert "data:image/png;base64," in text
    assert "http" not in text, "the page must need nothing from elsewhere"
    assert json.loads(data.read_text())["version"] == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ledger.html", "ledger.json"]
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    assert data.stat().st_mode == ordinary.stat().st_mode


def test_list_names_every_claim(run: Run) -> None:
    out = run("verify", "--list").out
    assert all(claim.name in out for claim in claims.CLAIMS)


def test_an_unexpected_outcome_is_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_nothing(_implementation: claims.Implementation) -> Observation:
        """Find a counterexample where none is expected."""
        return Observation(False, "seven is not even")

    wrong = Claim(
        "all-even",
        "Every number is even.",
        "nowhere",
        Outcome.HOLDS,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        checks=(Check(check_nothing, EvidenceKind.EXACT),),
    )
    monkeypatch.setattr("etcprops.claims.runner.CLAIMS", (wrong,))
    result = run("verify")
    assert result.status == 1
    assert "NOT AS EXPECTED all-even: expected holds, found fails" in result.out
    assert "seven is not even" in result.out


MISTAKES = {
    "unknown claim": (("--claims", "z-scor"), "'--claims' parameter of etcprops verify"),
    "geometry in words": (("--geometry", "small"), "'--geometry' parameter of etcprops verify"),
    "block does not divide": (
        ("--geometry", "100x100"),
        "96x96 is the nearest size of blocks of 8, and of 100x100 these are: /5, /10, /20.",
    ),
    "no block divides": (
        ("--geometry", "101x97x3"),
        "be of whole blocks. Got '101x97x3': 104x96 is the nearest size of blocks of 8.",
    ),
    "no height": (("--geometry", "0x8"), "'height' parameter"),
    "nearly a claim": (
        ("--claims", "decryption-invert"),
        "Did you mean 'decryption-inverts'?",
    ),
    "two channels": (("--geometry", "8x8x2"), "be 1 (grey) or 3 (colour). Got 2"),
    "empty secret": (("--secret", ""), "'--secret' parameter of etcprops verify"),
    "no such data": (("--data", "no-such-file.zip"), "no-such-file.zip"),
    "no such folder": (("--html", "no-such-folder/ledger.html"), "existing folder"),
    "a folder": (("--json", "."), "which is a folder"),
    "unknown option": (("--colour",), "No such option"),
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_status_2_and_a_message(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    result = run("verify", *arguments)
    assert result.status == 2
    assert message in " ".join(result.err.split())
    assert "Traceback" not in result.err
    assert not result.out


def test_the_module_runs() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "etcprops", "--version"], capture_output=True, text=True, check=True
    )
    assert process.stdout.startswith("etcprops 0.")


COMMANDS = sorted(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_shows_all_that_it_says(run: Run, name: str) -> None:
    """What stands in brackets is swallowed as markup unless it is escaped."""
    help_of = run(name, "--help")
    assert help_of.status == 0
    shown = re.sub(r"[\s│]+", "", help_of.out)
    command = typer.main.get_command(cli.app).commands[name]  # type: ignore[attr-defined]
    for parameter in command.params:
        text = (getattr(parameter, "help", None) or "").replace("\\[", "[")
        if not getattr(parameter, "hidden", False):
            assert re.sub(r"\s+", "", text) in shown, parameter.name
    assert run(name, "-h").out == help_of.out


def test_completion_can_be_installed(run: Run) -> None:
    assert "--install-completion" in run("--help").out
