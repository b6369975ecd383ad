"""Claims about the compression of encrypted images, which EtC images are made for."""

from __future__ import annotations

from etcprops.claims.model import Claim, Outcome, PaperSays, Scope
from etcprops.claims.references import KURIHARA_2015

WHOLE_BLOCKS = "the side of the blocks is a multiple of 8, as JPEG's blocks are 8 x 8"
BLOCKS_ALONE = "the key has block scramble alone"
NOT_SUBSAMPLED = "colour is not sub-sampled"

COMPRESSION_CLAIMS = (
    Claim(
        "jpeg",
        "Compressing a scrambled image by JPEG and scrambling a compressed one give the same "
        "pixels.",
        "not in the paper, whose images were 'proposed for EtC systems with JPEG compression' "
        "(section 1)",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_ANY_THREADS,
        hypotheses=(WHOLE_BLOCKS, BLOCKS_ALONE, NOT_SUBSAMPLED),
        note="JPEG treats its blocks one by one and alike. Rotation and inversion meet tables of "
        "quantization that are not symmetric, and the negative-positive transform rounding that is "
        "not: with these steps the two differ by some grey levels.",
        references=(KURIHARA_2015,),
    ),
)
