"""The cells on which candidates are fitted: all of them in small cases, a few thousand merged ones in large ones.

For one candidate the likelihood depends on a report only through a few ratios: its chance of lying in scope, and each
excess relative to the background. Kinds of report with nearly the same ratios are merged (splitting the coarsest group
first, as in a k-d tree), so that a million tickets cost hardly more than ten thousand. The time of a cell stays.
"""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.base import Base, State
from incidents.stats.attribution.clustering import cluster
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.attribution.exposed import Exposure

MERGE_FROM = 25_000  # cells; fewer are fitted one by one
BLOCKS_FROM = 60_000  # cells from which time is merged to whole blocks
CLASSES = 120  # kinds of report kept apart per symptom


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Cells sorted by (block, symptom). A row is a kind of report with one symptom, or a class of such."""

    count: Floats  # (N,)
    time: Ints  # (N,) step, or block if `by_block`
    block: Ints  # (N,)
    row: Ints  # (N,)
    group: Ints  # see laplace.Mixture
    start: Ints
    size: Ints
    by_block: bool
    row_kind: Ints  # (R,) a kind that stands for the row
    member: Ints | None  # (Q * K,) row of each kind and symptom; None: row = kind * K + symptom
    weight: Floats  # (Q * K,) of kinds within rows
    total: Floats  # (R,)

    def average(self, values: Floats) -> Floats:
        """Average a quantity of kinds and symptoms (Q, K) over each row (R,)."""
        if self.member is None:
            return values.ravel()
        return tally(self.member, self.weight * values.ravel(), len(self.total)) / self.total


def every_cell(base: Base) -> Layout:
    """Return the layout that merges nothing."""
    frame = base.frame
    k = frame.n_symptoms
    n_rows = len(frame.kind_pattern) * k
    start = np.flatnonzero(np.diff(base.block_symptom, prepend=-1))
    return Layout(
        count=frame.cell_count,
        time=frame.cell_step,
        block=base.cell_block,
        row=frame.cell_kind * k + frame.cell_symptom,
        group=base.block_symptom[start],
        start=start,
        size=np.diff(np.append(start, len(frame.cell_count))),
        by_block=False,
        row_kind=np.repeat(np.arange(len(frame.kind_pattern)), k),
        member=None,
        weight=np.ones(n_rows),
        total=np.ones(n_rows),
    )


def merged_cells(base: Base, counts: Floats, features: Floats, signature: Ints) -> Layout:
    """Merge kinds whose `features` (Q, K, F), each in 0..1, nearly agree; never across signatures (Q,) or symptoms.

    `counts` (Q * K,) tickets of each kind and symptom.
    """
    frame = base.frame
    k = frame.n_symptoms
    n_kinds = len(frame.kind_pattern)
    apart = np.unique(signature, return_inverse=True)[1].reshape(-1)
    label = (apart[:, None] * k + np.arange(k)).ravel()
    label = np.unique(label, return_inverse=True)[1].reshape(-1).astype(np.int64)
    weight = counts + 1e-3
    n_rows = int(label.max()) + 1
    member = cluster(features.reshape(n_kinds * k, -1), weight, label, n_rows, n_rows + CLASSES * k)
    n_rows = int(member.max()) + 1
    row_symptom, row_kind = np.zeros(n_rows, np.int64), np.zeros(n_rows, np.int64)
    row_symptom[member] = np.tile(np.arange(k), n_kinds)
    row_kind[member] = np.repeat(np.arange(n_kinds), k)
    by_block = len(frame.cell_count) > BLOCKS_FROM
    time = base.cell_block if by_block else frame.cell_step
    n_times = frame.n_blocks if by_block else len(frame.step_block)
    # numbered so that cells come out sorted by block, symptom, row, time within the block
    order = np.argsort(row_symptom, kind="stable")
    rank = np.empty(n_rows, np.int64)
    rank[order] = np.arange(n_rows)
    key = time * n_rows + rank[member[frame.cell_kind * k + frame.cell_symptom]]
    table = tally(key, frame.cell_count, n_times * n_rows)
    filled = np.flatnonzero(table)
    cell_time, cell_row = filled // n_rows, order[filled % n_rows]
    block = cell_time if by_block else frame.step_block[cell_time]
    group = block * k + row_symptom[cell_row]
    if not by_block:
        sorting = np.argsort(group, kind="stable")
        filled, cell_time, cell_row, block, group = (
            a[sorting] for a in (filled, cell_time, cell_row, block, group)
        )  # fmt: skip
    start = np.flatnonzero(np.diff(group, prepend=-1))
    return Layout(
        count=table[filled],
        time=cell_time,
        block=block,
        row=cell_row,
        group=group[start],
        start=start,
        size=np.diff(np.append(start, len(filled))),
        by_block=by_block,
        row_kind=row_kind,
        member=member,
        weight=weight,
        total=tally(member, weight, n_rows),
    )


def exposure_column(base: Base, state: State, layout: Layout, exposure: Exposure, ratio: Floats) -> Floats:
    """Return an excess's mass relative to the background in each cell; `ratio` (Q, K) without time (N,)."""

    def at_times(curve: Floats) -> Floats:
        if not layout.by_block:
            return base.step_average(state, curve)[layout.time]
        weight = np.maximum(base.block_rate(state), 1e-300)
        return (tally(base.frame.block, state.rate * curve, base.frame.n_blocks) / weight)[layout.time]

    general = at_times(exposure.curve)
    if exposure.state is not None:
        known = exposure.state[layout.row_kind][layout.row]
        general = np.where(known == 0, general, np.where(known == 1, at_times(exposure.carried), 0.0))
    out = layout.average(ratio)[layout.row] * general
    if exposure.moved is not None:
        out = out * exposure.moved.table[exposure.moved.signature[layout.row_kind][layout.row], layout.block]
    return out
