"""The background and the effects found so far: expectation-maximisation with shrunk proportional fitting.

Background rate of a segment s and symptom y: use(s) x kappa(s) x level(y) x prod_a f_a(s) d_ay(s), each
factor shrunk to 1 as by a gamma prior. Time: exp(X beta) by block, an hour-of-day profile, and a gamma
factor per block (and per block and symptom).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from incidents.stats.attribution.collapse import by_level, by_level_merged, products, proportional, share_out
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.dispersion import mix_variance
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.attribution.exposed import Exposure, Moved, find_moved, moved_height
from incidents.stats.attribution.frame import Frame, axis_level
from incidents.stats.attribution.layout import CLASSES, Layout, Pool, every_cell, merged_cells, pool_cells, too_many
from incidents.stats.attribution.surges import PRECISION, Totals, calm_variance
from incidents.stats.attribution.time_design import time_design

Told = TypeVar("Told")
SEGMENT_PRIOR, LEVEL_PRIOR, MIX_PRIOR = 40.0, 5.0, 15.0  # pseudo-counts of kappa, f and d


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """An excess: exposure and rate per symptom at full exposure of all use (K,)."""

    exposure: Exposure
    theta: Floats
    log_prior: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Background, time and effects at one point of the search."""

    background: Floats  # lattice.shape + (K,)
    seen: Floats  # (P, K) its margins
    segment: Floats  # lattice.shape, kappa
    level: Floats  # (K,)
    main: Floats  # (A, widest) factor of each level of each dimension
    mixed: Floats  # (A, widest, K)
    kept: Floats  # (Q * K,) the background's part of the counts of each kind of report and symptom
    beta: Floats
    hour: Floats  # (24,) or (1,)
    rate: Floats  # (T,) exp(X beta) x hour
    frailty: Floats  # (D,)
    mix_frailty: Floats  # (D, K)
    effects: tuple[Effect, ...] = ()
    day_dispersion: float = 0.02
    mix_dispersion: float = 0.005
    scope_dispersion: tuple[float, ...] = field(default=())  # per dimension of the lattice


def _kinds(base: "Base", state: State) -> tuple[Floats, Floats, Floats]:
    """Return what the background should bring of each kind and symptom (Q, K), and of each kind; `seen` by kind."""
    seen = base.kind_seen(state)
    every = seen.sum(1)
    background = seen * (state.kept.reshape(seen.shape).sum(1) / every)[:, None]
    return background, np.maximum(background.sum(1), 1e-300), every


class Base:
    """Fits states of one frame."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.time = time_design(frame)
        self.width = np.diff(frame.evidence.edges)
        self.width = self.width / self.width.mean()
        k = frame.n_symptoms
        self.cell_block = frame.step_block[frame.cell_step]
        self.block_symptom = self.cell_block * k + frame.cell_symptom
        lattice, n_segments = frame.lattice, frame.usage.size
        self.every = every_cell(frame)
        self.kind_level = axis_level(lattice, frame.kind_pattern)  # (A, Q)
        self.segment_level = np.array(
            np.unravel_index(np.arange(n_segments), lattice.shape) if lattice.shape else np.zeros((0, n_segments)),
            dtype=np.int64,
        ).reshape(len(lattice.shape), n_segments)
        self._row_slot = (frame.kind_pattern[:, None] * k + np.arange(k)).ravel()
        self._pool: Pool | None = None
        hour = self.time.hour
        self._moved: dict[bytes, Moved | None] = {}
        self._latest: dict[Callable[..., Any], tuple[State, Any]] = {}
        self._hour_count = tally(hour, frame.bin_count, self.time.n_hours)

    def start(self) -> State:
        """Return the state before any fitting: use times the tickets' mix of symptoms."""
        frame = self.frame
        mix = frame.symptom_count + 0.5
        level = mix / mix.sum()
        background = frame.usage[..., None] * level
        beta = np.zeros(self.time.columns.shape[1])
        per_block = tally(frame.block, np.exp(self.time.offset) * self.width, frame.n_blocks)
        beta[0] = np.log((frame.total + 0.1) / per_block.sum())
        hour = np.ones(self.time.n_hours)
        n_axes, widest = len(frame.lattice.shape), max(frame.lattice.shape, default=0)
        rows = frame.cell_kind * frame.n_symptoms + frame.cell_symptom
        state = State(
            background=background,
            seen=self._margins(background),
            segment=np.ones(frame.lattice.shape),
            level=level,
            main=np.ones((n_axes, widest)),
            mixed=np.ones((n_axes, widest, frame.n_symptoms)),
            kept=tally(rows, frame.cell_count, len(self._row_slot)),
            beta=beta,
            hour=hour,
            rate=np.zeros(0),
            frailty=np.ones(frame.n_blocks),
            mix_frailty=np.ones((frame.n_blocks, frame.n_symptoms)),
            scope_dispersion=(0.003,) * len(frame.lattice.shape),
        )
        return replace(state, rate=self._rate(state))

    def totals(self, state: State) -> Totals:
        """Return the blocks' totals against what a state expects of them, frailties left out."""
        frame = self.frame
        level = state.background.reshape(-1, frame.n_symptoms).sum(0)
        expected = self.block_rate(state) * (state.mix_frailty @ level)
        for effect in state.effects:
            expected = expected + effect.theta.sum() * self.block_mass(state, effect.exposure)
        return Totals(
            hours=frame.block_hours,
            count=frame.block_count,
            expected=expected,
            design=self.time.columns,
            precision=self.time.precision,
            offset=state.beta,
        )

    def with_surge(self, state: State, column: Floats) -> State:
        """Return the state with one more column of the time regression."""
        self.time = replace(
            self.time,
            columns=np.hstack([self.time.columns, column[:, None]]),
            precision=np.append(self.time.precision, PRECISION),
        )
        state = replace(state, beta=np.append(state.beta, 0.0))
        masses = [self.block_mass(state, effect.exposure) for effect in state.effects]
        for _ in range(3):
            state = self._time(state, masses)
        return state

    def calm(self, state: State) -> State:
        """Return the state with the day-to-day variance that is left once surges are set aside."""
        return replace(state, day_dispersion=calm_variance(self.totals(state)))

    def _margins(self, background: Floats) -> Floats:
        frame = self.frame
        return frame.lattice.margins(background).reshape(frame.lattice.n_patterns, frame.n_symptoms)

    def _rate(self, state: State) -> Floats:
        height = np.exp(np.clip(self.time.columns @ state.beta, -25, 25))
        return height[self.frame.block] * state.hour[self.time.hour] * np.exp(self.time.offset) * self.width

    def exposure(self, change: int, shape: int) -> Exposure:
        """Return the exposure of a change of the log with one shape of delay and fading."""
        frame = self.frame
        carrier = frame.evidence.changes[change].carrier
        return Exposure(
            change=change,
            shape=shape,
            inside=frame.inside[change],
            scope=frame.scope[change],
            reach=float(frame.reach[change]),
            curve=frame.curve[change, shape],
            carried=frame.carried[change, shape],
            state=None if carrier is None else frame.kind_state[:, change],
            moved=self.moved(frame.scope[change]),
        )

    def moved(self, scope: Floats) -> Moved | None:
        """Return how the use inside a scope (n_segments,) moves; None where it does not."""
        key = scope.tobytes()
        if key not in self._moved:
            self._moved[key] = find_moved(self.frame, scope)
        return self._moved[key]

    def cell_moved(self, moved: Moved) -> Floats:
        """Return the factor of each cell (N,)."""
        return moved.table[moved.signature[self.frame.cell_kind], self.cell_block]

    def step_average(self, state: State, curve: Floats) -> Floats:
        """Average a curve over the bins of each step, weighted by the expected rate."""
        frame = self.frame
        n = len(frame.step_block)
        weight = tally(frame.step, state.rate, n)
        return tally(frame.step, state.rate * curve, n) / np.maximum(weight, 1e-300)

    def block_mass(self, state: State, exposure: Exposure) -> Floats:
        """Return reach x curve summed over each block with the expected rate (D,)."""
        frame = self.frame
        out = exposure.reach * tally(frame.block, state.rate * exposure.curve, frame.n_blocks)
        return out if exposure.moved is None else out * exposure.moved.reach

    @property
    def pool(self) -> Pool:
        """What merged cells are made of."""
        if self._pool is None:
            self._pool = pool_cells(self.frame)
        return self._pool

    def kind_seen(self, state: State) -> Floats:
        """Return the background's mass of each kind of report (Q, K), never zero."""
        return np.asarray(np.maximum(state.seen[self.frame.kind_pattern], 1e-300), dtype=np.float64)

    def once(self, told: "Callable[[Base, State], Told]", state: State) -> Told:
        """Return what a function tells of a state; what it told of the latest one is kept."""
        kept = self._latest.get(told)
        if kept is None or kept[0] is not state:
            kept = self._latest[told] = (state, told(self, state))
        known: Told = kept[1]
        return known

    def cells(
        self,
        state: State,
        apart: Sequence[tuple[Exposure, Floats]],
        *,
        share: Floats | None = None,
        n_classes: int = CLASSES,
    ) -> Layout:
        """Return the cells to fit on: all, or merged ones that tell excesses of these heights (K,) apart.

        `share` (Q, K): a further feature, a report's chance of lying in a scope.
        """
        frame = self.frame
        if not too_many(frame):
            return self.every
        background, of_kind, seen = self.once(_kinds, state)
        signature: Ints | None = None
        features = [] if share is None else [np.einsum("qk,qk->q", background, share) / of_kind]
        for exposure, theta in apart:
            # one number a kind for each: the ratios of its symptoms go up and down together
            relative = exposure.inside[frame.kind_pattern] * float(theta.sum()) / seen
            features.append(relative / (1.0 + relative))
            for own in (exposure.state, None if exposure.moved is None else exposure.moved.signature):
                if own is not None:
                    signature = own if signature is None else signature * (int(own.max()) + 1) + own
        table = np.stack(features, axis=1) if features else np.zeros((len(seen), 0))
        return merged_cells(frame, self.pool, background.ravel(), table, signature, n_wanted=n_classes)

    def at_times(self, state: State, layout: Layout, curve: Floats) -> Floats:
        """Average a curve over the times of a layout, weighted by the expected rate."""
        if not layout.by_block:
            return self.step_average(state, curve)
        weight = np.maximum(self.block_rate(state), 1e-300)
        return tally(self.frame.block, state.rate * curve, self.frame.n_blocks) / weight

    def column(self, state: State, layout: Layout, exposure: Exposure, ratio: Floats | None = None) -> Floats:
        """Return an excess's mass relative to the background in each cell (N,); `ratio` (Q, K) without time, or 1."""
        general = self.at_times(state, layout, exposure.curve)
        rows = np.ones(len(layout.total)) if ratio is None else layout.average(ratio)
        if exposure.state is None and exposure.moved is None:
            return products(rows, layout.row, general, layout.time)
        told = general[layout.time]
        if exposure.state is not None:
            known = exposure.state[layout.row_kind][layout.row]
            carried = self.at_times(state, layout, exposure.carried)[layout.time]
            told = np.where(known == 0, told, np.where(known == 1, carried, 0.0))
        out = rows[layout.row] * told
        if exposure.moved is not None:
            out = out * exposure.moved.table[exposure.moved.signature[layout.row_kind][layout.row], layout.block]
        return np.asarray(out, dtype=np.float64)

    def fit(self, state: State, rounds: int, *, dispersion: bool = True) -> State:
        """Return the state after `rounds` of expectation-maximisation of background, effects and time."""
        frame, k = self.frame, self.frame.n_symptoms
        exposures = [effect.exposure for effect in state.effects]
        layout = self.cells(state, [(effect.exposure, effect.theta) for effect in state.effects])
        masses = [self.block_mass(state, e) for e in exposures]
        n_rows = len(layout.total)
        curve = np.array([self.column(state, layout, e) for e in exposures]).reshape(len(exposures), len(layout.count))
        inside = [e.inside[frame.kind_pattern][:, None] for e in exposures]
        per_row = np.maximum(tally(layout.row, layout.count, n_rows), 1e-300)
        owned = np.empty(len(layout.count))
        alpha = frame.evidence.settings.profile_strength / max(k, 1)
        for turn in range(rounds):
            last = turn >= rounds - 1
            seen = self.kind_seen(state)
            ratio = np.array([layout.average(own / seen) for own in inside]).reshape(len(exposures), n_rows)
            for _ in range(2 if exposures else 1):
                by_group, by_row, by_effect = share_out(
                    layout.count, layout.group, layout.start, layout.size, layout.row, n_rows,
                    state.mix_frailty.ravel(), ratio, curve,
                    np.array([e.theta for e in state.effects]).reshape(len(exposures), k), owned,
                )  # fmt: skip
                table = by_group.reshape(-1, k)
                state = self._frailties(state, table, masses)
                effects = [
                    replace(effect, theta=moved_height(effect.theta, own, float(mass @ state.frailty), alpha))
                    for effect, own, mass in zip(state.effects, by_effect, masses, strict=True)
                ]
                state = replace(state, effects=tuple(effects))
            kept = by_row if layout.member is None else self.pool.kind_counts * layout.spread(by_row / per_row)
            state = self._background(state, kept)
            if turn % 2 == 0 or last:
                state = self._time(state, masses)
            if dispersion and (turn % 3 == 2 or last):
                state = replace(state, mix_dispersion=mix_variance(table))
        return replace(state, scope_dispersion=self.scopes(layout, owned)) if dispersion else state

    def block_rate(self, state: State) -> Floats:
        """Return the expected rate summed over each block (D,)."""
        return tally(self.frame.block, state.rate, self.frame.n_blocks)

    def _frailties(self, state: State, observed: Floats, masses: list[Floats]) -> State:
        """Posterior means of the gamma factors of blocks, and of blocks and symptoms (background's counts (D, K))."""
        frame = self.frame
        rate = self.block_rate(state)
        level = state.background.reshape(-1, frame.n_symptoms).sum(0)
        expected = rate * (state.mix_frailty @ level)
        for effect, mass in zip(state.effects, masses, strict=True):
            expected = expected + effect.theta.sum() * mass
        shape = 1.0 / state.day_dispersion
        frailty = (frame.block_count + shape) / (expected + shape)
        shape = 1.0 / state.mix_dispersion
        mix = (observed + shape) / ((rate * frailty)[:, None] * level + shape)
        return replace(state, frailty=frailty, mix_frailty=mix)

    def _background(self, state: State, kept: Floats) -> State:
        """One round of proportional fitting to the background's counts by kind and symptom (Q * K,)."""
        frame, lattice = self.frame, self.frame.lattice
        k = frame.n_symptoms
        soft = tally(self._row_slot, kept, lattice.n_patterns * k)
        ratio = (soft / np.maximum(state.seen.ravel(), 1e-300)).reshape(*lattice.open_shape, k)
        return replace(self.fit_factors(state, state.background * lattice.spread(ratio)), kept=kept)

    def fit_factors(self, state: State, counts: Floats) -> State:
        """One sweep of proportional fitting of the background's factors to complaints per segment and symptom."""
        frame, lattice, k = self.frame, self.frame.lattice, self.frame.n_symptoms
        mass = (self.block_rate(state) * state.frailty) @ state.mix_frailty  # (K,)
        background, level, segment, main, mixed = proportional(
            counts.reshape(-1, k), state.background.reshape(-1, k), frame.usage.ravel(), self.segment_level, mass,
            state.level, state.segment.ravel(), state.main, state.mixed, (SEGMENT_PRIOR, LEVEL_PRIOR, MIX_PRIOR),
        )  # fmt: skip
        background = background.reshape(state.background.shape)
        return replace(
            state,
            background=background,
            seen=self._margins(background),
            segment=segment.reshape(lattice.shape),
            level=level,
            main=main,
            mixed=mixed,
        )

    def _time(self, state: State, masses: list[Floats]) -> State:
        """Update the hour profile, then the regression by two Newton steps on negative binomial block totals."""
        frame, design = self.frame, self.time
        level = state.background.reshape(-1, frame.n_symptoms).sum(0)
        # expected per bin and unit rate, effects included
        share = (state.mix_frailty @ level)[frame.block]
        for effect in state.effects:
            part = effect.theta.sum() * effect.exposure.reach * effect.exposure.curve
            moved = effect.exposure.moved
            share = share + (part if moved is None else part * moved.reach[frame.block])
        if design.n_hours > 1:
            expected = tally(design.hour, state.rate * share * state.frailty[frame.block], design.n_hours)
            state = replace(state, hour=state.hour * (self._hour_count + 10) / (expected + 10))
            state = replace(state, rate=self._rate(state))
        beta = state.beta
        phi = min(state.day_dispersion, 10.0)
        for _ in range(2):
            expected = tally(frame.block, state.rate * share, frame.n_blocks) + 1e-9
            weight = expected / (1 + phi * expected)
            slope = design.columns.T @ ((frame.block_count - expected) / (1 + phi * expected))
            slope -= design.precision * beta
            bend = design.columns.T @ (weight[:, None] * design.columns)
            bend[np.diag_indices_from(bend)] += design.precision + 1e-6
            beta = beta + np.clip(np.linalg.solve(bend, slope), -1, 1)
            state = replace(state, beta=beta)
            state = replace(state, rate=self._rate(state))
        return state

    def scopes(self, layout: Layout, owned: Floats) -> tuple[float, ...]:
        """Return the variance of each dimension's shares from block to block, from the background's counts (N,)."""
        frame = self.frame
        shape = frame.lattice.shape
        if not shape:
            return ()
        widest = max(shape) + 1
        if layout.member is None:
            told = by_level(frame.cell_kind, layout.block, owned, self.kind_level, frame.n_blocks, widest)
        else:
            pool = self.pool
            share = np.zeros((len(layout.total), len(pool.block_of_time)))
            share[layout.row, layout.time] = owned / layout.count
            told = by_level_merged(
                pool.pointer, pool.time, pool.count, layout.member, share, self.kind_level, pool.block_of_time, widest
            )
        return tuple(mix_variance(told[a, :, :size], frame.drift.factors.get(a)) for a, size in enumerate(shape))
