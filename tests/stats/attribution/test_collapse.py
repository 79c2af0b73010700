"""The compiled passes that merge and share out cells, against plain NumPy; merging against the order of rows."""

from dataclasses import replace

import numpy as np
import pytest

from incidents.stats.attribution import attribute, candidate, layout
from incidents.stats.attribution.base import Base
from incidents.stats.attribution.candidate import Evaluator
from incidents.stats.attribution.collapse import (
    add_scaled,
    by_kind,
    by_level,
    by_level_merged,
    by_step,
    products,
    project,
    proportional,
    share_out,
)
from incidents.stats.attribution.frame import build_frame
from incidents.stats.attribution.layout import every_cell, merged_cells, pool_cells
from tests.stats.attribution import reference_background
from tests.stats.attribution.world import CACHE, FLAG, World, draw

RANDOM = np.random.default_rng(5)


@pytest.fixture(scope="module")
def base() -> Base:
    drawn = draw(World(changes=(CACHE, FLAG), harm={"cache": (300.0, (0.1, 0.8, 0.1))}, background=900.0))
    return Base(build_frame(drawn.evidence))


def test_proportional_fitting() -> None:
    shape, k = (3, 2, 4), 3
    level_of = np.array(np.unravel_index(np.arange(24), shape))
    start = {
        "level": RANDOM.uniform(0.2, 1, k),
        "segment": RANDOM.uniform(0.5, 2, 24),
        "main": RANDOM.uniform(0.5, 2, (3, 4)),
        "mixed": RANDOM.uniform(0.5, 2, (3, 4, k)),
    }
    counts, background = RANDOM.gamma(2, 5, (24, k)), RANDOM.uniform(0.1, 1, (24, k))
    usage, mass = RANDOM.dirichlet(np.ones(24)), RANDOM.uniform(20, 40, k)
    priors = (40.0, 5.0, 15.0)
    ours = proportional(
        counts, background, usage, level_of, mass, start["level"], start["segment"], start["main"], start["mixed"],
        priors,
    )  # fmt: skip
    theirs = reference_background.proportional(
        counts=counts, background=background, usage=usage, level_of=level_of, mass=mass, start=start, priors=priors
    )
    used = np.arange(4) < np.array(shape)[:, None]  # factors of levels that a dimension lacks mean nothing
    for mine, name in zip(ours, ("background", "level", "segment", "main", "mixed"), strict=True):
        kept = used if name in {"main", "mixed"} else ...
        np.testing.assert_allclose(mine[kept], theirs[name][kept], rtol=1e-12)


def test_counts_are_shared_out(base: Base) -> None:
    every, k = base.every, base.frame.n_symptoms
    n = len(every.count)
    group = np.repeat(every.group, every.size)
    mix = RANDOM.uniform(0.5, 2, base.frame.n_blocks * k)
    ratio, curve = RANDOM.uniform(0, 2, (2, len(every.total))), RANDOM.uniform(0, 1, (2, n))
    theta = RANDOM.uniform(0, 1, (2, k))
    owned = np.empty(n)
    by_group, by_row, by_effect = share_out(
        every.count, every.group, every.start, every.size, every.row, len(every.total), mix, ratio, curve, theta, owned
    )
    background, effects = reference_background.share_out(
        count=every.count, group=group, row=every.row, mix=mix, ratio=ratio, curve=curve, theta=theta
    )
    np.testing.assert_allclose(owned, background, rtol=1e-12)
    np.testing.assert_allclose(by_group, np.bincount(group, background, len(mix)), rtol=1e-10)
    np.testing.assert_allclose(by_row, np.bincount(every.row, background, len(every.total)), rtol=1e-10)
    for e in range(2):
        np.testing.assert_allclose(by_effect[e], np.bincount(group % k, effects[e], k), rtol=1e-10)
    np.testing.assert_array_equal(
        products(ratio[0], every.row, curve[0, :100], every.time % 100),
        ratio[0][every.row] * curve[0][every.time % 100],
    )


@pytest.mark.parametrize("classes", [1, 5, 10_000])
def test_merging_keeps_every_count(base: Base, classes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "CLASSES", classes)
    frame, k = base.frame, base.frame.n_symptoms
    pool = pool_cells(frame)
    n_kinds = len(frame.kind_pattern)
    merged = merged_cells(
        frame, pool, np.ones(n_kinds * k), RANDOM.uniform(size=(n_kinds, 2)), np.zeros(n_kinds, np.int64)
    )
    every = every_cell(frame)
    assert merged.member is not None
    group = np.repeat(merged.group, merged.size)
    np.testing.assert_array_equal(np.diff(merged.group) > 0, True)
    np.testing.assert_allclose(
        np.bincount(group, merged.count), np.bincount(np.repeat(every.group, every.size), every.count)
    )
    np.testing.assert_allclose(
        np.bincount(merged.row, merged.count, len(merged.total)),
        np.bincount(merged.member[every.row], every.count, len(merged.total)),
    )
    share = RANDOM.uniform(size=(len(merged.total), len(pool.block_of_time)))
    widest = int(base.kind_level.max()) + 1
    told = by_level_merged(
        pool.pointer, pool.time, pool.count, merged.member, share, base.kind_level, pool.block_of_time, widest
    )
    time = every.block if pool.by_block else every.time
    owned = every.count * share[merged.member[every.row], time]
    plain = by_level(frame.cell_kind, every.block, owned, base.kind_level, frame.n_blocks, widest)
    np.testing.assert_allclose(told, plain, rtol=1e-10)
    for axis in range(len(plain)):
        table = np.zeros((frame.n_blocks, widest))
        np.add.at(table, (every.block, base.kind_level[axis][frame.cell_kind]), owned)
        np.testing.assert_allclose(plain[axis], table, rtol=1e-10)


def test_merged_ratios_are_those_of_summed_rates(base: Base) -> None:
    frame, k = base.frame, base.frame.n_symptoms
    n_kinds = len(frame.kind_pattern)
    background = RANDOM.uniform(1, 5, n_kinds * k)
    merged = merged_cells(frame, pool_cells(frame), background, np.zeros((n_kinds, 0)), np.zeros(n_kinds, np.int64))
    excess = RANDOM.uniform(0, 3, (n_kinds, k))
    ratio = merged.average(excess / background.reshape(n_kinds, k))
    np.testing.assert_allclose(ratio, excess.sum(0) / background.reshape(n_kinds, k).sum(0), rtol=1e-6)


def test_rows_in_any_order_and_in_parts_merge_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MERGE_FROM", 0)
    drawn = draw(World(changes=(CACHE, FLAG), harm={"cache": (400.0, (0.1, 0.8, 0.1))}, background=2000.0))
    e = drawn.evidence
    once = attribute(e)
    order = np.random.default_rng(0).permutation(2 * len(e.cell_count))
    names = ("cell_bin", "cell_pattern", "cell_symptom")
    parts = {name: np.tile(getattr(e, name), 2)[order] for name in names}
    moved = attribute(replace(e, cell_count=np.tile(e.cell_count / 2, 2)[order], **parts))
    for a, b in zip(once.changes, moved.changes, strict=True):
        assert a.verdict == b.verdict
        assert b.probability == pytest.approx(a.probability, abs=1e-6)
        assert b.excess.value == pytest.approx(a.excess.value, rel=1e-4, abs=0.01)


def test_sums_by_group_kind_and_step(base: Base) -> None:
    frame, every = base.frame, base.every
    k, n_kinds, n_blocks = frame.n_symptoms, len(frame.kind_pattern), frame.n_blocks
    step, y, kind = frame.cell_step, frame.cell_symptom, frame.cell_kind
    owned, held = RANDOM.uniform(0, 2, len(y)), RANDOM.uniform(0, 1, (n_kinds, 3))
    table = np.zeros((n_blocks * k, n_kinds))
    np.add.at(table, (base.block_symptom, kind), owned)
    found = project(owned, every.group, every.start, every.size, kind, held, n_blocks * k)
    np.testing.assert_allclose(found, table @ held, rtol=1e-12)
    cube = np.zeros((len(frame.step_block), k, n_kinds))
    np.add.at(cube, (step, y, kind), owned)
    start, stop = 9, 31
    within = by_kind(owned, step, y, kind, start, stop, k, n_kinds)
    np.testing.assert_allclose(within, cube[start:stop].sum(0), rtol=1e-12)
    scope = np.ascontiguousarray(held[:, 0])
    steps = by_step(owned, step, y, kind, scope, start, stop, k)
    np.testing.assert_allclose(steps, cube[start:stop] @ scope, rtol=1e-12)
    total, height = owned.copy(), RANDOM.uniform(0, 1, n_blocks * k)
    add_scaled(total, scope[kind], height, every.group, every.start, every.size)
    np.testing.assert_allclose(total, owned + height[base.block_symptom] * scope[kind], rtol=1e-12)


def test_a_first_look_on_fewer_cells_resembles_the_fit_that_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MERGE_FROM", 50)
    monkeypatch.setattr(candidate, "FEWER", 12)
    drawn = draw(World(changes=(CACHE, FLAG), harm={"cache": (300.0, (0.1, 0.8, 0.1))}, background=900.0))
    base = Base(build_frame(drawn.evidence))
    state, evaluator = base.fit(base.start(), 6), Evaluator(base)
    for change, there in ((0, True), (1, False)):
        exposure = base.exposure(change, 1)
        trial = evaluator.trial(state, exposure, coarse=True)
        assert trial is not None
        looked = trial.fit(exposure)
        fitted = trial.finer().fit(exposure)
        assert looked is not None
        assert fitted is not None
        assert looked is not fitted
        assert (fitted.gain > 20.0) == there
        assert looked.gain == pytest.approx(fitted.gain, rel=0.15, abs=1.0)
