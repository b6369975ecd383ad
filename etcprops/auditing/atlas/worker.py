"""The process in which cells run: reads one as JSON from stdin, writes its row to stdout.

Started by `isolation` as ``python -m etcprops.auditing.atlas.worker``. Whatever a model does to the
process (a crash, memory that runs out, an endless loop) ends here.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Serve cells until stdin ends."""
    # Models print: their stdout becomes stderr, and the rows have a channel of their own.
    rows = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    import sklearn.utils
    from threadpoolctl import threadpool_limits

    from etcprops.auditing.atlas.cells import AtlasCell
    from etcprops.auditing.atlas.rows import run_cell

    sklearn.utils.all_estimators()  # imports all of scikit-learn before the clock runs

    def send(document: object) -> None:
        rows.write(json.dumps(document) + "\n")
        rows.flush()

    # Cells run side by side: one thread each. And sums do not depend on the number of threads.
    with threadpool_limits(1):
        send("ready")
        for line in sys.stdin:
            try:
                send(run_cell(AtlasCell.from_dict(json.loads(line))).to_dict())
            except Exception as error:  # noqa: BLE001  # an error costs its own row only
                send({"raised": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
