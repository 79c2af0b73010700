"""The background and the effects found so far: expectation-maximisation with shrunk proportional fitting.

Background rate of a segment s and symptom y: use(s) x kappa(s) x level(y) x prod_a f_a(s) d_ay(s), each
factor shrunk to 1 as by a gamma prior. Time: exp(X beta) by block, an hour-of-day profile, and a gamma
factor per block (and per block and symptom).
"""

from dataclasses import dataclass, field, replace

import numpy as np

from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.dispersion import mix_variance
from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.attribution.exposed import Exposure, Moved, find_moved
from incidents.stats.attribution.frame import Frame
from incidents.stats.attribution.surges import PRECISION, Totals, calm_variance

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
    main: tuple[Floats, ...]  # (levels,) per dimension
    mixed: tuple[Floats, ...]  # (levels, K) per dimension
    beta: Floats
    hour: Floats  # (24,) or (1,)
    rate: Floats  # (T,) exp(X beta) x hour
    frailty: Floats  # (D,)
    mix_frailty: Floats  # (D, K)
    effects: tuple[Effect, ...] = ()
    day_dispersion: float = 0.02
    mix_dispersion: float = 0.005
    scope_dispersion: tuple[float, ...] = field(default=())  # per dimension of the lattice


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeDesign:
    """Regression of the blocks' log level: constant, trend, weekdays, publicity; and the precision of the priors."""

    columns: Floats  # (D, p)
    precision: Floats  # (p,)
    hour: Ints  # (T,) row of the hour profile
    n_hours: int
    offset: Floats  # (T,) known relative volume


def time_design(frame: Frame) -> TimeDesign:
    """Lay out the regression for the blocks of a case."""
    evidence, settings = frame.evidence, frame.evidence.settings
    hours = frame.block_hours
    length = max(float(evidence.edges[-1] - evidence.edges[0]), 1e-9)
    columns = [np.ones(len(hours)), (hours - hours.mean()) / length]
    precision = [0.0, settings.trend_spread**-2]
    if frame.block_weekday is not None:
        for weekday in range(7):
            columns.append((frame.block_weekday == weekday) - 1 / 7)
            precision.append(settings.weekday_spread**-2)
    width = max(length / len(hours), 1e-9)
    for at in evidence.publicity:
        for decay in (28.8, 96.0):
            since = hours - at
            into = np.clip(since / width + 0.5, 0.0, 1.0)
            columns.append(np.exp(-np.maximum(since, 0.0) / decay) * into)
            precision.append(5.0)
    offset = np.zeros(evidence.n_bins)
    if evidence.usage_total is not None and (evidence.usage_total > 0).any():
        use = evidence.usage_total / np.diff(evidence.edges)
        offset = np.log(np.maximum(use, 0.01 * use.mean()) / use.mean())
    hour, n_hours = np.zeros(evidence.n_bins, np.int64), 1
    if evidence.hour is not None and frame.n_blocks >= 3:
        hour, n_hours = evidence.hour, 24
    return TimeDesign(
        columns=np.array(columns).T, precision=np.array(precision), hour=hour, n_hours=n_hours, offset=offset
    )


class Base:
    """Fits states of one frame."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.time = time_design(frame)
        self.width = np.diff(frame.evidence.edges)
        self.width = self.width / self.width.mean()
        k = frame.n_symptoms
        self.slot_of = frame.kind_pattern[frame.cell_kind] * k + frame.cell_symptom
        self.cell_block = frame.step_block[frame.cell_step]
        self.block_symptom = self.cell_block * k + frame.cell_symptom
        shape = frame.lattice.shape
        self._axes = [tuple(b for b in range(len(shape)) if b != a) for a in range(len(shape))]
        hour = self.time.hour
        self._moved: dict[bytes, Moved | None] = {}
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
        state = State(
            background=background,
            seen=self._margins(background),
            segment=np.ones(frame.lattice.shape),
            level=level,
            main=tuple(np.ones(n) for n in frame.lattice.shape),
            mixed=tuple(np.ones((n, frame.n_symptoms)) for n in frame.lattice.shape),
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

    # ------------------------------------------------------------------ exposures
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

    def cell_exposure(self, state: State, exposure: Exposure) -> Floats:
        """Return mass of use x curve for each cell (N,)."""
        frame = self.frame
        general = self.step_average(state, exposure.curve)[frame.cell_step]
        if exposure.state is not None:
            known = exposure.state[frame.cell_kind]
            carried = self.step_average(state, exposure.carried)[frame.cell_step]
            general = np.where(known == 0, general, np.where(known == 1, carried, 0.0))
        out = exposure.inside[frame.kind_pattern[frame.cell_kind]] * general
        return out if exposure.moved is None else out * self.cell_moved(exposure.moved)

    def block_mass(self, state: State, exposure: Exposure) -> Floats:
        """Return reach x curve summed over each block with the expected rate (D,)."""
        frame = self.frame
        out = exposure.reach * tally(frame.block, state.rate * exposure.curve, frame.n_blocks)
        return out if exposure.moved is None else out * exposure.moved.reach

    # ------------------------------------------------------------------ fitting
    def fit(self, state: State, rounds: int, *, dispersion: bool = True) -> State:
        """Return the state after `rounds` of expectation-maximisation of background, effects and time."""
        frame = self.frame
        exposures = [effect.exposure for effect in state.effects]
        columns = [self.cell_exposure(state, e) for e in exposures]
        masses = [self.block_mass(state, e) for e in exposures]
        alpha = frame.evidence.settings.profile_strength / max(frame.n_symptoms, 1)
        seen = state.seen.ravel()[self.slot_of]
        for turn in range(rounds):
            last = turn >= rounds - 1
            inner = 2 if columns else 1
            for _ in range(inner):
                mix = state.mix_frailty.ravel()[self.block_symptom]
                background = seen * mix
                parts = [e.theta[frame.cell_symptom] * c for e, c in zip(state.effects, columns, strict=True)]
                total = background + sum(parts, np.zeros(len(background)))
                np.maximum(total, 1e-300, out=total)
                responsibility = frame.cell_count / total
                state = self._frailties(state, responsibility * background, masses)
                effects = []
                for effect, part, mass in zip(state.effects, parts, masses, strict=True):
                    owned = tally(frame.cell_symptom, responsibility * part, frame.n_symptoms)
                    expected = max(float(mass @ state.frailty), 1e-12)
                    size = owned.sum() / expected
                    old = float(effect.theta.sum())
                    if old > 0:
                        size *= min(max(size / old, 0.25), 4.0) ** 0.6  # over-relaxed
                    profile = (owned + alpha) / (owned.sum() + alpha * frame.n_symptoms)
                    effects.append(replace(effect, theta=size * profile))
                state = replace(state, effects=tuple(effects))
            state = self._background(state, responsibility * background)
            seen = state.seen.ravel()[self.slot_of]
            if turn % 2 == 0 or last:
                state = self._time(state, masses)
            if dispersion and (turn % 3 == 2 or last):
                state = self._dispersions(state, responsibility * background)
        return state

    def block_rate(self, state: State) -> Floats:
        return tally(self.frame.block, state.rate, self.frame.n_blocks)

    def _frailties(self, state: State, owned: Floats, masses: list[Floats]) -> State:
        """Posterior means of the gamma factors of blocks, and of blocks and symptoms (background only)."""
        frame = self.frame
        rate = self.block_rate(state)
        level = state.background.reshape(-1, frame.n_symptoms).sum(0)
        expected = rate * (state.mix_frailty @ level)
        for effect, mass in zip(state.effects, masses, strict=True):
            expected = expected + effect.theta.sum() * mass
        shape = 1.0 / state.day_dispersion
        frailty = (frame.block_count + shape) / (expected + shape)
        observed = tally(self.block_symptom, owned, frame.n_blocks * frame.n_symptoms).reshape(frame.n_blocks, -1)
        shape = 1.0 / state.mix_dispersion
        mix = (observed + shape) / ((rate * frailty)[:, None] * level + shape)
        return replace(state, frailty=frailty, mix_frailty=mix)

    def _background(self, state: State, owned: Floats) -> State:
        frame, lattice = self.frame, self.frame.lattice
        k = frame.n_symptoms
        soft = tally(self.slot_of, owned, lattice.n_patterns * k)
        ratio = (soft / np.maximum(state.seen.ravel(), 1e-300)).reshape(*lattice.open_shape, k)
        counts = state.background * lattice.spread(ratio)
        rate = self.block_rate(state) * state.frailty
        mass = rate @ state.mix_frailty  # (K,)
        usage = frame.usage
        main, mixed = list(state.main), list(state.mixed)
        axes = self._axes

        def rebuild() -> Floats:
            out = usage * segment
            for a, factor in enumerate(main):
                out = out * np.expand_dims(factor, axes[a])
            out = out[..., None] * level
            for a, factor in enumerate(mixed):
                out = out * np.expand_dims(factor, axes[a])
            return out

        segment, level = state.segment, state.level
        background = state.background
        by_symptom = background.reshape(-1, k).sum(0)
        level = (counts.reshape(-1, k).sum(0) + 0.3) / (mass * by_symptom / np.maximum(level, 1e-300) + 1e-9)
        background = background * (level / np.maximum(state.level, 1e-300))
        for a in range(len(main)):
            seen = counts.sum(axis=axes[a])  # (levels, K)
            expected = background.sum(axis=axes[a]) * mass
            factor = (seen.sum(1) + LEVEL_PRIOR) / (expected.sum(1) / main[a] + LEVEL_PRIOR)
            step = factor / main[a]
            main[a] = factor
            expected = expected * step[:, None]
            factor_mix = (seen + MIX_PRIOR) / (expected / mixed[a] + MIX_PRIOR)
            both = step[:, None] * factor_mix / mixed[a]
            mixed[a] = factor_mix
            background = background * np.expand_dims(both, axes[a])
        expected_segment = (background * mass).sum(-1)
        segment = (counts.sum(-1) + SEGMENT_PRIOR) / (expected_segment / segment + SEGMENT_PRIOR)
        background = rebuild()
        return replace(
            state,
            background=background,
            seen=self._margins(background),
            segment=segment,
            level=level,
            main=tuple(main),
            mixed=tuple(mixed),
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

    def _dispersions(self, state: State, owned: Floats) -> State:
        """Moment estimates of the variance of blocks' mixes of symptoms and of each dimension's values."""
        frame = self.frame
        table = tally(self.block_symptom, owned, frame.n_blocks * frame.n_symptoms).reshape(frame.n_blocks, -1)
        mix = mix_variance(table)
        scopes = []
        open_shape = frame.lattice.open_shape
        pattern = np.array(np.unravel_index(frame.kind_pattern, open_shape)) if open_shape else np.zeros((0, 0), int)
        for a, size in enumerate(frame.lattice.shape):
            value = pattern[a][frame.cell_kind]
            counts = tally(self.cell_block * (size + 1) + value, owned, frame.n_blocks * (size + 1)).reshape(
                frame.n_blocks, size + 1
            )[:, :size]
            scopes.append(mix_variance(counts, frame.drift.factors.get(a)))
        return replace(state, mix_dispersion=mix, scope_dispersion=tuple(scopes))
