"""What a baseline claims, and the answer that follows: probabilities of tickets included."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.scoring import Answer, Floats, Labelled
from incidents.stats.attribution.counting import tally

MOST = 0.97  # no rule is surer of a single ticket
Z90 = 1.645  # two-sided 90 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Per change (J,): a score that ranks, whether it is named, excess with bounds; per cell: the part it claims.

    `part` (J, n_cells) need not sum to at most 1; `answer` shares out what several changes claim.
    """

    score: Floats
    named: Floats
    excess: Floats
    low: Floats
    high: Floats
    part: Floats


def named_at(p_values: Floats, rate: float = 0.1) -> Floats:
    """Return which are named at a false discovery rate (Benjamini and Hochberg 1995), as 0 and 1."""
    n = len(p_values)
    order = np.argsort(p_values)
    below = p_values[order] <= rate * (np.arange(n) + 1) / max(n, 1)
    named = np.zeros(n)
    if below.any():
        named[order[: int(np.flatnonzero(below)[-1]) + 1]] = 1.0
    return named


def one_sided(score: Floats) -> Floats:
    """Return the p values of a rise."""
    return np.asarray(norm.sf(score), dtype=np.float64)


def answer(case: Labelled, claims: Claims, seconds: float = 0.0) -> Answer:
    """Put a baseline's claims into the form that is scored: only what is named claims tickets or an excess."""
    claimed = np.clip(claims.part * claims.named[:, None], 0, MOST)
    none = np.prod(1 - claimed, axis=0)
    share = claimed / np.maximum(claimed.sum(0), 1e-12) * (1 - none)
    n, n_changes = len(case.ticket_ids), len(claims.named)
    table = np.zeros((n, n_changes + 1))
    for j in range(n_changes):
        table[:, j] = tally(case.label_ticket, share[j, case.label_cell] * case.label_weight, n)
    table[:, -1] = 1 - table[:, :-1].sum(1)
    return Answer(
        keys=tuple(change.key for change in case.evidence.changes),
        probability=1 / (1 + np.exp(-np.clip(claims.score, -60, 60) / 2)),
        verdict=tuple("contributing" if named else "not supported" for named in claims.named),
        estimate=claims.excess * claims.named,
        low=np.maximum(claims.low, 0) * claims.named,
        high=claims.high * claims.named,
        alike=(frozenset(),) * n_changes,
        tickets=table,
        seconds=seconds,
    )
