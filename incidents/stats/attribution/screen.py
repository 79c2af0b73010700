"""Cheap tests that choose which candidates deserve an exact fit.

Counts inside a scope are soft: a report whose dimensions leave the scope open counts with its share of
use. Per block and symptom the score of an excess is taken against the background's level in scope, with
the variance that blocks share between inside and outside (a two-by-two covariance inverted in closed form).
"""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.base import Base, State
from incidents.stats.attribution.collapse import project, share_out
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import Floats
from incidents.stats.attribution.frame import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """Background counts and expectations per block and symptom (D, K), effects taken out."""

    observed: Floats
    expected: Floats
    variance: float
    rate: Floats  # (D,)
    owned: Floats  # (N,) background's share of each cell's count


def residuals(base: Base, state: State) -> Residuals:
    """Return what the background of a state leaves over; that of the latest state is kept."""
    return base.once(_residuals, state)


def inside_scopes(base: Base, left: Residuals, held: Floats) -> Floats:
    """Return what the background leaves over inside scopes by block and symptom (D, K, A); `held` (Q, A) by kind."""
    cells = base.every
    n_blocks, k = left.observed.shape
    found = project(
        left.owned, cells.group, cells.start, cells.size, base.frame.cell_kind, np.ascontiguousarray(held), n_blocks * k
    )
    return found.reshape(n_blocks, k, held.shape[1])


def _residuals(base: Base, state: State) -> Residuals:
    frame = base.frame
    k, n_effects, cells = frame.n_symptoms, len(state.effects), base.every
    owned = np.empty(len(frame.cell_count))
    seen, pattern = base.kind_seen(state), frame.kind_pattern
    ratio = [(e.exposure.inside[pattern][:, None] / seen).ravel() for e in state.effects]
    curve = [base.column(state, cells, e.exposure) for e in state.effects]
    by_group, _, _ = share_out(
        cells.count, cells.group, cells.start, cells.size, cells.row, len(cells.total), state.mix_frailty.ravel(),
        np.array(ratio).reshape(n_effects, len(cells.total)), np.array(curve).reshape(n_effects, len(owned)),
        np.array([e.theta for e in state.effects]).reshape(n_effects, k), owned,
    )  # fmt: skip
    observed = by_group.reshape(-1, k)
    rate = base.block_rate(state)
    level = state.background.reshape(-1, k).sum(0)
    return Residuals(
        observed=observed,
        expected=np.maximum(rate[:, None] * level, 1e-9),
        variance=state.day_dispersion + state.mix_dispersion,
        rate=rate,
        owned=owned,
    )


class Screen:
    """Scores of all changes and shapes on top of a state."""

    def __init__(self, base: Base) -> None:
        self.base = base
        frame = base.frame
        everything = frame.lattice.margins(frame.usage).ravel()
        share = frame.inside / np.maximum(everything, 1e-300)
        self.share = np.clip(share.T, 0.0, 1.0)  # (P, J) use in scope of what a pattern is compatible with
        held = np.clip(share[:, frame.kind_pattern].T, 0.0, 1.0)  # (Q, J)
        self.moved = np.ones((frame.n_blocks, frame.n_changes))
        self.reached = np.ones((frame.n_blocks, frame.n_changes))
        known = np.ones_like(held)
        length = tally(frame.block, base.width, frame.n_blocks)
        for j, change in enumerate(frame.evidence.changes):
            moved = base.moved(frame.scope[j])
            if moved is not None:
                self.moved[:, j] = self.reached[:, j] = moved.reach
                known[:, j] = moved.signature == 0
            if change.carrier is not None:
                # a named version is inside or outside; how many name it follows adoption
                adoption = tally(frame.block, change.carrier.adoption * base.width, frame.n_blocks) / length
                mean = max(float(adoption.mean()), 1e-9)
                state = frame.kind_state[:, j]
                held[:, j] *= np.where(state == 1, 1.0, np.where(state == 2, 0.0, mean))
                self.moved[:, j] *= adoption / mean
                known[:, j] *= state != 0
        self.held = held
        self.known = held * known
        self.steady = bool((self.moved == 1.0).all())

    def scores(self, state: State) -> Floats:
        """Return approximate log likelihood ratios (J, L)."""
        base, frame = self.base, self.base.frame
        if not frame.n_changes:
            return np.zeros((0, len(frame.shapes)))
        left = residuals(base, state)
        inside = inside_scopes(base, left, self.held)
        weight = left.rate / max(left.rate.sum(), 1e-300)
        expected = inside.sum(0)[None] * weight[:, None, None]
        if not self.steady:
            named = inside_scopes(base, left, self.known).sum(0)
            moving = weight[:, None] * self.moved
            moving /= np.maximum(moving.sum(0), 1e-300)
            expected = expected + named[None] * (moving[:, None, :] - weight[:, None, None])
        expected = np.maximum(expected, 1e-9)
        shared = (left.variance / (1 + left.variance * left.expected))[:, :, None]
        omega = np.maximum(1.0 / expected - shared, 1e-12)
        pull = (inside - expected) / expected - shared * (left.observed - left.expected)[:, :, None]
        curves = _block_curves(frame, state) * self.reached[:, :, None]  # (D, J, L)
        level = (expected**2 * omega).sum(0)  # (K, J)
        along = np.einsum("dkj,djl->kjl", expected * omega, curves)
        square = np.einsum("dkj,djl->kjl", omega, curves**2)
        score = np.einsum("dkj,djl->kjl", pull, curves)
        base_score = (pull * expected).sum(0)
        score = score - along * (base_score / np.maximum(level, 1e-300))[:, :, None]
        square = square - along**2 / np.maximum(level, 1e-300)[:, :, None]
        z = np.where(square > 1e-9, score / np.sqrt(np.maximum(square, 1e-9)), 0.0)
        return np.asarray(0.5 * (np.maximum(z, 0.0) ** 2).sum(0), dtype=np.float64)


def _block_curves(frame: Frame, state: State) -> Floats:
    """Expected rate x curve summed over each block (D, J, L)."""
    order = np.searchsorted(frame.block, np.arange(frame.n_blocks))
    return np.ascontiguousarray(np.add.reduceat(frame.curve * state.rate, order, axis=2).transpose(2, 0, 1))


def promising(scores: Floats, allowed: list[int], width: int, slack: float = 6.0) -> list[int]:
    """Return the allowed changes worth an exact fit: the best `width`, and more while they are close to the best."""
    if not allowed:
        return []
    best = scores.max(1)
    ranked = sorted(allowed, key=lambda j: -best[j])
    top = best[ranked[0]]
    return [j for rank, j in enumerate(ranked) if rank < width or (best[j] > top - slack and rank < 3 * width)]
