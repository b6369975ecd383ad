"""Readers of what others made: the corpus that coverage-guided fuzzing has kept, and near it.

`nox -s fuzz` looks for more. Any bytes are read, or refused in the reader's own way.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from attempts import folder_of_files, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from parsers import CORPUS, PARSERS, parse
from values import near_bytes, near_text

FILES = {name: sorted((CORPUS / name).iterdir()) for name in PARSERS}
JSON = ("atlas_row", "certificate", "coq_report", "fingerprint", "key", "study_part", "vectors")


@pytest.fixture(scope="module", autouse=True)
def _folder() -> Iterator[None]:
    with folder_of_files():
        yield


@pytest.mark.parametrize("name", PARSERS)
def test_the_corpus_is_read_or_refused(name: str) -> None:
    """And its seeds, which begin so, are read: but for the record, which needs its secret."""
    for path in FILES[name]:
        ended = parse(name, path.read_bytes())
        assert ended == "accepted" or not path.name.startswith("seed"), path


@pytest.mark.parametrize("name", PARSERS)
@fuzzed(12, 4)
@given(data=st.data())
def test_any_bytes_are_read_or_refused(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(FILES[name]), label="near").read_bytes()
    if name in JSON and data.draw(st.integers(0, 3)):
        try:
            text = data.draw(near_text(seed.decode()), label="text")
        except ValueError:  # a file of the corpus that is no JSON
            return
        parse(name, text.encode("utf-8", "surrogatepass"))
    else:
        parse(name, data.draw(near_bytes(seed), label="bytes"))


def test_the_corpus_is_small() -> None:
    sizes = [path.stat().st_size for files in FILES.values() for path in files]
    assert sum(sizes) < 300_000
    assert Path(CORPUS).is_dir()
