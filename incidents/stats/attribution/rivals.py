"""Changes that would explain the same faint rise share it; those that would explain different ones do not."""

from collections.abc import Sequence

import numpy as np

from incidents.stats.attribution.base import Base, State
from incidents.stats.attribution.candidate import Candidate
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import Floats


def rivals_share(log_odds: Floats, alike: Floats) -> Floats:
    """Return the probability (J,) of each change to own one more excess, beside rivals for it.

    `log_odds` (J,) of that excess against none, `alike` (J, J) how much of one's excess another would explain, 1 on the
    diagonal. P(j) = odds(j) / (1 + Σ alike(j, k) odds(k)): by itself where nothing is alike; of changes that are the
    same, one has it. Weighed each by itself, a score of releases in one week would all be likely.
    """
    top = max(float(log_odds.max(initial=0.0)), 0.0)
    odds = np.exp(log_odds - top)
    return np.asarray(odds / (np.exp(-top) + alike @ odds), dtype=np.float64)


def likeness(base: Base, state: State, candidates: Sequence[Candidate]) -> Floats:
    """Return the squared correlation (A, A) of what candidates would add to a state: by segment, time and symptom.

    Each is taken as scope times course times profile, in units of the background's standard error; of courses only
    what differs from their level counts, which the background takes in.
    """
    frame = base.frame
    rate = np.maximum(tally(frame.block, state.rate, frame.n_blocks), 1e-300)
    level = np.maximum(state.background.reshape(-1, frame.n_symptoms).sum(0), 1e-300)
    use = np.sqrt(np.maximum(frame.usage.ravel(), 0.0))
    scopes = np.array([c.exposure.scope.ravel() * use for c in candidates])
    courses = np.array([base.block_mass(state, c.exposure) for c in candidates]) / rate
    courses = (courses - (courses @ rate / rate.sum())[:, None]) * np.sqrt(rate)
    profiles = np.array([c.theta for c in candidates]) / np.sqrt(level)
    out = _cosines(scopes) * np.maximum(_cosines(courses), 0.0) * _cosines(profiles)
    out = out**2
    np.fill_diagonal(out, 1.0)
    return np.asarray(out, dtype=np.float64)


def _cosines(rows: Floats) -> Floats:
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)
    return np.asarray(unit @ unit.T, dtype=np.float64)
