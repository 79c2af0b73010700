"""From a bundle's rows to the engine's sufficient statistics, with the way back from its cells to tickets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from incidents.attribution.axis import TimeAxis, spread_over_bins
from incidents.attribution.bundles.case import CaseHead, read_case, read_changes
from incidents.attribution.bundles.evaluations import read_evaluations
from incidents.attribution.bundles.source import Bundle
from incidents.attribution.bundles.tables import MetricValue, Segment, UseCount, read_exposure, read_metrics
from incidents.attribution.bundles.tickets import TicketRows, read_tickets
from incidents.attribution.exposures import LoggedChange, VersionUse, exposure_of, finest_rows, version_dimension
from incidents.attribution.reporting import ChannelTimes, reporting_of
from incidents.attribution.usage import usage_over_time
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import (
    UNKNOWN,
    CaseEvidence,
    Dimension,
    Floats,
    Ints,
    MetricPanel,
    Settings,
    Usage,
)

UNLABELLED = "unknown"
BEFORE_HOURS = 30 * 24.0  # metrics are read from so long before the window


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleCase:
    """A bundle as evidence. Ticket `label_ticket[k]` counts with `label_weight[k]` in cell `label_cell[k]`.

    Tickets outside the window stand in no cell. `n_left_out` rows could not be read; `left_out` says why, of the first.
    """

    evidence: CaseEvidence
    axis: TimeAxis
    ticket_ids: list[str]
    label_ticket: Ints
    label_cell: Ints
    label_weight: Floats
    n_left_out: int = 0
    left_out: tuple[str, ...] = ()

    def instant(self, hours: float) -> str:
        """Return the time of so many hours since the window's start, in UTC."""
        return self.axis.instant(hours).isoformat().replace("+00:00", "Z")


def read_bundle(path: Path, *, settings: Settings | None = None) -> BundleCase:
    """Read a bundle; raises BundleError where it cannot be used.

    Rows of tickets, use, metrics and evaluations that cannot be read are left out and told; a bad change is not.
    """
    with Bundle(path) as bundle:
        head = read_case(bundle)
        changes = read_changes(bundle, head)
        tickets = read_tickets(bundle, head)
        use = read_exposure(bundle, head)
        values = read_metrics(bundle, head)
        evaluations = read_evaluations(bundle)
    dimensions = _dimensions(head, tickets, changes, use, values)
    index = _Index(dimensions)
    patterns = index.table(tickets.segments)
    symptoms = head.symptoms
    label_symptom = tickets.label_symptom
    if (label_symptom < 0).any() or not symptoms:
        unlabelled = symptoms.index(UNLABELLED) if UNLABELLED in symptoms else len(symptoms)
        symptoms = symptoms if UNLABELLED in symptoms else (*symptoms, UNLABELLED)
        label_symptom = np.where(label_symptom < 0, unlabelled, label_symptom)
    cells, label_ticket, label_cell, label_weight = _cells(head, tickets, label_symptom, len(patterns), len(symptoms))
    usage, usage_total = _usage(head, use, index)
    versions = _version_use(head, dimensions, changes, use, (tickets, patterns))
    axis = head.axis
    evidence = CaseEvidence(
        edges=axis.edges,
        day=axis.day,
        weekday=axis.weekday,
        hour=axis.hour,
        dimensions=dimensions,
        patterns=patterns,
        symptoms=symptoms,
        cell_bin=cells[0],
        cell_pattern=cells[1],
        cell_symptom=cells[2],
        cell_count=tally(label_cell, label_weight * tickets.weight[label_ticket], len(cells[0])),
        changes=tuple(exposure_of(c, axis=axis, dimensions=dimensions, versions=versions) for c in changes),
        usage=usage,
        usage_total=usage_total,
        usage_over_time=_over_time(head, use, index),
        reporting=reporting_of(_channel_times(tickets, until := float(axis.edges[-1])), until=until),
        publicity=tuple(axis.place(at, day_only=day_only) for at, day_only in head.publicity),
        metrics=_panels(head, values, index),
        evaluations=evaluations,
    )
    return BundleCase(
        evidence=evidence if settings is None else replace(evidence, settings=settings),
        axis=axis,
        ticket_ids=tickets.ids,
        label_ticket=label_ticket,
        label_cell=label_cell,
        label_weight=label_weight,
        n_left_out=bundle.n_left_out,
        left_out=tuple(str(error) for error in bundle.left_out),
    )


def _channel_times(tickets: TicketRows, until: float) -> dict[str, ChannelTimes]:
    """Return when the tickets inside the window began and were reported, by channel."""
    if not tickets.onset.any():
        return {}
    names, channel = np.unique(tickets.channel, return_inverse=True)
    inside = (tickets.hours >= 0) & (tickets.hours < until)
    others = np.bincount(channel[inside & ~tickets.onset], minlength=len(names))
    found = {}
    for at, name in enumerate(names.tolist()):
        own = inside & (channel == at) & ~np.isnan(tickets.reported)
        found[name] = ChannelTimes(began=tickets.hours[own], reported=tickets.reported[own], others=int(others[at]))
    return found


class _Index:
    """Value indices of segments."""

    def __init__(self, dimensions: Sequence[Dimension]) -> None:
        self.dimensions = dimensions
        self.at = {d.name: (k, {v: i for i, v in enumerate(d.values)}) for k, d in enumerate(dimensions)}

    def row(self, segment: Segment) -> list[int]:
        out = [UNKNOWN] * len(self.dimensions)
        for name, value in segment:
            position, values = self.at[name]
            out[position] = values[value]
        return out

    def table(self, segments: Sequence[Segment]) -> Ints:
        return np.array([self.row(s) for s in segments], dtype=np.int64).reshape(len(segments), len(self.dimensions))


def _dimensions(
    head: CaseHead,
    tickets: TicketRows,
    changes: Sequence[LoggedChange],
    use: Sequence[UseCount],
    values: Sequence[MetricValue],
) -> tuple[Dimension, ...]:
    """Return the case's dimensions, then what its rows add to them, in a stable order."""
    found: dict[str, set[str]] = {}
    segments: Iterable[Segment] = {*tickets.segments, *(row.segment for row in use), *(row.segment for row in values)}
    for segment in segments:
        for name, value in segment:
            found.setdefault(name, set()).add(value)
    for change in changes:
        for name, wanted in change.scope.items():
            found.setdefault(name, set()).update(wanted)
    names = [*head.dimensions, *sorted(found.keys() - head.dimensions.keys())]
    return tuple(
        Dimension(
            name=name,
            values=(
                *head.dimensions.get(name, ()),
                *sorted(found.get(name, set()) - set(head.dimensions.get(name, ()))),
            ),
        )
        for name in names
    )


def _cells(
    head: CaseHead, tickets: TicketRows, label_symptom: Ints, n_patterns: int, n_symptoms: int
) -> tuple[tuple[Ints, Ints, Ints], Ints, Ints, Floats]:
    """Return the cells (bin, pattern, symptom) and, for labels inside the window, ticket, cell and weight."""
    bins = head.axis.bins_of(tickets.hours) if len(tickets.hours) else np.zeros(0, np.int64)
    inside = (bins >= 0) & (bins < head.axis.n_bins) & (tickets.weight > 0)
    kept = inside[tickets.label_ticket] if len(tickets.label_ticket) else np.zeros(0, bool)
    ticket = tickets.label_ticket[kept]
    key = (bins[ticket] * max(n_patterns, 1) + tickets.pattern[ticket]) * n_symptoms + label_symptom[kept]
    unique, cell = np.unique(key, return_inverse=True)
    rest = unique // n_symptoms
    cells = (rest // max(n_patterns, 1), rest % max(n_patterns, 1), unique % n_symptoms)
    return cells, ticket, cell.reshape(-1), tickets.label_weight[kept]


def _usage(head: CaseHead, use: Sequence[UseCount], index: _Index) -> tuple[Usage | None, Floats | None]:
    """Return how use spreads over segments, and use per bin where the counts have times."""
    rows = list(use)
    if len({row.at for row in rows if row.at is not None}) > 1:
        rows = [row for row in rows if row.at is not None]
    if sum(row.count for row in rows) <= 0:
        return None, None
    segments = list(dict.fromkeys(row.segment for row in rows))
    table = index.table(segments)
    kept = finest_rows(table)
    position = {segments[int(at)]: k for k, at in enumerate(kept)}
    share = np.zeros(len(kept))
    dated: list[tuple[float, float]] = []
    for row in rows:
        if row.segment not in position:
            continue
        share[position[row.segment]] += row.count
        if row.at is not None:
            dated.append((head.axis.hours(row.at[0]), row.count))
    usage = Usage(segments=table[kept], share=share)
    if len({hour for hour, _ in dated}) < 2:
        return usage, None
    hours, counts = zip(*dated, strict=True)
    return usage, spread_over_bins(head.axis, hours, counts)


def _over_time(head: CaseHead, use: Sequence[UseCount], index: _Index) -> tuple[tuple[int, Floats], ...]:
    dated = [row for row in use if row.at is not None]
    if not dated:
        return ()
    return usage_over_time(
        head.axis,
        index.dimensions,
        hours=np.array([head.axis.hours(row.at[0]) for row in dated if row.at is not None]),
        patterns=index.table([row.segment for row in dated]),
        counts=np.array([row.count for row in dated]),
    )


def _version_use(
    head: CaseHead,
    dimensions: tuple[Dimension, ...],
    changes: Sequence[LoggedChange],
    use: Sequence[UseCount],
    told_by_tickets: tuple[TicketRows, Ints],
) -> VersionUse | None:
    """Count use by client version and bin: from usage where it names versions and times, else from the tickets."""
    tickets, patterns = told_by_tickets
    named = [name for c in changes for name in (c.carried_by_version, c.fixed_in_version) if name]
    dimension = version_dimension(dimensions, named)
    if dimension is None or not named:
        return None
    name, values = dimensions[dimension].name, {v: i for i, v in enumerate(dimensions[dimension].values)}
    dated = [
        (head.axis.place(row.at[0], day_only=row.at[1]), values[dict(row.segment)[name]], row.count)
        for row in use
        if row.at is not None and name in dict(row.segment)
    ]
    if dated:
        hours, version, count = (np.array(column, dtype=np.float64) for column in zip(*dated, strict=True))
    else:
        hours, count = tickets.hours, tickets.weight
        version = patterns[tickets.pattern, dimension].astype(np.float64) if len(hours) else np.zeros(0)
    bins = head.axis.bins_of(hours) if len(hours) else np.zeros(0, np.int64)
    told = (version >= 0) & (bins >= 0) & (bins < head.axis.n_bins)
    counts = np.zeros((head.axis.n_bins, len(values)))
    np.add.at(counts, (bins[told], version[told].astype(np.int64)), count[told])
    return VersionUse(dimension=dimension, counts=counts)


def _panels(head: CaseHead, values: Sequence[MetricValue], index: _Index) -> tuple[MetricPanel, ...]:
    """Return one panel per metric: steps as wide as the axis's bins against groups, gaps where there is no point."""
    width = max(1.0, float(np.diff(head.axis.edges).max()))
    by_metric: dict[str, list[MetricValue]] = {}
    for row in values:
        by_metric.setdefault(row.metric, []).append(row)
    out = []
    for metric, rows in by_metric.items():
        groups = {segment: k for k, segment in enumerate(dict.fromkeys(row.segment for row in rows))}
        hours = np.array([head.axis.place(row.at[0], day_only=row.at[1]) for row in rows])
        near = (hours >= -BEFORE_HOURS) & (hours < head.axis.edges[-1])
        if not near.any():
            continue
        step = np.floor(hours[near] / width).astype(np.int64)
        group = np.array([groups[row.segment] for row in rows])[near]
        weight = np.array([row.n or 1.0 for row in rows])[near]
        value = np.array([row.value for row in rows])[near]
        steps, at = np.unique(step, return_inverse=True)
        flat = at * len(groups) + group
        size = len(steps) * len(groups)
        weights = tally(flat, weight, size)
        with np.errstate(invalid="ignore"):
            mean = tally(flat, weight * value, size) / np.where(weights > 0, weights, np.nan)
        better = head.better.get(metric)
        out.append(
            MetricPanel(
                key=metric,
                hours=(steps + 0.5) * width,
                groups=index.table(list(groups)),
                values=mean.reshape(len(steps), len(groups)),
                better=better if better in {"higher", "lower"} else None,  # type: ignore[arg-type]
            )
        )
    return tuple(out)
