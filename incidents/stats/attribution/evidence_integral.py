"""What Laplace's approximation leaves out of the evidence of an excess that is hardly there.

An excess has a size and a profile over symptoms. Where the complaints say little, the posterior of the size is no bell
on the log scale but runs into a flat tail ("so small that nobody would see it"), and the profile stays close to its
Dirichlet prior, whose Laplace integral is too small by Stirling's error. Both make Laplace's evidence of weak excesses
too low, by half a unit to more than one. Here the tail is integrated on a grid, and Stirling's error is added.
"""

import numpy as np
from scipy.special import gammaln, ndtr

from incidents.stats.attribution.evidence import Floats

EDGE = 2.0  # standard errors below the mode at which the bell ends and the tail begins
TAIL = np.linspace(0.0, 6.0, 61)  # below that edge, in prior standard deviations


def stirling_error(parameters: Floats) -> float:
    """Return by how much Laplace's logarithm of a Dirichlet integral over log shares is too low.

    Examples
    --------
    >>> round(stirling_error(np.ones(6)), 2)
    0.47
    """
    total = np.append(parameters, parameters.sum())
    error = gammaln(total) - ((total - 0.5) * np.log(total) - total + 0.5 * np.log(2 * np.pi))
    return float(error[:-1].sum() - error[-1])


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
    error = min(max(log_error, 1e-3), log_spread)
    edge = log_size - EDGE * error
    constant = -float(np.log(log_spread * np.sqrt(2.0 * np.pi)))
    height = gain - float(np.log(np.sqrt(2.0 * np.pi) * error)) - 0.5 * EDGE**2
    at_edge = height + 0.5 * ((edge - log_mean) / log_spread) ** 2 - constant
    size = edge - log_spread * TAIL
    tail = at_edge * np.exp(size - edge) - 0.5 * ((size - log_mean) / log_spread) ** 2 + constant
    top = float(tail.max())
    mass = top + float(np.log(np.trapezoid(np.exp(tail[::-1] - top), size[::-1])))
    return float(np.logaddexp(gain + np.log(ndtr(EDGE)), mass))
