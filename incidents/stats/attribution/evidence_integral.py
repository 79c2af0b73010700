"""What Laplace's approximation leaves out of the evidence of an excess that is hardly there.

An excess has a size and a profile over symptoms. Where the complaints say little, the posterior of the size is no bell
on the log scale but runs into a flat tail ("so small that nobody would see it"), and the profile stays close to its
Dirichlet prior, whose Laplace integral is too small by Stirling's error. Both make Laplace's evidence of weak excesses
too low, by half a unit to more than one. Here the tail is integrated on a grid, and Stirling's error is added.
"""

import math

import numpy as np

from incidents.stats.attribution.evidence import Floats
from incidents.stats.compiled import compiled

EDGE = 2.0  # standard errors below the mode at which the bell ends and the tail begins
LOG_ABOVE_EDGE = math.log(0.5 * math.erfc(-EDGE / math.sqrt(2.0)))
TAIL = np.linspace(0.0, 6.0, 61)  # below that edge, in prior standard deviations
_HALF_LOG_2_PI = 0.5 * math.log(2.0 * math.pi)


def stirling_error(parameters: Floats) -> float:
    """Return by how much Laplace's logarithm of a Dirichlet integral over log shares is too low.

    Examples
    --------
    >>> round(stirling_error(np.ones(6)), 2)
    0.47
    """
    return float(_stirling(np.ascontiguousarray(parameters, dtype=np.float64)))


def size_integral(gain: float, log_size: float, log_error: float, log_mean: float, log_spread: float) -> float:
    """Return the log Bayes factor with the tail of small sizes integrated numerically.

    `gain` is Laplace's, `log_size` and `log_error` mode and standard error of the log size (prior included),
    `log_mean` and `log_spread` its normal prior. The bell counts down to `EDGE` standard errors below its mode; from
    there the log Bayes factor given the size falls in proportion to the size, to zero where there is no excess.

    Examples
    --------
    >>> round(size_integral(20.0, 5.0, 0.1, 4.0, 1.3), 1)
    20.0
    >>> round(size_integral(-2.2, 3.5, 0.6, 4.0, 1.3), 1)
    -2.0
    """
    return float(_integral(float(gain), float(log_size), float(log_error), float(log_mean), float(log_spread)))


@compiled
def _stirling(parameters: Floats) -> float:
    value = 0.0
    for a in parameters:
        value += math.lgamma(a) - (a - 0.5) * math.log(a) + a - _HALF_LOG_2_PI
    a = float(parameters.sum())
    return value - (math.lgamma(a) - (a - 0.5) * math.log(a) + a - _HALF_LOG_2_PI)


@compiled
def _integral(gain: float, log_size: float, log_error: float, log_mean: float, log_spread: float) -> float:
    error = min(max(log_error, 1e-3), log_spread)
    edge = log_size - EDGE * error
    constant = -math.log(log_spread) - _HALF_LOG_2_PI
    height = gain - math.log(error) - _HALF_LOG_2_PI - 0.5 * EDGE**2
    at_edge = height + 0.5 * ((edge - log_mean) / log_spread) ** 2 - constant
    size = edge - log_spread * TAIL
    tail = at_edge * np.exp(size - edge) - 0.5 * ((size - log_mean) / log_spread) ** 2 + constant
    top = float(tail.max())
    mass = 0.0
    for i in range(len(tail) - 1):
        mass += 0.5 * (math.exp(tail[i] - top) + math.exp(tail[i + 1] - top)) * (size[i] - size[i + 1])
    bell, rest = gain + LOG_ABOVE_EDGE, top + math.log(mass)
    most = max(bell, rest)
    return most + math.log(math.exp(bell - most) + math.exp(rest - most))
