"""From the slots to numbers: probability per change, per-ticket shares, excess with interval."""

from dataclasses import dataclass

import numpy as np

from incidents.stats.attribution.candidate import Candidate
from incidents.stats.attribution.evened import same_exposure
from incidents.stats.attribution.evidence import Floats, Settings
from incidents.stats.attribution.search import UNLOGGED, Found, Search

NEGLIGIBLE = 0.002
MOST_LOG_ERROR = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """J changes; the last row or column of what has J + 1 is "none of the known changes"."""

    probability: Floats  # (J,)
    slot_owners: Floats  # (S, J)
    shares: Floats  # (N, J + 1) of the fit's cells
    unlogged_share: Floats  # (N,) of the fit's cells
    draws: Floats  # (J, n) excess in tickets
    unlogged_draws: Floats  # (n,)
    expected: Floats  # (J,) tickets
    upper_if_there: Floats  # (J,) upper end of the excess if the change had one


def cell_posterior(search: Search, found: Found) -> tuple[Floats, Floats]:
    """Return each cell's share of the changes and of none of them (N, J + 1), and of unlogged events (N,).

    A slot's share in a cell is averaged over its owners; what the slots claim together never exceeds one. The table is
    kept in single precision, column by column: with a million cells and fifty changes it is the largest of a fit.
    """
    frame = search.frame
    table = np.zeros((frame.n_changes + 1, len(frame.cell_count)), np.float32)
    unlogged = np.zeros(len(frame.cell_count))
    for slot in found.slots:
        for candidate, weight in zip(slot.candidates, slot.weights, strict=True):
            if weight < NEGLIGIBLE:
                continue
            if candidate.exposure.change == UNLOGGED:
                unlogged += weight * search.evaluator.cell_share(candidate)
            else:
                table[candidate.exposure.change] += weight * search.evaluator.cell_share(candidate)
    for candidate in found.weak:
        weight = found.weak_probability[candidate.exposure.change]
        if weight > 0.01:
            table[candidate.exposure.change] += weight * search.evaluator.cell_share(candidate)
    held = [j for j in range(frame.n_changes) if table[j].any()]
    claimed = np.zeros(len(unlogged))
    for j in held:
        claimed += table[j]
    total = np.maximum(unlogged + claimed, 1.0)
    for j in held:
        table[j] /= total
    table[-1] = 1.0 - claimed / total
    return table.T, unlogged / total  # type: ignore[return-value]


def posterior(search: Search, found: Found) -> Posterior:
    """Summarise the search."""
    frame, settings = search.frame, search.settings
    n_changes, n = frame.n_changes, settings.draws
    shares, unlogged = cell_posterior(search, found)
    owners = np.array([slot.owners for slot in found.slots]).reshape(len(found.slots), n_changes)
    reachable = np.zeros(n_changes, bool)
    reachable[search.reachable] = True
    probability = reachable - reachable * np.prod(1.0 - np.clip(owners, 0, 1), axis=0) * (1.0 - found.weak_probability)
    random = np.random.default_rng(settings.seed)
    draws = np.zeros((n_changes, n))
    unlogged_draws = np.zeros(n)
    for slot in found.slots:
        weights = np.append(slot.weights, max(slot.nothing, 0.0))
        picked = random.choice(len(weights), n, p=weights / weights.sum())
        for index, candidate in enumerate(slot.candidates):
            mine = np.flatnonzero(picked == index)
            if not len(mine):
                continue
            amount = drawn_tickets(random, candidate, settings, len(mine))
            if candidate.exposure.change == UNLOGGED:
                unlogged_draws[mine] += amount
            else:
                draws[candidate.exposure.change, mine] += amount
    upper = np.zeros(n_changes)
    z = 1.645 if settings.interval == 0.9 else float(np.sqrt(2) * _inverse_error(settings.interval))
    for candidate in found.weak:
        j = candidate.exposure.change
        error = min(candidate.log_error, MOST_LOG_ERROR)
        upper[j] = candidate.size * np.exp(z * error) + z * np.sqrt(candidate.thinning)
        if found.weak_probability[j] > 0.004:
            mine = np.flatnonzero(random.random(n) < found.weak_probability[j])
            draws[j, mine] += drawn_tickets(random, candidate, settings, len(mine))
    for group in same_exposure(search):  # one answer for changes that are the same to the model
        draws[group] = np.sort(draws[group], axis=None).reshape(n, len(group)).mean(1)
    return Posterior(
        probability=probability,
        slot_owners=owners,
        shares=shares,
        unlogged_share=unlogged,
        draws=draws,
        unlogged_draws=unlogged_draws,
        expected=np.array([float(frame.cell_count @ own) if own.any() else 0.0 for own in shares.T[:-1]]),
        upper_if_there=upper,
    )


def drawn_tickets(random: np.random.Generator, candidate: Candidate, settings: Settings, n: int) -> Floats:
    """Draw numbers of tickets: log-normal with the fitted mean, and whose each complaint is by chance."""
    size = max(candidate.size, 1e-12)
    log_error = min(float(np.sqrt(np.log1p((whole_error(candidate, settings) / size) ** 2))), MOST_LOG_ERROR)
    amount = size * np.exp(random.normal(-0.5 * log_error**2, log_error, n))
    return np.maximum(amount + random.normal(0.0, np.sqrt(max(candidate.thinning, 0.0)), n), 0.0)


def whole_error(candidate: Candidate, settings: Settings) -> float:
    """Return the standard error of an excess in tickets, what the model leaves out counted in."""
    return float(np.hypot(settings.error_factor * candidate.owned_error, settings.error_share * candidate.size))


def _inverse_error(level: float) -> float:
    from scipy.special import erfinv

    return float(erfinv(level))
