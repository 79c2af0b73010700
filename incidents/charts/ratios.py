"""How much more common something is among some complaints than among the others, or in one stretch than in another."""

from dataclasses import dataclass
from math import exp, log, sqrt

Z90 = 1.644854
# Added to each count, so that a value that the others never name has a finite ratio.
CONTINUITY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRatio:
    """The ratio of two shares with its 90 % interval, and the counts that it rests on."""

    value: float
    low: float
    high: float
    n_here: float
    n_there: float


def share_ratio(here: float, total_here: float, there: float, total_there: float) -> RateRatio:
    """Return (here / total_here) / (there / total_there), its interval on the log scale (Katz).

    Counts may be fractional (weights). Raises ValueError where a total is not positive.
    """
    if total_here <= 0 or total_there <= 0:
        raise ValueError("Both groups need complaints to be compared.")
    a, b = here + CONTINUITY, there + CONTINUITY
    n, m = total_here + 2 * CONTINUITY, total_there + 2 * CONTINUITY
    value = (a / n) / (b / m)
    spread = sqrt(max(1 / a - 1 / n + 1 / b - 1 / m, 0.0))
    return RateRatio(
        value=value,
        low=exp(log(value) - Z90 * spread),
        high=exp(log(value) + Z90 * spread),
        n_here=here,
        n_there=there,
    )


def rate_ratio(after: float, hours_after: float, before: float, hours_before: float) -> RateRatio:
    """Return (after / hours_after) / (before / hours_before) of two Poisson counts, its interval on the log scale.

    Raises ValueError where a stretch has no length.
    """
    if hours_after <= 0 or hours_before <= 0:
        raise ValueError("Both stretches need a length to be compared.")
    a, b = after + CONTINUITY, before + CONTINUITY
    value = (a / hours_after) / (b / hours_before)
    spread = sqrt(1 / a + 1 / b)
    return RateRatio(
        value=value,
        low=exp(log(value) - Z90 * spread),
        high=exp(log(value) + Z90 * spread),
        n_here=after,
        n_there=before,
    )
