"""How much better one more excess explains the case: Laplace evidence of each candidate, its size and its error."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from incidents.stats.attribution.base import Base, Effect, State
from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.exposed import Exposure
from incidents.stats.attribution.laplace import Mixture, Mode, find_mode

FEWEST_EXPECTED = 12.0  # tickets; the prior of an excess is never centred lower


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One candidate excess, fitted on top of a state."""

    exposure: Exposure
    gain: float  # log Bayes factor against no excess, without prior odds
    theta: Floats  # (K,)
    size: float  # tickets
    log_error: float  # standard error of the log size
    thinning: float  # variance of the number of tickets given the rates
    share: NDArray[np.float32]  # (N,) of each cell of the fit
    v: Floats  # (m, K) log parameters of background, effects and candidate
    delta: Floats  # (p,) move of the time regression
    log_weight: float = 0.0  # log prior weight of its shape among the shapes of the change
    others: tuple[Floats, ...] = ()  # theta of the state's effects in this fit


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
        starts = np.flatnonzero(np.diff(base.block_symptom, prepend=-1))
        self.group = base.block_symptom[starts]
        self.start = starts
        self.size = np.diff(np.append(starts, len(frame.cell_count)))

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

    def _problem(self, state: State, scope: Floats) -> tuple[Mixture, Floats, list[Floats]]:
        """Return the problem without a candidate, a start of v, and the state's effects' cell columns."""
        base, frame = self.base, self.base.frame
        k = frame.n_symptoms
        seen = state.seen.ravel()[base.slot_of]
        rate = base.block_rate(state)
        total = state.background.reshape(-1, k).sum(0)
        split = bool(scope.min() < 1.0) if scope.size else False
        if split:
            held = state.background * scope.reshape(*frame.lattice.shape, 1)
            part = base._margins(held).ravel()[base.slot_of]
            share = np.clip(part / np.maximum(seen, 1e-300), 0.0, 1.0)
            inside = held.reshape(-1, k).sum(0)[None]
            moved = base.moved(scope)
            if moved is not None:
                share = np.minimum(share * base.cell_moved(moved), 1.0)
                inside = np.minimum(inside * moved.reach[:, None], 0.999 * total)
            columns = [share, 1.0 - share]
            masses = [rate[:, None] * inside, rate[:, None] * (total - inside)]
        else:
            columns = [np.ones(len(seen))]
            masses = [rate[:, None] * total]
        n_background = len(columns)
        v = [np.zeros(k) for _ in columns]
        for effect in state.effects:
            columns.append(base.cell_exposure(state, effect.exposure) / np.maximum(seen, 1e-300))
            masses.append(np.repeat(base.block_mass(state, effect.exposure)[:, None], k, axis=1))
            v.append(np.log(np.maximum(effect.theta, 1e-12)))
        settings = frame.evidence.settings
        problem = Mixture(
            count=frame.cell_count,
            group=self.group,
            start=self.start,
            size=self.size,
            column=np.ascontiguousarray(np.array(columns).T),
            mass=np.ascontiguousarray(np.array(masses).transpose(1, 0, 2)),
            n_background=n_background,
            split=split,
            block_count=frame.block_count,
            design=base.time.columns,
            design_precision=base.time.precision,
            design_offset=state.beta,
            level_variance=state.day_dispersion,
            mix_variance=state.mix_dispersion,
            scope_variance=self.scope_variance(state, scope) if split else 1.0,
            profiles=[self.profile(effect.exposure) for effect in state.effects],
            log_total_mean=self.log_mean,
            log_total_spread=settings.share_spread,
        )
        return problem, np.array(v), columns

    def null(self, state: State, scope: Floats) -> tuple[Mixture, Mode]:
        """Fit the state without a candidate, the background split at a scope."""
        problem, v, _ = self._problem(state, scope)
        k = self.base.frame.n_symptoms
        rho = np.zeros((self.base.frame.n_blocks, 1 + k + (1 if problem.split else 0)))
        rho[:, 0] = np.log(np.maximum(state.frailty, 1e-3))
        rho[:, 1 : 1 + k] = np.log(np.maximum(state.mix_frailty, 1e-3))
        self.fits += 1
        return problem, find_mode(problem, v, rho=rho)

    def evaluate(
        self, state: State, exposures: list[Exposure], others: Callable[[Candidate], list[Exposure]] | None = None
    ) -> list[Candidate]:
        """Fit exposures of one scope on top of the state; those without any reach are left out.

        With `others`, the first is fitted and `others` says which more are worth it.
        """
        exposures = [e for e in exposures if e.reach > 0 and e.curve.any()]
        if not exposures:
            return []
        problem, null = self.null(state, exposures[0].scope)
        seen = np.maximum(state.seen.ravel()[self.base.slot_of], 1e-300)
        out: list[Candidate] = []
        warm: Mode | None = None
        warm_mass = 1.0
        queue = list(exposures if others is None else exposures[:1])
        while queue:
            exposure = queue.pop(0)
            mass = self.base.block_mass(state, exposure)
            total = float(mass.sum())
            if total <= 1e-9:
                continue
            column = self.base.cell_exposure(state, exposure) / seen
            if (column > 0).sum() < 1:
                continue
            larger = grown(problem, column, mass, self.profile(exposure))
            if warm is None:
                start = self._start(state, column, total)
                mode = find_mode(
                    larger, np.vstack([null.v, start[None]]), delta=null.delta, rho=_rho(null, problem.split)
                )
            else:
                v = warm.v.copy()
                v[-1] += np.log(warm_mass / total)
                mode = find_mode(larger, v, delta=warm.delta, rho=_rho(warm, problem.split), iterations=8)
            warm, warm_mass = mode, total
            self.fits += 1
            out.append(self._candidate(exposure, larger, mode, null))
            if others is not None and len(out) == 1:
                queue += [e for e in others(out[0]) if e.curve.any()]
        return out

    def _start(self, state: State, column: Floats, total: float) -> Floats:
        """A first guess of log theta: a few per cent of what is exposed."""
        frame = self.base.frame
        size = max(4.0, 0.03 * frame.total)
        return np.full(frame.n_symptoms, np.log(size / max(frame.n_symptoms, 1) / total))

    def _candidate(self, exposure: Exposure, problem: Mixture, mode: Mode, null: Mode) -> Candidate:
        m, k = mode.v.shape
        theta = np.exp(mode.v)
        share = mode.share[:, -1]
        owned = problem.count * share
        weight = np.zeros(len(mode.precision))
        weight[(m - 1) * k : m * k] = theta[-1] / theta[-1].sum()
        variance = float(weight @ np.linalg.solve(mode.precision, weight))
        return Candidate(
            exposure=exposure,
            gain=mode.evidence - null.evidence,
            theta=theta[-1],
            size=float(owned.sum()),
            log_error=float(np.sqrt(max(variance, 1e-6))),
            thinning=float((owned * (1 - share)).sum()),
            share=share.astype(np.float32),
            v=mode.v,
            delta=mode.delta,
            others=tuple(theta[problem.n_background : -1]),
        )

    def adopt(self, state: State, candidate: Candidate) -> State:
        """Return the state with the candidate as an effect, background and time moved to its fit."""
        base, frame = self.base, self.base.frame
        n_background = len(candidate.v) - 1 - len(state.effects)
        scale = np.exp(candidate.v[:n_background])
        level = state.background.reshape(-1, frame.n_symptoms)
        scope = candidate.exposure.scope[:, None]
        moved = level * (scope * scale[0] + (1 - scope) * scale[-1])
        per_segment = (moved.sum(1) / np.maximum(level.sum(1), 1e-300)).reshape(frame.lattice.shape)
        background = state.background * per_segment[..., None]
        effects = [
            Effect(exposure=e.exposure, theta=theta, log_prior=e.log_prior)
            for e, theta in zip(state.effects, candidate.others, strict=True)
        ]
        effects.append(Effect(exposure=candidate.exposure, theta=candidate.theta))
        beta = state.beta + candidate.delta
        state = replace(
            state,
            background=background,
            seen=base._margins(background),
            segment=state.segment * per_segment,
            effects=tuple(effects),
            beta=beta,
        )
        return replace(state, rate=base._rate(state))


def _rho(mode: Mode, split: bool) -> Floats:
    parts = [mode.level[:, None], mode.mix]
    if split:
        parts.append(mode.scope[:, None])
    return np.hstack(parts)


def grown(problem: Mixture, column: Floats, mass: Floats, profile: Floats) -> Mixture:
    """Return the problem with one more excess column."""
    k = problem.mass.shape[2]
    return replace(
        problem,
        column=np.ascontiguousarray(np.column_stack([problem.column, column])),
        mass=np.concatenate([problem.mass, np.repeat(mass[:, None, None], k, axis=2)], axis=1),
        profiles=[*problem.profiles, profile],
    )
