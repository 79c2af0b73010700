"""The smallest drop that an evaluation run could have found: two-sided 5 % level, 80 % power."""

import math

_Z = 1.959964 + 0.841621


def smallest_drop(*, n: int | None, baseline: float | None, paired: bool, discordant: float | None) -> float | None:
    """Return the drop in share of tasks (0.03 is three points), None where what was recorded does not tell.

    `n` tasks, per arm where unpaired. Paired runs need the share of tasks on which both sides differ.
    """
    if not n:
        return None
    if paired:
        return None if discordant is None else _Z * math.sqrt(discordant / n)
    if baseline is None or not 0 < baseline < 1:
        return None
    drop = 0.0
    for _ in range(50):
        lower = max(baseline - drop, 0.0)
        drop = _Z * math.sqrt((baseline * (1 - baseline) + lower * (1 - lower)) / n)
    return min(drop, baseline)
