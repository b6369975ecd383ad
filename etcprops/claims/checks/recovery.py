"""The claim about when the assembly recovers the key: its theorem, on arrays.

Whether its hypotheses hold is told from plain images, whose neighbours are known; the key is
recovered from encrypted ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from etcprops.attacks.assembly import assemble, ratios
from etcprops.attacks.attacker import key_of
from etcprops.attacks.comparison import compare
from etcprops.attacks.frame import framed
from etcprops.attacks.poses import STEPS
from etcprops.attacks.seams import Borders, Seams, cut, find_seams
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.references import GALLAGHER_2012
from etcprops.claims.terms import EvidenceKind, Outcome, PaperSays, Scope
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey
from etcprops.scheme.pixels import decrypt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.claims.implementation import Implementation

    Images = NDArray[np.uint8]
    Integers = NDArray[np.int64]

WINS = "at each side with a neighbour the true seam costs less than every false one"
BORDER = "true seams that link all blocks are surer than each that no true one contradicts"

SURELY = 1 - 1e-4
"""What costs less by this factor does so whatever is rounded."""

DRAWS, IMAGES = 4, 32


class Margins(NamedTuple):
    """Which hypotheses hold of plain images: true neighbours win, and borders of images do not."""

    wins: bool
    border: bool


def margins(plain: Images, geometry: BlockGeometry) -> Margins:
    """Tell which hypotheses hold, from all gluings of all sides."""
    if _flat(plain, geometry):
        return Margins(wins=False, border=False)
    borders = Borders(cut(plain, geometry))
    seams = _seams(borders)
    sides, (rows, columns) = np.arange(4 * geometry.n_blocks), geometry.grid
    row, column = (np.stack(np.divmod(sides // 4, columns), axis=1) + STEPS[sides % 4]).T
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    neighbour = np.where(inside, row * columns + column, -1)
    true = (
        (seams.block == neighbour[:, None])
        & (seams.side == (sides[:, None] + 2) % 4)
        & (seams.mirrored == 0)
        & (seams.sign == 1)
        & (seams.order == 0)
    )
    best, second = seams.cost[inside, :2].T
    wins = true[inside, 0] & (best < SURELY * second) & _one_pose(borders, sides, neighbour)
    others = neighbour[4 * seams.block + seams.side]
    contradicted = (inside[:, None] & (seams.block != neighbour[:, None])) | (
        (others >= 0) & (others != sides[:, None] // 4)
    )
    ratio = ratios(seams)
    surer = true & (ratio < SURELY * ratio[~contradicted & ~true].min(initial=np.inf))
    a, b = np.nonzero(surer)
    links = coo_array((np.ones(len(a)), (a // 4, seams.block[a, b])), shape=(borders.n, borders.n))
    return Margins(bool(wins.all()), connected_components(links)[0] == 1)


def _one_pose(borders: Borders, sides: Integers, neighbour: Integers) -> NDArray[np.bool_]:
    """Tell for sides with a neighbour whether one gluing to it costs less than all others."""
    inside = neighbour >= 0
    others = 4 * neighbour[inside][:, None] + np.arange(4)
    pairs = np.broadcast_to(sides[inside][:, None], others.shape)
    costs = np.exp(borders.distances(pairs.ravel(), others.ravel()))
    of_side = np.sort(np.moveaxis(costs.reshape(-1, *others.shape), 0, 1).reshape(len(others), -1))
    return of_side[:, 0] < SURELY * of_side[:, 1]


def recovered(encrypted: Images, truth: Images, geometry: BlockGeometry) -> float:
    """Return the share of blocks that the assembly puts right, up to one motion of the whole."""
    if _flat(encrypted, geometry):
        return compare(encrypted, truth, geometry).direct
    tree = assemble(_seams(Borders(cut(encrypted, geometry))), geometry.grid)
    framed(tree.poses, tree.largest()[0], geometry.grid)
    if len(tree.joined) < geometry.n_blocks - 1:
        return 0.0
    return compare(decrypt(encrypted, key_of(tree.poses, geometry)), truth, geometry).direct


def _flat(images: Images, geometry: BlockGeometry) -> bool:
    """Tell whether every block is constant, so that no seam says anything."""
    return not np.ptp(cut(images, geometry), axis=(-2, -1)).any()


def _seams(borders: Borders) -> Seams:
    """Return what is best of each pair of a side and another block."""
    return find_seams(borders, candidates=borders.n)


def smooth_images(
    geometry: BlockGeometry, count: int, seed: int, *, periodic: bool = False
) -> Images:
    """Draw images that are linear between random grey levels at the corners of the blocks.

    Periodic ones continue at the opposite border.
    """
    rng = np.random.default_rng(seed)
    rows, columns = geometry.grid
    levels = rng.random((count, rows + 1, columns + 1, geometry.channels))
    if periodic:
        levels[:, -1], levels[:, :, -1] = levels[:, 0], levels[:, :, 0]
    down, across = (_between(blocks, geometry.block) for blocks in (rows, columns))
    pixels = np.einsum("hr,nrck,wc->nhwk", down, levels, across)
    return np.asarray(np.rint(255 * pixels), dtype=np.uint8).reshape(count, *geometry.shape)


def _between(blocks: int, side: int) -> NDArray[np.float64]:
    """Return weights of the corners at each pixel, shape (blocks * side, blocks + 1)."""
    pixels, corners = (np.arange(blocks * side) + 0.5) / side, np.arange(blocks + 1)
    return np.asarray(np.maximum(1 - np.abs(pixels[:, None] - corners), 0))


def check_key_where_true_neighbours_win(implementation: Implementation) -> Observation:
    """Recover keys of 32 smooth images whose margins are as the theorem wants them."""
    geometry, shares = BlockGeometry(48, 40, block=8), []
    for seed in range(DRAWS):
        plain = smooth_images(geometry, IMAGES, seed)
        if not all(margins(plain, geometry)):
            continue
        key = EtCKey.from_secret(geometry, f"recovery {seed}")
        encrypted = implementation.encrypt(plain, key)
        shares.append(recovered(encrypted, implementation.decrypt(encrypted, key), geometry))
    right = sum(share == 1 for share in shares)
    detail = f"margins hold in {len(shares)} of {DRAWS} draws, the key is recovered in {right}"
    return Observation(right == len(shares) if shares else None, detail)


RECOVERY_CLAIMS = (
    Claim(
        "margins-recover-the-key",
        "From encrypted images under one key the assembly of blocks recovers places, turns, signs "
        "and orders of components of all blocks, up to one motion of the whole.",
        "not in the paper: when 'jigsaw puzzle solver attacks' (section 2) succeed for certain",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        hypotheses=(WINS, BORDER),
        checks=(Check(check_key_where_true_neighbours_win, EvidenceKind.END_TO_END),),
        note="How many images make true neighbours win is in docs/explanation/recovery.md. A seam "
        "is contradicted by a true one that joins one of its sides to another block. Real images "
        "are recovered earlier: where some neighbours lose, loops are checked and blocks put anew, "
        "of which no theorem speaks.",
        references=(GALLAGHER_2012,),
    ),
)
