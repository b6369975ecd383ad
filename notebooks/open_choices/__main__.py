"""Study: the choices, of those that the paper leaves open, that come nearest to its tables.

``python notebooks/open_choices --data CroppedYale.zip --out DIR`` tries seven reductions, three
normalizations, three score rules and 96 SVMs; interrupted, the same command goes on. What it wrote
for the real data is in ``notebooks/data/yale-search*.csv``, and ``06_reproduction.ipynb`` shows it.
"""

from __future__ import annotations

import sys

import typer
from study import app

from etcprops._validation import InvalidParameterError

if __name__ == "__main__":
    try:
        app()
    except InvalidParameterError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(2)
