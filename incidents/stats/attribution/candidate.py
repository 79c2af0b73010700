"""How much better one more excess explains the case: Laplace evidence of each candidate, its size and its error."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from incidents.stats.attribution.base import Base, Effect, State
from incidents.stats.attribution.collapse import add_scaled
from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.evidence_integral import size_integral, stirling_error
from incidents.stats.attribution.exposed import Exposure
from incidents.stats.attribution.ground import Ground, Near, Null
from incidents.stats.attribution.laplace import Mixture, Mode, find_mode
from incidents.stats.attribution.layout import CLASSES, FEWER, Layout, too_many

FAINT = 1e-7  # of a typical size: an excess so small owns nothing
SWEEPS = 3  # of proportional fitting when the background is moved to a fit
FEWEST_EXPECTED = 12.0  # tickets; the prior of an excess is never centred lower


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One candidate excess, fitted on top of a state."""

    exposure: Exposure
    gain: float  # log Bayes factor against no excess, without prior odds
    theta: Floats  # (K,)
    size: float  # tickets
    log_error: float  # standard error of the log size
    owned_error: float  # standard error of the number of tickets, chance in whose each is left out
    thinning: float  # that chance: variance of the number of tickets given the rates
    state: State  # on top of which it was fitted
    v: Floats  # (m, K) log parameters of background, effects and candidate
    delta: Floats  # (p,) move of the time regression
    mix: Floats  # (D, K) random effects of blocks
    scope: Floats  # (D,)
    log_weight: float = 0.0  # log prior weight of its shape among the shapes of the change
    others: tuple[Floats, ...] = ()  # theta of the state's effects in this fit


Key = tuple[int, int, bytes, bytes, bool]  # change, shape, scope, curve, whether it was a first look


class Evaluator:
    """Fits candidates on top of states; counts what it did."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.fits = 0
        frame = base.frame
        settings = frame.evidence.settings
        self.log_mean = float(np.log(max(settings.share_centre * frame.total, FEWEST_EXPECTED)))
        k = max(frame.n_symptoms, 1)
        self.even = np.full(k, settings.profile_strength / k)
        profiles = dict(settings.kind_profiles)
        self.profiles = [
            settings.profile_strength * np.asarray(profiles[c.kind]) + 0.05 if c.kind in profiles else self.even
            for c in frame.evidence.changes
        ]
        self.every = base.every
        self._known: list[tuple[State, dict[Key, Candidate | None]]] = []
        self._grounds: tuple[State | None, dict[bytes, Ground]] = (None, {})
        self.nearest: Near | None = None

    def known(self, state: State) -> "dict[Key, Candidate | None]":
        """Return what was fitted on top of a state.

        A search comes back to the state that it ends with, after it has looked at states with one effect less: the
        latest of those with most effects is remembered beside the present one.
        """
        for before, fits in self._known:
            if before is state:
                return fits
        fullest = max((len(before.effects) for before, _ in self._known), default=0)
        self._known = [pair for pair in self._known if len(pair[0].effects) == fullest][-1:]
        self._known.append((state, {}))
        return self._known[-1][1]

    def profile(self, exposure: Exposure) -> Floats:
        """Dirichlet parameters of a candidate's symptom profile."""
        return self.even if exposure.change < 0 else self.profiles[exposure.change]

    def scope_variance(self, state: State, scope: Floats) -> float:
        """Variance of a block's log share of a scope, from the variances of the values that make it up."""
        frame = self.base.frame
        shape = frame.lattice.shape
        out = 2e-4
        mass = frame.usage * scope.reshape(shape)
        for a, variance in enumerate(state.scope_dispersion):
            axes = tuple(b for b in range(len(shape)) if b != a)
            share = frame.usage.sum(axis=axes)
            held = mass.sum(axis=axes) / np.maximum(share, 1e-300)
            if held.max() - held.min() < 1e-6 * max(held.max(), 1e-12):
                continue
            inside = mass.sum(axis=axes)
            outside = share - inside
            out += variance * sum(
                float((part**2).sum() / max(part.sum(), 1e-12) ** 2) for part in (inside, outside) if part.sum() > 1e-9
            )
        return out

    def trial(self, state: State, exposure: Exposure, *, coarse: bool = False) -> "Trial | None":
        """Set up fits of one scope on top of a state; None where the exposure reaches nobody.

        A `coarse` trial merges cells to fewer classes: a third of the work, for candidates that turn out hopeless.
        """
        if exposure.reach <= 0 or not exposure.curve.any() or self.base.block_mass(state, exposure).sum() <= 1e-9:
            return None
        return Trial(
            self, state, exposure, self.ground(state, exposure.scope), coarse=coarse and too_many(self.base.frame)
        )

    def ground(self, state: State, scope: Floats) -> "Ground":
        """Return what all trials of one scope share; that of the latest state is kept."""
        if self._grounds[0] is not state:
            self._grounds = state, {}
        key = scope.tobytes()
        known = self._grounds[1]
        if key not in known:
            known[key] = Ground(self, state, scope)
        return known[key]

    def cell_share(self, candidate: Candidate) -> Floats:
        """Return the share of each cell of the frame (N,) that a candidate owns, as it was fitted."""
        base, frame, state = self.base, self.base.frame, candidate.state
        shape = self.ground(state, candidate.exposure.scope).columns
        columns = shape.on(self.every)
        n_background = len(columns)
        cells, n_blocks = self.every, frame.n_blocks
        total = np.zeros(len(cells.count))
        for c, column in enumerate(columns):
            level = candidate.v[c][None] + candidate.mix
            if shape.split and c == 0:
                level = level + candidate.scope[:, None]
            add_scaled(total, column, np.exp(level).ravel(), cells.group, cells.start, cells.size)
        for e, effect in enumerate(state.effects):
            column = base.column(state, cells, effect.exposure, shape.ratio(effect.exposure))
            height = np.tile(np.exp(candidate.v[n_background + e]), n_blocks)
            add_scaled(total, column, height, cells.group, cells.start, cells.size)
        own = np.zeros(len(total))
        column = base.column(state, cells, candidate.exposure, shape.ratio(candidate.exposure))
        add_scaled(own, column, np.tile(candidate.theta, n_blocks), cells.group, cells.start, cells.size)
        total += own
        np.maximum(total, 1e-300, out=total)
        own /= total
        return own

    def adopt(self, state: State, candidate: Candidate) -> State:
        """Return the state with the candidate as an effect, background and time moved to its fit."""
        base, frame = self.base, self.base.frame
        n_background = len(candidate.v) - 1 - len(state.effects)
        scale = np.exp(candidate.v[:n_background])
        level = state.background.reshape(-1, frame.n_symptoms)
        scope = candidate.exposure.scope[:, None]
        moved = (level * (scope * scale[0] + (1 - scope) * scale[-1])).reshape(state.background.shape)
        effects = [
            Effect(exposure=e.exposure, theta=theta, log_prior=e.log_prior)
            for e, theta in zip(state.effects, candidate.others, strict=True)
        ]
        effects.append(Effect(exposure=candidate.exposure, theta=candidate.theta))
        state = replace(state, effects=tuple(effects), beta=state.beta + candidate.delta)
        state = replace(state, rate=base._rate(state))
        mass = (base.block_rate(state) * state.frailty) @ state.mix_frailty
        for _ in range(SWEEPS):  # the background keeps its form: factors that come nearest to the fit
            state = base.fit_factors(state, moved * mass)
        return state


class Trial:
    """Fits of one scope on top of one state: without a candidate, then with one after another."""

    def __init__(
        self, evaluator: Evaluator, state: State, exposure: Exposure, ground: Ground, *, coarse: bool = False
    ) -> None:
        self.evaluator, self.state, self.base, self.exposure = evaluator, state, evaluator.base, exposure
        self.k = self.base.frame.n_symptoms
        self.ground, self.columns = ground, ground.columns
        self.coarse = coarse
        self.warm: tuple[Mode, float] | None = None

    def finer(self) -> "Trial":
        """Return the same trial on as many cells as a verdict needs; it begins where this one ended."""
        out = Trial(self.evaluator, self.state, self.exposure, self.ground)
        out.warm = self.warm
        return out

    @cached_property
    def layout(self) -> Layout:
        """The cells that are fitted."""
        if not too_many(self.base.frame):
            return self.base.every
        guess = np.full(self.k, 3.0 * self._size() / max(self.k, 1) / max(self._mass(self.exposure), 1e-300))
        apart = [(self.exposure, guess), *((e.exposure, e.theta) for e in self.state.effects)]
        classes = FEWER if self.coarse else CLASSES
        return self.base.cells(self.state, apart, share=self.columns.share, n_classes=classes)

    @cached_property
    def without(self) -> Null:
        """The state without a candidate."""
        return self.ground.on(self.layout)

    @property
    def problem(self) -> Mixture:
        """The state as a mixture problem, without a candidate."""
        return self.without.problem

    @property
    def null(self) -> Mode:
        """The fit without a candidate."""
        return self.without.mode

    def _size(self) -> float:
        return max(4.0, 0.03 * self.base.frame.total)

    def _mass(self, exposure: Exposure) -> float:
        return float(self.base.block_mass(self.state, exposure).sum())

    def fit(self, exposure: Exposure) -> Candidate | None:
        """Fit one excess with the trial's scope; None where nothing of it falls on a cell."""
        known = self.evaluator.known(self.state)
        key = (exposure.change, exposure.shape, exposure.scope.tobytes(), exposure.curve.tobytes(), self.coarse)
        if key not in known:
            known[key] = self._fit(exposure)
        return known[key]

    def _fit(self, exposure: Exposure) -> Candidate | None:
        mass = self.base.block_mass(self.state, exposure)
        total = float(mass.sum())
        if total <= 1e-9:
            return None
        column = self.base.column(self.state, self.layout, exposure, self.columns.ratio(exposure))
        if not (column > 0).any():
            return None
        larger = self.without.grown(column, mass, self.evaluator.profile(exposure))
        split = self.problem.split
        if self.warm is None:
            first = np.full(self.k, np.log(FAINT * self._size() / max(self.k, 1) / total))
            v = np.vstack([self.null.v, first[None]])
            mode = find_mode(larger, v, delta=self.null.delta, rho=_rho(self.null, split), faint=True)
        else:
            near, near_mass = self.warm
            v = near.v.copy()
            v[-1] += np.log(near_mass / total)
            mode = find_mode(larger, v, delta=near.delta, rho=_rho(near, split), iterations=8)
        self.warm = (mode, total)
        self.evaluator.fits += 1
        return self._candidate(exposure, larger, mode)

    def _candidate(self, exposure: Exposure, problem: Mixture, mode: Mode) -> Candidate:
        theta = np.exp(mode.v)
        log_error = float(np.sqrt(max(mode.total_variance, 1e-6)))
        told = mode.squared[-1]  # what the complaints say about the profile, in counts
        gain = mode.evidence - self.null.evidence + stirling_error(problem.profiles[-1] + told)
        log_size = float(np.log(theta[-1].sum() * problem.mass[:, -1, 0].sum()))
        gain = size_integral(gain, log_size, log_error, problem.log_total_mean, problem.log_total_spread)
        return Candidate(
            exposure=exposure,
            gain=gain,
            theta=theta[-1],
            size=float(mode.owned[-1].sum()),
            log_error=log_error,
            owned_error=float(np.sqrt(max(mode.owned_variance, 0.0))),
            thinning=float((mode.owned[-1] - told).sum()),
            state=self.state,
            v=mode.v,
            delta=mode.delta,
            mix=mode.mix,
            scope=mode.scope,
            others=tuple(theta[problem.n_background : -1]),
        )


def _rho(mode: Mode, split: bool) -> Floats:
    parts = [mode.level[:, None], mode.mix]
    if split:
        parts.append(mode.scope[:, None])
    return np.hstack(parts)
