"""Did complaints of all segments rise at once, as after a viral post, rather than those of some?

Question
    On which days did all groups of users complain more than expected, in the same proportion?
Model
    Two tests a day. The total of the day is compared with its history (`expected_rate`). The groups' shares of that
    day and the next are compared with their shares of the four weeks before by a likelihood ratio (G) test, its
    statistic divided by the dispersion of the same statistic over the days before. A common rise is a total above the
    threshold whose shares are like before (p of 0.05 or more) and in which every group large enough rose.
Assumptions
    Groups are disjoint. A change of the product reaches some group more than others; publicity does not.
Failure modes
    An outage of everything rises everywhere, too: a person decides. A change of the whole product that was rolled out
    at once cannot be told from publicity by segments, which is why this is a suggestion. With few tickets a day a
    difference between groups is not seen: `n_expected_smallest` says how much there was to see it with.
Measured
    tests/stats/test_common_rise.py: a rise in one of four groups is refused, one in all is found.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incidents.stats.expected_rate import expected_rate

Floats = NDArray[np.float64]
BEFORE = 28  # days whose shares a day is compared with
SPAN = 2  # days of the rise that are looked at together
ALPHA = 0.001  # of the total
LIKE_BEFORE = 0.05
LEAST_RATIO = 1.2
LARGE = 5.0  # expected complaints in the span from which a group must rise, too


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonRise:
    """`day` is the index of the first high day; `ratio` observed over expected; `p_total` and `p_shares` the tests."""

    day: int
    observed: float
    expected: float
    ratio: float
    p_total: float
    p_shares: float
    n_expected_smallest: float


def common_rises(counts: Floats, *, first_weekday: int = 0) -> tuple[CommonRise, ...]:
    """Return the days on which all groups rose together, the first day of each rise.

    Parameters
    ----------
    counts : (n_groups, n_days) array
        Complaints of disjoint groups of users per day.
    first_weekday : int
        Weekday of the first day, 0 for Monday.

    Examples
    --------
    >>> calm = np.tile([[6.0, 5, 7, 6, 5, 6, 7], [3, 4, 3, 2, 3, 4, 3]], 6)
    >>> rise = np.hstack([calm, [[24.0, 20], [12, 10]]])
    >>> [one.day for one in common_rises(rise)]
    [42]
    """
    counts = np.asarray(counts, dtype=np.float64)
    total = counts.sum(axis=0)
    found: list[CommonRise] = []
    last_high = -BEFORE
    for day in range(BEFORE, counts.shape[1]):
        rate = expected_rate(total[: day + 1], first_weekday=first_weekday, alpha=ALPHA, guard=SPAN)
        if rate is None or not rate.is_high:
            continue
        starts = day - last_high > SPAN + 1
        last_high = day
        if not starts:
            continue
        one = _shared(counts, day, rate.expected, rate.p)
        if one is not None:
            found.append(one)
    return tuple(found)


def _shared(counts: Floats, day: int, expected: float, p_total: float) -> CommonRise | None:
    """Return the rise of a day if all groups have their part in it."""
    before, now = counts[:, day - BEFORE : day], counts[:, day : day + SPAN]
    usual = before.sum(axis=1)
    present = usual > 0
    if not present.any():
        return None
    share = usual[present] / usual[present].sum()
    seen = now[present].sum(axis=1)
    n_groups = int(present.sum())
    calm = [_divergence(before[present, at : at + SPAN].sum(axis=1), share) for at in range(0, BEFORE - SPAN + 1, SPAN)]
    dispersion = max(1.0, float(np.mean(calm)) / max(n_groups - 1, 1))
    p_shares = _chi_square_tail(_divergence(seen, share) / dispersion, n_groups - 1) if n_groups > 1 else 1.0
    usual_span = usual[present] * now.shape[1] / BEFORE
    large = usual_span >= LARGE
    rose = bool((seen[large] >= LEAST_RATIO * usual_span[large]).all())
    if p_shares < LIKE_BEFORE or not rose:
        return None
    observed = float(counts[:, day].sum())
    return CommonRise(
        day=day,
        observed=observed,
        expected=expected,
        ratio=observed / max(expected, 1e-9),
        p_total=p_total,
        p_shares=p_shares,
        n_expected_smallest=float(usual_span.min()),
    )


def _chi_square_tail(value: float, freedom: int) -> float:
    from scipy.special import gammaincc  # heavy: a page that asks for no such test does not pay for it

    return float(gammaincc(0.5 * freedom, 0.5 * value))


def _divergence(seen: Floats, share: Floats) -> float:
    """Return the G statistic of counts against shares."""
    wanted = share * seen.sum()
    told = seen > 0
    return float(2.0 * (seen[told] * np.log(seen[told] / wanted[told])).sum())
