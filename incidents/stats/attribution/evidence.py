"""What the attribution engine reads: one case's complaints as counted cells, and its changes as exposures.

Times are float hours since the start of the case's window (negative: before it). Whoever builds the
evidence (a database query, a bundle reader) decides the bins and converts time zones; the engine itself
knows no clock and no zone.
"""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from incidents.stats.evaluation import SuiteRun

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
UNKNOWN = -1
SHORT_LOG = 10  # changes


class EvidenceError(ValueError):
    """The evidence contradicts itself, for example a cell that names a bin outside the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """A segment dimension, for example surface, and its values in the order of their indices."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Client versions that carry a change: exposure then follows adoption instead of a rollout.

    A ticket that names its version is exposed or not, whatever its time; a ticket that does not is
    exposed with the share of use on carrying versions at its time.
    """

    dimension: int
    values: tuple[int, ...]  # indices of the versions that carry it, up to (without) the fixed one
    adoption: Floats  # (n_bins,) share of use on those versions, 0..1
    fixed: bool = False  # the end travels by version too; else `ChangeExposure.ended` ends it for all at once


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeExposure:
    """One change of the log: whom it reached, when, and how fast."""

    key: str
    started: float  # hours; when it took effect
    kind: str = ""
    scope: tuple[tuple[int, tuple[int, ...]], ...] = ()  # (dimension index, exposed value indices); empty: everybody
    steps: tuple[tuple[float, float], ...] = ()  # (hour, share 0..1) in time order; empty: at once
    shape: Literal["steps", "linear"] = "steps"  # "linear" draws straight lines between the steps
    ended: float | None = None
    end_kind: str | None = None  # revert, fix, mitigation, superseded
    carrier: Carrier | None = None
    visibility: str = "public"  # an internal or dogfood change reached no customer
    masks: tuple[str, ...] = ()
    interacts_with: tuple[str, ...] = ()
    edge_uncertainty: float = 0.0  # hours; 24 where the log gives a bare date


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How use spreads over full segments.

    `segments` (n_segments, n_dimensions) value indices, -1 where a row of counts left a dimension open;
    `share` (n_segments,) non-negative, normalised by the engine.
    """

    segments: Ints
    share: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPanel:
    """One metric over time in several groups, to be compared between exposed and unexposed groups.

    `values` (n_times, n_groups) with NaN where there is no point; `hours` (n_times,); `groups` (n_groups,
    n_dimensions) value indices with -1 for "all"; `better` tells which way is good, None if nobody said.
    """

    key: str
    hours: Floats
    groups: Ints
    values: Floats
    better: Literal["higher", "lower"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A run of an evaluation suite that judged one change, by the change's key."""

    subject: str
    run: SuiteRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """How late the case's complaints come, as measured on those that state when their trouble began.

    Of the reports a part `share` (m,) comes within `hours` (m,), both increasing. `late` is the part of all complaints
    that is counted at the time of report; the others are counted when their trouble began.
    """

    hours: Floats
    share: Floats
    late: float
    n: int  # complaints that it rests on

    @property
    def mean(self) -> float:
        """Mean delay from trouble to report, in hours."""
        return float((self.hours * np.diff(self.share, prepend=0.0)).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Priors and switches; every default is stated in docs/statistics/attribution.md with its reason."""

    inclusion: float = 0.3  # prior probability that a change raised complaints, in a log of up to ten
    share_centre: float = 0.03  # prior median of a change's excess, as a share of all complaints
    share_spread: float = 1.3  # standard deviation of the logarithm of that share
    profile_strength: float = 6.0  # Dirichlet strength of a change's symptom profile, spread evenly
    # hours, mean delays averaged over: from exposure to ticket, or, where `use_reporting`, to the trouble
    lags: tuple[float, ...] = (2.0, 8.0, 24.0, 72.0)
    lag_shape: float = 1.5  # shape of the gamma delay
    use_reporting: bool = True  # a measured delay from trouble to report is added to the lags
    half_lives: tuple[float, ...] = (0.0, 240.0)  # hours in which an effect fades to half; 0: it does not
    trend_spread: float = 0.35  # prior standard deviation of the log trend over the window
    weekday_spread: float = 0.22  # prior standard deviation of a weekday's log effect
    max_effects: int = 8  # most excesses that are looked for
    declare_at: float = 0.5  # posterior probability from which a change is named
    interval: float = 0.9
    # What the model leaves out (days that resemble their neighbours, delays and rollouts that are not quite so, people
    # who file twice) makes errors larger than it knows: by this factor, and by this part of an excess.
    error_factor: float = 1.5
    error_share: float = 0.03
    error_share_uncounted: float = 0.2  # the same where use was never counted: how it spreads is a guess
    metric_moves_if_harmful: float = 0.65  # share of harmful changes that move a metric the wrong way
    metric_moves_if_harmless: float = 0.15
    use_metrics: bool = True
    evaluation_drop: float = 0.03  # drop of a pass rate that matters; what cannot see it counts for nothing
    evaluation_sees: float = 0.5  # share of harmful changes whose harm a suite would see
    use_evaluations: bool = True
    # optional prior symptom profile by kind of change; off by default
    kind_profiles: tuple[tuple[str, tuple[float, ...]], ...] = ()
    draws: int = 3000
    seed: int = 20260423

    def prior_share(self, n_changes: int) -> float:
        """Return the prior probability of each change in a log of so many: the harmful grow with the log's root.

        Ten changes have three harmful ones in expectation, a thousand thirty: who logs every release does not do harm
        three times a day.
        """
        return self.inclusion * min(1.0, math.sqrt(SHORT_LOG / max(n_changes, 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvidence:
    """One case as sufficient statistics: cells of (time bin, observed pattern, symptom) with their
    weighted counts.

    A pattern is one combination of the dimensions' values as tickets reported them, -1 where unknown. A
    ticket with several or uncertain symptoms is spread over several cells with fractional counts; a
    ticket without any goes to a symptom of its own (the bundle reader calls it "unknown") and still counts.
    """

    edges: Floats  # (n_bins + 1,) hours, increasing
    day: Ints  # (n_bins,) running number of the local day of each bin, from 0
    weekday: Ints  # (n_bins,) 0 Monday to 6 Sunday, local
    hour: Ints | None  # (n_bins,) 0..23 local at the bin's centre; None where bins are longer than six hours
    dimensions: tuple[Dimension, ...]
    patterns: Ints  # (n_patterns, n_dimensions)
    symptoms: tuple[str, ...]
    cell_bin: Ints  # (n_cells,)
    cell_pattern: Ints  # (n_cells,)
    cell_symptom: Ints  # (n_cells,)
    cell_count: Floats  # (n_cells,) > 0
    changes: tuple[ChangeExposure, ...] = ()
    usage: Usage | None = None  # None: learnt from the tickets
    usage_total: Floats | None = None  # (n_bins,) use per bin, an offset for the expected number of complaints
    usage_over_time: tuple[tuple[int, Floats], ...] = ()  # (dimension, use per bin and value (n_bins, n_values))
    reporting: Reporting | None = None
    publicity: tuple[float, ...] = ()  # hours of events that made people complain more in every segment at once
    metrics: tuple[MetricPanel, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    settings: Settings = field(default_factory=Settings)

    @property
    def n_bins(self) -> int:
        """Number of time bins."""
        return len(self.edges) - 1

    @property
    def n_tickets(self) -> float:
        """Weighted number of complaints."""
        return float(self.cell_count.sum())

    def check(self) -> None:
        """Raise `EvidenceError` where arrays disagree in length or point outside what they index."""
        n_bins, n_dims = self.n_bins, len(self.dimensions)
        if n_bins < 1 or not np.all(np.diff(self.edges) > 0):
            raise EvidenceError("edges: at least two increasing hours are needed; give the window's start and end.")
        for name, values in (("day", self.day), ("weekday", self.weekday)):
            if len(values) != n_bins:
                raise EvidenceError(f"{name}: {len(values)} values for {n_bins} bins; give one a bin.")
        if self.patterns.ndim != 2 or self.patterns.shape[1] != n_dims:
            raise EvidenceError(f"patterns: shape {self.patterns.shape} for {n_dims} dimensions; give one column each.")
        for name, index, size in (
            ("cell_bin", self.cell_bin, n_bins),
            ("cell_pattern", self.cell_pattern, len(self.patterns)),
            ("cell_symptom", self.cell_symptom, len(self.symptoms)),
        ):
            if len(index) != len(self.cell_count):
                raise EvidenceError(f"{name}: {len(index)} values for {len(self.cell_count)} cells.")
            if len(index) and (index.min() < 0 or index.max() >= size):
                raise EvidenceError(f"{name}: values must lie in 0..{size - 1}.")
        if not np.all(np.isfinite(self.cell_count)) or (self.cell_count < 0).any():
            raise EvidenceError("cell_count: counts must be finite and not negative.")
        for dim, use in self.usage_over_time:
            if not 0 <= dim < n_dims or use.shape != (n_bins, len(self.dimensions[dim].values)):
                raise EvidenceError(f"usage_over_time: dimension {dim} needs one row a bin and one column a value.")
        if self.reporting is not None and not 0.0 <= self.reporting.late <= 1.0:
            raise EvidenceError("reporting: the late part must lie in 0..1.")
        keys = [change.key for change in self.changes]
        if len(set(keys)) != len(keys):
            raise EvidenceError("changes: two changes have the same key; give each its own.")
