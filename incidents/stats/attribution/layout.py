"""The cells on which a case is fitted: all of them in small cases, some thousand merged ones in large ones.

For one candidate the likelihood depends on a report only through a few ratios: its chance of lying in scope, and each
excess relative to the background. Kinds of report with nearly the same ratios are merged (splitting the coarsest group
first, as in a k-d tree), so that a million tickets cost hardly more than ten thousand. The time of a cell stays.

A merged cell counts the reports of several kinds, so its rate is the sum of theirs: its ratios are averages weighted by
the background that each kind should have. (Weighting by the counts themselves would favour kinds that an excess has
made frequent, and would find excesses where there are none.)
"""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.clustering import cluster
from incidents.stats.attribution.collapse import merge
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.attribution.frame import Frame

MERGE_FROM = 25_000  # cells; fewer are fitted one by one
BLOCKS_FROM = 60_000  # cells from which time is merged to whole blocks
CLASSES = 240  # classes of kinds of report that are kept apart
FEWER = 80  # the same for a first look at a candidate
DENSE = 20_000_000  # entries of a table that is counted into directly


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

    def spread(self, values: Floats) -> Floats:
        """Give each kind and symptom (Q * K,) its row's value (R,)."""
        return values if self.member is None else values[self.member]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Counts by kind of report and symptom, then time: what merged cells are made of.

    `pointer` (Q * K + 1,) where each begins in `time` and `count`; `time_of_block` (D + 1,) first time of each block.
    """

    pointer: Ints
    time: Ints
    count: Floats
    by_block: bool
    time_of_block: Ints
    block_of_time: Ints
    kind_counts: Floats  # (Q * K,)
    kind_weight: Floats  # (Q,) complaints of each kind, never zero


def too_many(frame: Frame) -> bool:
    """Return whether a frame's cells are fitted merged."""
    return len(frame.cell_count) > MERGE_FROM


def pool_cells(frame: Frame) -> Pool:
    """Sort a frame's cells by kind and symptom."""
    k = frame.n_symptoms
    n_rows = len(frame.kind_pattern) * k
    by_block = len(frame.cell_count) > BLOCKS_FROM
    n_steps = len(frame.step_block)
    n_times = frame.n_blocks if by_block else n_steps
    time = frame.step_block[frame.cell_step] if by_block else frame.cell_step
    key = (frame.cell_kind * k + frame.cell_symptom) * n_times + time
    if n_rows * n_times <= DENSE:
        table = tally(key, frame.cell_count, n_rows * n_times)
        filled = np.flatnonzero(table)
        count = table[filled]
    else:
        filled, at = np.unique(key, return_inverse=True)
        count = tally(at.reshape(-1), frame.cell_count, len(filled))
    blocks = np.arange(frame.n_blocks) if by_block else frame.step_block
    kind_counts = tally(filled // n_times, count, n_rows)
    return Pool(
        pointer=np.searchsorted(filled, np.arange(n_rows + 1) * n_times),
        time=filled % n_times,
        count=count,
        by_block=by_block,
        time_of_block=np.searchsorted(blocks, np.arange(frame.n_blocks + 1)),
        block_of_time=blocks,
        kind_counts=kind_counts,
        kind_weight=kind_counts.reshape(len(frame.kind_pattern), k).sum(1) + 1e-3,
    )


def every_cell(frame: Frame) -> Layout:
    """Return the layout that merges nothing."""
    k = frame.n_symptoms
    n_rows = len(frame.kind_pattern) * k
    block = frame.step_block[frame.cell_step]
    block_symptom = block * k + frame.cell_symptom
    start = np.flatnonzero(np.diff(block_symptom, prepend=-1))
    return Layout(
        count=frame.cell_count,
        time=frame.cell_step,
        block=block,
        row=frame.cell_kind * k + frame.cell_symptom,
        group=block_symptom[start],
        start=start,
        size=np.diff(np.append(start, len(frame.cell_count))),
        by_block=False,
        row_kind=np.repeat(np.arange(len(frame.kind_pattern)), k),
        member=None,
        weight=np.ones(n_rows),
        total=np.ones(n_rows),
    )


def merged_cells(
    frame: Frame, pool: Pool, background: Floats, features: Floats, signature: Ints | None, *, n_wanted: int = CLASSES
) -> Layout:
    """Merge kinds whose `features` (Q, F), each in 0..1, nearly agree; never across symptoms or a `signature` (Q,).

    `background` (Q * K,) complaints of each kind and symptom that the background should bring.
    """
    k = frame.n_symptoms
    n_kinds = len(frame.kind_pattern)
    apart, n_apart = np.zeros(n_kinds, np.int64), 1
    if signature is not None:
        apart = np.unique(signature, return_inverse=True)[1].reshape(-1)
        n_apart = int(apart.max()) + 1
    classes = cluster(np.ascontiguousarray(features), pool.kind_weight, apart, n_apart, n_apart + n_wanted)
    n_classes = int(classes.max()) + 1
    row_kind = np.zeros(n_classes, np.int64)
    row_kind[classes] = np.arange(n_kinds)
    # rows are numbered by symptom, so that cells come out sorted by block and symptom
    member = (np.arange(k) * n_classes + classes[:, None]).ravel()
    count, time, row, group, start, size = merge(
        pool.pointer, pool.time, pool.count, member, np.arange(k + 1) * n_classes, pool.time_of_block
    )
    weight = background + 1e-9
    return Layout(
        count=count,
        time=time,
        block=pool.block_of_time[time],
        row=row,
        group=group,
        start=start,
        size=size,
        by_block=pool.by_block,
        row_kind=np.tile(row_kind, k),
        member=member,
        weight=weight,
        total=tally(member, weight, k * n_classes),
    )
