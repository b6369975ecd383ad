"""What the claims about learning on compressed pictures say of a case."""

from __future__ import annotations

from typing import Final

import numpy as np

from etcprops.claims.case import Case
from etcprops.claims.checks.coefficients import EXACT_STEPS
from etcprops.claims.checks.compressed_learning import EXACT_FILES, SCALE, coded_rows
from etcprops.claims.checks.compression import WHOLE_BLOCKS
from etcprops.claims.search import Statement, same
from etcprops.formats.quantization import SIDE
from etcprops.scheme.geometry import BlockGeometry


def learning_through_exact_jpeg(case: Case) -> None:
    """Compare kernels of coefficients of plain and of encrypted pictures, bit for bit."""
    from etcprops.exact.kernels import ExactKernel
    from etcprops.exact.scaler import ExactStandardScaler

    side = case.choose("side of the blocks", (8, 16) if case.assumes(WHOLE_BLOCKS) else (4, 12))
    least = side * SIDE // int(np.gcd(side, SIDE))
    rows, columns = (least * case.integer(name, 1, 2) for name in ("rows", "columns"))
    key = case.key(BlockGeometry(rows, columns, block=side), EXACT_STEPS)
    images = case.images(key.geometry, 4)
    quality = case.integer("quality", 30, 95)
    kernel = ExactKernel(case.choose("kernel", ("linear", "rbf", "poly")), gamma=0.01)
    scaled = case.choose("scaling", ("none", "z-score")) == "z-score"
    matrices = []
    for pictures in (images, case.encrypted(images, key)):
        coded = coded_rows(pictures, quality, exact=case.assumes(EXACT_FILES))
        if scaled:
            whole = np.rint(coded * SCALE).astype(np.int32)
            coded = ExactStandardScaler().fit_transform(whole)
        matrices.append(kernel(coded))
    same(matrices[1], matrices[0], "kernel matrices differ")


COMPRESSED_LEARNING_STATEMENTS: Final[dict[str, Statement]] = {
    "learning-through-exact-jpeg": learning_through_exact_jpeg
}
"""By the name of the claim."""
