"""Numbers on their way to the browser: whole numbers of a decimal step, which the page turns into float32 arrays.

A column is sent as precisely as a picture can show it and a readout can name it: a step of 1, 0.1, 0.01 … of which at
least `levels` fit into the column's range. On 60 series that is half the bytes of base64 float32 after gzip, and half
the time to compress; counts stay exact. A column in even steps is its first value, its step and its length.
"""

from collections.abc import Sequence
from math import floor, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
# One Plotly figure, trace or layout as plain JSON.
Plain = dict[str, Any]

LEVELS = 4000
TIME_LEVELS = 100_000  # of a case of three months: a minute is told apart
_FEW = 3  # shorter columns are not worth a look for even steps
_LARGEST = 2**52
_EXACT = 2
_FIRST = 8  # values that tell of most columns that they are not whole
_LEAST = 1e-300


def float32(values: Sequence[float] | NDArray[Any], *, levels: int = LEVELS) -> Plain:
    """Return values as {q, b, e}: (q + b) * 10 ** -e each, None for NaN (a gap); or {from, by, n}, evenly spaced."""
    array = np.asarray(values, dtype=np.float64)
    known = np.isfinite(array)
    is_whole = bool(known.all())
    finite = array if is_whole else array[known]
    if not len(finite):
        return {"q": [None] * len(array), "b": 0, "e": 0}
    low, high = float(finite.min()), float(finite.max())
    even = _even(array) if is_whole else None
    if even is not None:
        return even
    exponent = _exponent(finite, low, high, levels)
    # A power of ten with a whole exponent is exact, so that multiplying or dividing by it rounds once.
    scaled = np.rint(array * 10.0**exponent if exponent >= 0 else array / 10.0**-exponent)
    base = float(scaled.min() if is_whole else np.nanmin(scaled))
    whole = scaled - base
    if is_whole:
        return {"q": whole.astype(np.int64), "b": int(base), "e": exponent}
    return {"q": [None if one != one else int(one) for one in whole.tolist()], "b": int(base), "e": exponent}  # noqa: PLR0124 - NaN alone differs from itself


def _even(array: Numbers) -> Plain | None:
    """Return {from, by, n} where the values lie in even steps (to a thousandth of one), as a grid of times does."""
    if len(array) < _FEW:
        return None
    by = (array[-1] - array[0]) / (len(array) - 1)
    reach = abs(by) / 1000
    # Most columns are no grid, which their second value tells already.
    if by == 0 or abs(float(array[1]) - float(array[0]) - by) > reach:
        return None
    if float(np.abs(array - (array[0] + by * np.arange(len(array)))).max()) > reach:
        return None
    return {"from": float(array[0]), "by": float(by), "n": len(array)}


def _exponent(finite: Numbers, low: float, high: float, levels: int) -> int:
    """Return how many decimals are sent (negative: the last digits of large numbers are left out)."""
    if max(abs(low), abs(high)) < _LARGEST and high - low < 100 * levels:
        for exponent in range(_EXACT + 1):  # counts, halves and quarters are sent as they are
            if _is_whole(finite[:_FIRST], exponent) and _is_whole(finite, exponent):
                return exponent
    spread = (high - low) or max(abs(low), abs(high))
    # A spread that underflows is as small as numbers get.
    return min(max(-floor(log10(max(spread / levels, _LEAST))), -300), 300)


def _is_whole(values: Numbers, exponent: int) -> bool:
    scaled = values * 10.0**exponent
    return np.array_equal(scaled, np.rint(scaled))


def from_float32(packed: Plain) -> Numbers:
    """Read what `float32` wrote, or the same after JSON."""
    if "by" in packed:
        return np.asarray(packed["from"] + packed["by"] * np.arange(packed["n"]), dtype=np.float64)
    whole = np.array([np.nan if one is None else one for one in packed["q"]], dtype=np.float64) + packed["b"]
    exponent = packed["e"]
    return np.asarray(whole / 10.0**exponent if exponent >= 0 else whole * 10.0**-exponent, dtype=np.float64)
