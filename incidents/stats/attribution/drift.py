"""Use that moves over time: a launched model, a version that spreads, a platform that grows.

Without it the background expects yesterday's mix, and the users of a new value pass for an excess. The mix moves by
factors per dimension: r_d(v) = share of value v in block d over its mean share. In a ticket that names the value the
factor is the same for background and excess and cancels; it matters for expectations, and for tickets that leave the
dimension open.
"""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import CaseEvidence, Floats, Ints
from incidents.stats.attribution.lattice import Lattice

MOST_FACTOR = 50.0
EVIDENT_ABSENCE = 10.0  # expected tickets of a value in the blocks without any, from which it counts as not yet there
SMOOTH_BLOCKS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Factors per block and level of each dimension that moves; `axis` numbers the lattice's dimensions."""

    factors: dict[int, Floats]  # axis -> (D, levels)
    share: dict[int, Floats]  # axis -> (levels,) mean share

    def of_scope(self, axis: int, member: Floats) -> Floats:
        """Return the factor of a set of levels, `member` (levels,) 0..1 (D,)."""
        share = self.share[axis] * member
        return self.factors[axis] @ share / max(float(share.sum()), 1e-12)


def measure_drift(evidence: CaseEvidence, lattice: Lattice, usage: Floats, block: Ints, cell_axis: Ints) -> Drift:
    """Return how use moved: from usage over time where it is counted, else launches and ends seen in the tickets.

    `cell_axis` (n_axes, n_cells) level of each cell of the evidence, the number of levels where it is unknown.
    """
    factors: dict[int, Floats] = {}
    shares: dict[int, Floats] = {}
    n_blocks = int(block[-1]) + 1 if len(block) else 0
    counted = dict(evidence.usage_over_time)
    for axis, (dim, level) in enumerate(zip(lattice.dims, lattice.levels, strict=True)):
        size = lattice.shape[axis]
        mean = usage.sum(axis=tuple(b for b in range(usage.ndim) if b != axis))
        if dim in counted:
            over_time = np.zeros((n_blocks, size))
            for value in range(len(level)):
                over_time[:, level[value]] += tally(block, counted[dim][:, value], n_blocks)
            total = over_time.sum(1, keepdims=True)
            seen = over_time / np.maximum(total, 1e-300)
            seen[total[:, 0] <= 0] = mean
        else:
            learnt = _launches(block[evidence.cell_bin], cell_axis[axis], evidence.cell_count, n_blocks, size)
            if learnt is None:
                continue
            seen = learnt
        factors[axis] = np.clip(seen / np.maximum(mean, 1e-9), 0.0, MOST_FACTOR)
        shares[axis] = mean
    return Drift(factors=factors, share=shares)


def _launches(cell_block: Ints, level: Ints, count: Floats, n_blocks: int, size: int) -> Floats | None:
    """Return shares per block and level where a level was clearly absent at first or at last, else None."""
    known = level < size
    table = tally(cell_block[known] * size + level[known], count[known], n_blocks * size).reshape(n_blocks, size)
    total = table.sum(1)
    if total.sum() < 50:
        return None
    moving = []
    for v in range(size):
        present = np.flatnonzero(table[:, v] > 0)
        if not len(present):
            continue
        first, last = int(present[0]), int(present[-1]) + 1
        share = table[first:last, v].sum() / max(total[first:last].sum(), 1e-9)
        if share < 0.98 and max(total[:first].sum(), total[last:].sum()) * share > EVIDENT_ABSENCE:
            moving.append(v)
    if not moving or len(moving) == size:
        return None
    distance = (np.arange(n_blocks)[:, None] - np.arange(n_blocks)) / SMOOTH_BLOCKS
    kernel = np.exp(-0.5 * distance**2)
    smooth = (kernel @ table) / np.maximum(kernel @ total, 1e-9)[:, None]
    for v in moving:
        present = np.flatnonzero(table[:, v] > 0)
        smooth[: present[0], v] = 0.0
        smooth[present[-1] + 1 :, v] = 0.0
    rest = [v for v in range(size) if v not in moving]
    mean = table[:, rest].sum(0) / max(table[:, rest].sum(), 1e-9)
    out = np.zeros((n_blocks, size))
    out[:, moving] = smooth[:, moving]
    out[:, rest] = (1.0 - out[:, moving].sum(1, keepdims=True)) * mean
    return np.maximum(out, 0.0)
