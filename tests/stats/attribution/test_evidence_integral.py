"""What Laplace leaves out, against integrals done by quadrature."""

import doctest

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln

from incidents.stats.attribution import evidence_integral as module
from incidents.stats.attribution.evidence_integral import size_integral, stirling_error

LOG_MEAN, SPREAD = np.log(100.0), 1.3


def test_examples() -> None:
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_stirling_closes_the_gap_of_a_dirichlet_integral() -> None:
    alpha = np.array([1.0, 2.5, 4.0])
    exact = gammaln(alpha).sum() - gammaln(alpha.sum())
    share = alpha / alpha.sum()
    precision = alpha.sum() * (np.diag(share) - np.outer(share, share))[:2, :2]  # of two log odds against the third
    laplace = alpha @ np.log(share) + np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(precision)[1]
    assert laplace + stirling_error(alpha) == pytest.approx(exact, abs=1e-9)


def evidence(seen: float, error: float) -> tuple[float, float, float, float]:
    """Exact log Bayes factor of an excess seen with a Gaussian error, Laplace's, and Laplace's mode and error."""

    def log_density(s: float) -> float:
        n = np.exp(s)
        prior = -0.5 * ((s - LOG_MEAN) / SPREAD) ** 2 - np.log(SPREAD * np.sqrt(2 * np.pi))
        return float((n * seen - 0.5 * n * n) / error**2 + prior)

    grid = np.linspace(LOG_MEAN - 9, LOG_MEAN + 5, 40001)
    mode = float(grid[np.argmax([log_density(s) for s in grid])])
    h = 1e-3
    bend = -(log_density(mode + h) - 2 * log_density(mode) + log_density(mode - h)) / h**2
    exact = np.log(quad(lambda s: np.exp(log_density(s)), LOG_MEAN - 12, mode + 8, points=[mode], limit=300)[0])
    laplace = log_density(mode) + 0.5 * np.log(2 * np.pi / bend)
    return float(exact), float(laplace), mode, float(bend**-0.5)


@pytest.mark.parametrize(("seen", "error"), [(0.0, 40.0), (20.0, 40.0), (-30.0, 40.0), (60.0, 40.0), (0.0, 15.0)])
def test_weak_excesses_come_nearer_to_the_exact_integral(seen: float, error: float) -> None:
    exact, laplace, mode, spread = evidence(seen, error)
    ours = size_integral(laplace, mode, spread, LOG_MEAN, SPREAD)
    assert abs(ours - exact) < max(0.6 * abs(laplace - exact), 0.05)


def test_clear_excesses_stay_as_they_are() -> None:
    exact, laplace, mode, spread = evidence(200.0, 20.0)
    assert laplace > 30
    assert size_integral(laplace, mode, spread, LOG_MEAN, SPREAD) == pytest.approx(laplace, abs=0.05)
    assert laplace == pytest.approx(exact, abs=0.05)
