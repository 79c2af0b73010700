"""What a candidate excess reaches: segments, time, and how the use inside its scope moves."""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.evidence import Floats, Ints
from incidents.stats.attribution.frame import Frame, axis_level


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Factors of a scope over time: of all its use (D,), and of a report by which of its dimensions it leaves open."""

    reach: Floats  # (D,)
    table: Floats  # (signatures, D)
    signature: Ints  # (Q,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A candidate's exposure: a change of the log with one shape of delay, or an event that no log knows."""

    change: int  # index, or -1 for an unlogged event
    shape: int
    inside: Floats  # (P,) mass of use
    scope: Floats  # (n_segments,)
    reach: float
    curve: Floats  # (T,)
    carried: Floats  # (T,)
    state: Ints | None  # (Q,) see Frame.kind_state, None without a carrier
    moved: Moved | None = None  # how the mix of use inside the scope moves over time


def find_moved(frame: Frame, scope: Floats) -> Moved | None:
    """Return how the use inside a scope (n_segments,) moves; None where it does not."""
    axes, members = [], []
    mask = scope.reshape(frame.lattice.shape)
    for axis in frame.drift.factors:
        share = frame.drift.share[axis]
        held = (frame.usage * mask).sum(axis=tuple(b for b in range(mask.ndim) if b != axis)) / np.maximum(
            share, 1e-300
        )
        if held.max() - held.min() > 1e-6 * max(held.max(), 1e-12):
            axes.append(axis)
            members.append(held / held.max())
    if not axes:
        return None
    factors = np.array([frame.drift.of_scope(a, m) for a, m in zip(axes, members, strict=True)])
    level = axis_level(frame.lattice, frame.kind_pattern)
    signature = np.zeros(len(frame.kind_pattern), np.int64)
    for bit, axis in enumerate(axes):
        signature += (level[axis] == frame.lattice.shape[axis]).astype(np.int64) << bit
    table = np.array(
        [
            np.prod([factors[b] for b in range(len(axes)) if s >> b & 1] or [np.ones(frame.n_blocks)], axis=0)
            for s in range(2 ** len(axes))
        ]
    )
    return Moved(reach=factors.prod(0), table=table, signature=signature)


def moved_height(theta: Floats, owned: Floats, expected: float, alpha: float) -> Floats:
    """Return an effect's rates (K,) after one step: what it owns over what it would bring at height 1."""
    size = owned.sum() / max(expected, 1e-12)
    old = float(theta.sum())
    if old > 0:
        size *= min(max(size / old, 0.25), 4.0) ** 0.6  # over-relaxed
    profile = (owned + alpha) / (owned.sum() + alpha * len(theta))
    return np.asarray(size * profile, dtype=np.float64)
