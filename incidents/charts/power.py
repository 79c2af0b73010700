"""The least difference that an evaluation of a given size could have shown: two-sided 5 %, power 80 %."""

from math import nan, sqrt

from scipy.special import ndtri

LEVEL = 0.05
POWER = 0.80


def detectable_difference(
    *, n: int | None, baseline: float | None, paired: bool = False, discordant: float | None = None
) -> float:
    """Return the detectable difference of two shares of tasks (0 to 1); NaN where too little is known.

    Unpaired: both arms have `n` tasks and a share near `baseline`. Paired: the same tasks in both, of which the share
    `discordant` came out differently (McNemar's test).
    """
    if not n or n < 1:
        return nan
    factor = float(ndtri(1 - LEVEL / 2) + ndtri(POWER))
    if paired:
        return nan if discordant is None else factor * sqrt(discordant / n)
    if baseline is None or not 0 <= baseline <= 1:
        return nan
    return factor * sqrt(2 * baseline * (1 - baseline) / n)
