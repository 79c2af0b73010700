"""A state as a mixture problem without a candidate: what all candidates of one scope are fitted on top of."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from incidents.stats.attribution.base import Base, State
from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.exposed import Exposure
from incidents.stats.attribution.laplace import Mixture, Mode, find_mode
from incidents.stats.attribution.layout import Layout

if TYPE_CHECKING:
    from incidents.stats.attribution.candidate import Evaluator

LEVEL_PRECISION = 0.2  # of the log level of each symptom's background
UNKNOWN_USE_PRECISION = 2.0  # the same, in and out of a scope, where use was never counted
SPREAD_SHARED, SPREAD_OWN = 0.3, 0.4  # of log complaints per use in scope against out of it: all symptoms', each one's


class Columns:
    """Background columns of one scope on a layout, and ratios of excess to background."""

    def __init__(self, base: Base, state: State, scope: Floats) -> None:
        frame = base.frame
        k = frame.n_symptoms
        self.pattern = frame.kind_pattern
        self.seen = np.maximum(state.seen[self.pattern], 1e-300)  # (Q, K)
        self.split = bool(scope.min() < 1.0) if scope.size else False
        self.inside = np.zeros((1, k))
        self.share = np.ones_like(self.seen)
        self.moved = base.moved(scope) if self.split else None
        if self.split:
            held = state.background * scope.reshape(*frame.lattice.shape, 1)
            self.share = np.clip(base._margins(held)[self.pattern] / self.seen, 0.0, 1.0)
            self.inside = held.reshape(-1, k).sum(0)[None]

    def on(self, layout: Layout) -> list[Floats]:
        """Return the background's columns on a layout."""
        if not self.split:
            return [np.ones(len(layout.count))]
        share = layout.average(self.share)[layout.row]
        if self.moved is not None:
            factor = self.moved.table[self.moved.signature[layout.row_kind][layout.row], layout.block]
            share = np.minimum(share * factor, 1.0)
        return [share, 1.0 - share]

    def ratio(self, exposure: Exposure) -> Floats:
        """Return the excess's mass over the background's, without time (Q, K)."""
        return np.asarray(exposure.inside[self.pattern][:, None] / self.seen, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """The latest fit of a state without a candidate."""

    state: State
    ground: "Ground"
    mode: Mode


class Ground:
    """A state split at one scope, without a candidate: as columns, and on a layout of cells as a problem."""

    def __init__(self, evaluator: "Evaluator", state: State, scope: Floats) -> None:
        self.evaluator, self.state, self.base, self.scope = evaluator, state, evaluator.base, scope
        self.k = self.base.frame.n_symptoms
        self.columns = Columns(self.base, state, scope)
        self._whole: Null | None = None

    def on(self, layout: Layout) -> "Null":
        """Return the problem on a layout. That on the frame's own cells is the same for all that share the scope."""
        if layout is not self.base.every:
            return Null(self, layout)
        if self._whole is None:
            self._whole = Null(self, layout)
        return self._whole

    def problem(self, layout: Layout) -> tuple[Mixture, Floats]:
        """Return the state as a mixture problem, and its columns (m + 1, N) with room for a candidate's."""
        scope = self.scope
        base, state, evaluator, k = self.base, self.state, self.evaluator, self.k
        rate = base.block_rate(state)
        total = state.background.reshape(-1, k).sum(0)
        columns = self.columns.on(layout)
        inside = self.columns.inside
        if self.columns.moved is not None:
            inside = np.minimum(inside * self.columns.moved.reach[:, None], 0.999 * total)
        masses = [rate[:, None] * (total - inside)]
        if self.columns.split:
            masses.insert(0, rate[:, None] * inside)
        n_background = len(columns)
        known, known_pull = self._known(scope)
        for effect in state.effects:
            ratio = self.columns.ratio(effect.exposure)
            columns.append(base.column(state, layout, effect.exposure, ratio))
            masses.append(np.repeat(base.block_mass(state, effect.exposure)[:, None], k, axis=1))
        room = np.empty((len(columns) + 1, len(layout.count)))
        for into, column in zip(room, columns, strict=False):
            into[:] = column
        problem = Mixture(
            count=layout.count,
            group=layout.group,
            start=layout.start,
            size=layout.size,
            column=room[:-1],
            mass=np.ascontiguousarray(np.array(masses).transpose(1, 0, 2)),
            n_background=n_background,
            split=self.columns.split,
            block_count=base.frame.block_count,
            design=base.time.columns,
            design_precision=base.time.precision,
            design_offset=state.beta,
            level_variance=state.day_dispersion,
            mix_variance=state.mix_dispersion,
            scope_variance=evaluator.scope_variance(state, scope) if self.columns.split else 1.0,
            profiles=[evaluator.profile(effect.exposure) for effect in state.effects],
            log_total_mean=evaluator.log_mean,
            log_total_spread=base.frame.evidence.settings.share_spread,
            known=known,
            known_pull=known_pull,
        )
        return problem, room

    def _known(self, scope: Floats) -> tuple[Floats, Floats]:
        """Return precision and linear term of the prior of the background's levels.

        Where use is counted, complaints per use inside the scope resemble those outside: the logarithm of their ratio
        has a spread that all symptoms share, and one of each symptom's own. The levels as they now stand are not the
        prior's mean, as they may hold the excess that is looked for; but where they differ much, the spreads grow with
        them, so that a surface on which people always complained more proves nothing.
        """
        k, frame = self.k, self.base.frame
        if not self.columns.split:
            return LEVEL_PRECISION * np.eye(k), np.zeros(k)
        if not frame.usage_known:
            return UNKNOWN_USE_PRECISION * np.eye(2 * k), np.zeros(2 * k)
        level = self.state.background.reshape(-1, k)
        reach = float(scope @ frame.usage.ravel())
        inside = scope @ level / max(reach, 1e-12)
        outside = (1.0 - scope) @ level / max(1.0 - reach, 1e-12)
        ratio = np.log(np.maximum(inside, 1e-300) / np.maximum(outside, 1e-300))
        shared = SPREAD_SHARED**2 + 0.5 * ratio.mean() ** 2
        own = SPREAD_OWN**2 + ratio.var()
        bend = np.linalg.inv(own * np.eye(k) + shared)
        known = np.block([[bend, -bend], [-bend, bend]]) + LEVEL_PRECISION * np.eye(2 * k)
        pull = bend @ ratio
        return known, np.concatenate([-pull, pull])


class Null:
    """A state as a mixture problem on a layout, without a candidate."""

    def __init__(self, ground: Ground, layout: Layout) -> None:
        self.ground, self.layout = ground, layout
        self.problem, self._room = ground.problem(layout)

    @cached_property
    def mode(self) -> Mode:
        """The fit without a candidate."""
        state, problem, k = self.ground.state, self.problem, self.ground.k
        evaluator = self.ground.evaluator
        evaluator.fits += 1
        near = evaluator.nearest
        rho = np.zeros((len(state.frailty), 1 + k + (1 if problem.split else 0)))
        if near is None or near.state is not state:
            rho[:, 0] = np.log(np.maximum(state.frailty, 1e-3))
            rho[:, 1 : 1 + k] = np.log(np.maximum(state.mix_frailty, 1e-3))
            heights = [np.log(np.maximum(effect.theta, 1e-12)) for effect in state.effects]
            mode = find_mode(problem, np.array([np.zeros(k)] * problem.n_background + heights), rho=rho)
        else:  # time and blocks stand nearly alike whatever the scope
            rho[:, 0], rho[:, 1 : 1 + k] = near.mode.level, near.mode.mix
            v = near.mode.v
            if near.ground is self.ground:  # on other cells
                rho[:, 1 + k :] = near.mode.scope[:, None][:, : rho.shape[1] - 1 - k]
            else:
                outside = len(v) - len(state.effects) - 1
                v = np.vstack([v[[outside] * problem.n_background], v[outside + 1 :]])
            mode = find_mode(problem, v, delta=near.mode.delta, rho=rho)
        evaluator.nearest = Near(state=state, ground=self.ground, mode=mode)
        return mode

    def grown(self, column: Floats, mass: Floats, profile: Floats) -> Mixture:
        """Return the problem with one more excess, until the next one is asked for."""
        self._room[-1] = column
        return grown(self.problem, self._room, mass, profile)


def grown(problem: Mixture, columns: Floats, mass: Floats, profile: Floats) -> Mixture:
    """Return the problem with one more excess, `columns` (m + 1, N) its own and the new one."""
    k = problem.mass.shape[2]
    return replace(
        problem,
        column=columns,
        mass=np.concatenate([problem.mass, np.repeat(mass[:, None, None], k, axis=2)], axis=1),
        profiles=[*problem.profiles, profile],
    )
