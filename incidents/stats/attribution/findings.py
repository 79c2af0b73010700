"""What the attribution engine answers: numbers only; sentences are made by whoever shows them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from incidents.stats.attribution.evidence import Floats

Verdict = Literal["contributing", "ambiguous", "not supported"]
Direction = Literal["supports", "contradicts", "neutral"]
Relation = Literal["masks", "interacts_with", "candidate"]
Outcome = Literal["stronger", "weaker", "additive", "cannot tell"]
EvidenceKind = Literal[
    "onset",  # rate in scope after the start against before, adjusted for the background
    "scope",  # rise in scope against the rise out of scope over the same time
    "dose",  # slope of the excess on the exposed share along the ramp
    "revert",  # remaining share of the excess after the end (adoption counted where a fix travels by version)
    "return",  # rise after the change was switched on again
    "prior",  # rise in the days before the start: the symptom was there first (a veto)
    "alternative",  # posterior share that other changes hold of the same excess
    "metric",  # metric in scope against out of scope, in standard errors
    "evaluation",  # drop of a suite's pass rate with the change against without it, as a share
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval (level: `Settings.interval`, 90 % by default)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The numbers of a small figure: `x` and, per label, a series over `x`; for example observed and
    expected per day.

    `x` is in hours since the window's start for onset, scope, revert, return and prior, an exposed share
    for dose.
    """

    x: tuple[float, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceItem:
    """One check that a person can follow.

    `estimate` is a ratio (1: no difference) for onset, scope, return and prior, the remaining share of
    the excess for revert, a correlation-like slope (1: as the ramp says) for dose, a posterior share for
    alternative, an effect in standard errors for metric, a drop of the pass rate (0..1) for evaluation. `other`
    names the change, the metric or the suite that the item is about, if any.
    """

    kind: EvidenceKind
    direction: Direction
    estimate: Estimate
    log_bayes_factor: float | None = None
    other: str | None = None
    figure: Figure | None = None
    facts: tuple[tuple[str, float], ...] = ()  # further numbers, for example what an evaluation could have seen


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomExcess:
    """A change's excess on one symptom, in tickets, and its rate in scope at full exposure."""

    symptom: str
    excess: Estimate
    rate_ratio: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFinding:
    """What the data say about one change."""

    key: str
    probability: float  # posterior that it raised complaints
    verdict: Verdict
    excess: Estimate  # tickets inside the window
    share: Estimate  # of all complaints in the window
    rate_ratio: Estimate  # in scope at full exposure, all symptoms together
    symptoms: tuple[SymptomExcess, ...]
    lag_hours: float | None  # posterior mean delay from exposure to ticket
    half_life_hours: float | None  # posterior mean fading, None where it does not fade
    evidence: tuple[EvidenceItem, ...]
    indistinguishable_from: tuple[str, ...]
    set_probability: float  # that it or one of `indistinguishable_from` raised complaints
    complaint_log_odds: float  # of the complaints alone, without the prior and the metrics
    reachable: bool  # False: no exposure inside the window, or internal only; then the prior alone speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class UnattributedRise:
    """A rise that no known change explains, with where and when it sits."""

    excess: Estimate
    start: float  # hours
    end: float
    scope: tuple[tuple[int, tuple[int, ...]], ...]  # (dimension index, value indices); empty: everywhere
    symptom: str | None
    log_bayes_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRise:
    """A rise that surely happened and that too many known changes fit for any few of them to be named."""

    excess: Estimate
    probability: float  # that there was a rise at all
    starts: tuple[float, float]  # hours: where the changes that fit begin to show, nine times in ten
    symptom: str | None  # of more than half of it, if there is one
    owners: tuple[tuple[str, float], ...]  # (change, share of the rise's odds), the likeliest first
    unlogged: float  # share of what the log does not know


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """Two changes that the data could not tell apart, and what would separate them."""

    first: str
    second: str
    discrimination: float  # D: expected log likelihood ratio between the two, see docs/statistics/identifiability.md
    tickets_factor: float  # so many times the tickets would be needed (infinite: no number of tickets is enough)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What two changes did together beyond the sum of each; keys as in the evidence.

    For `masks`, `first` is the one that masks `second`. Intervals are unbounded where nothing can be said.
    """

    first: str
    second: str
    relation: Relation
    outcome: Outcome
    excess: Estimate  # complaints beyond the sum of the two; below 0 where the sum is not reached
    kept: (
        Estimate | None
    )  # part of the second's rise that is left while the first is in force (1: all); None: not asked
    log_bayes_factor: float | None  # for an excess of both together against the sum; None: not asked
    threshold: float  # of the Bayes factor, as a logarithm: grows with the pairs that were scanned
    n_scanned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Expected complaints over time, to be stacked: background first, then one layer per change."""

    background: Floats  # (n_bins, n_symptoms)
    excess: Floats  # (n_changes, n_bins, n_symptoms)
    unattributed: Floats  # (n_bins, n_symptoms) rises that no known change explains


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """How the fit went."""

    day_dispersion: float  # variance of a day's log level beyond Poisson
    mix_dispersion: float  # variance of a day's log mix of symptoms beyond Poisson
    effects: int  # excesses that were found
    evaluations: int  # candidate models that were fitted
    usage_known: bool
    log_evidence: float  # of the final model against none of the changes
    reporting_hours: float | None = None  # mean measured delay from trouble to report; None: not measured, or not used
    reporting_n: int = 0  # complaints that state when their trouble began, on which it rests


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The answer for one case; `changes` in the order of the evidence."""

    changes: tuple[ChangeFinding, ...]
    unattributed: Estimate  # tickets of rises that none of the known changes explains
    rises: tuple[UnattributedRise, ...]
    separations: tuple[Separation, ...]
    cell_probabilities: NDArray[np.float32]  # (n_cells, n_changes + 1); the last column: none of the known changes
    layers: Layers
    diagnostics: Diagnostics
    open_rises: tuple[OpenRise, ...] = ()
    interactions: tuple[Interaction, ...] = ()  # pairs that the log links, and candidates that it does not
