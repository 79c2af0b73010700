"""One case of the database as the attribution engine reads it, with the way back from its indices to rows."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np

from incidents.attribution.axis import MIDDAY_HOURS, Bucket, TimeAxis, spread_over_bins, time_axis
from incidents.attribution.evaluations import read_evaluations
from incidents.attribution.exposures import LoggedChange, VersionUse, exposure_of, finest_rows, version_dimension
from incidents.attribution.reporting import reporting_of
from incidents.attribution.tallies import (
    MetricTallies,
    TicketTallies,
    UseTallies,
    channel_times,
    distinct,
    metric_tallies,
    segment_values,
    ticket_tallies,
    use_tallies,
)
from incidents.attribution.usage import usage_over_time
from incidents.catalog.models import Dimension as CatalogDimension
from incidents.catalog.models import Symptom
from incidents.changes.enums import LinkKind, RolloutShape
from incidents.changes.models import Change
from incidents.metrics.models import Metric
from incidents.response.models import Incident
from incidents.response.queries import changes_of, publicity_of, zone_of
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Casefile:
    """The evidence of a case, and the rows that its indices stand for.

    `segment_ids` (n_patterns,), `symptom_ids` (n_symptoms,; 0: tickets without a symptom), `changes` in the order of
    `evidence.changes`, whose keys are the rows' ids as text.
    """

    evidence: CaseEvidence
    axis: TimeAxis
    changes: tuple[Change, ...]
    segment_ids: Ints
    symptom_ids: Ints


def case_axis(incident: Incident) -> TimeAxis:
    """Return the time axis of a case: its window in its own zone, by its own bucket."""
    bucket = cast(Bucket, incident.bucket)
    return time_axis(start=incident.starts_at, end=incident.ends_at, zone=zone_of(incident), bucket=bucket)


def logged_changes(incident: Incident) -> list[Change]:
    """Return the changes of a case with their steps and links, in order of their start."""
    return list(changes_of(incident).prefetch_related("rollout_steps", "links"))


def coverage(case: Casefile) -> dict[str, Any]:
    """Return how much the complaints tell: shares, by weight, that state each dimension and that name a symptom."""
    evidence = case.evidence
    total = max(evidence.n_tickets, 1e-12)
    stated = {
        dimension.name: float(evidence.cell_count[evidence.patterns[evidence.cell_pattern, at] != UNKNOWN].sum())
        / total
        for at, dimension in enumerate(evidence.dimensions)
    }
    labelled = float(evidence.cell_count[case.symptom_ids[evidence.cell_symptom] != 0].sum()) / total
    return {"stated": stated, "labelled": labelled}


Adjust = Callable[[list[Change]], list[Change]]


def read_case(incident: Incident, *, settings: Settings | None = None, adjust: Adjust | None = None) -> Casefile:
    """Read one case as sufficient statistics: a fixed, small number of statements whatever the number of tickets.

    `adjust` may leave changes out or move them, in memory alone: a what-if.
    """
    axis = case_axis(incident)
    tallies = ticket_tallies(incident, axis)
    use = use_tallies(incident, axis)
    width = max(1.0, float(np.diff(axis.edges).max()))
    metrics = metric_tallies(incident, axis, width_hours=width)
    changes = logged_changes(incident)
    if adjust is not None:
        changes = adjust(changes)
    ids = distinct(tallies.segment, use.segment, metrics.segment)
    segments = segment_values(ids)
    dimensions = dimensions_in(incident, segments.values(), changes)
    patterns = SegmentPatterns(segments, dimensions)
    segment_ids = np.unique(tallies.segment)
    symptom_ids, symptoms, cell_symptom = _symptoms(incident, tallies)
    usage, usage_total = usage_in(axis, use, patterns)
    counted = _Counted(tallies=tallies, use=use, patterns=patterns)
    versions = _version_use(axis, dimensions, changes, counted)
    evidence = CaseEvidence(
        edges=axis.edges,
        day=axis.day,
        weekday=axis.weekday,
        hour=axis.hour,
        dimensions=dimensions,
        patterns=patterns.of(segment_ids),
        symptoms=symptoms,
        cell_bin=tallies.bin,
        cell_pattern=np.searchsorted(segment_ids, tallies.segment),
        cell_symptom=cell_symptom,
        cell_count=tallies.count,
        changes=tuple(
            exposure_of(logged_change(change, axis.zone), axis=axis, dimensions=dimensions, versions=versions)
            for change in changes
        ),
        usage=usage,
        usage_total=usage_total,
        usage_over_time=_over_time(axis, use, patterns, dimensions),
        reporting=reporting_of(channel_times(incident, axis), until=float(axis.edges[-1])),
        publicity=tuple(axis.place(event.at, day_only=event.day_only) for event in publicity_of(incident)),
        metrics=_panels(incident, metrics, patterns, width),
        evaluations=read_evaluations(incident, changes),
    )
    return Casefile(
        evidence=evidence if settings is None else replace(evidence, settings=settings),
        axis=axis,
        changes=tuple(changes),
        segment_ids=segment_ids,
        symptom_ids=symptom_ids,
    )


def dimensions_in(
    incident: Incident, segments: Iterable[Mapping[str, str]], changes: Sequence[Change]
) -> tuple[Dimension, ...]:
    """Return the catalogue's dimensions, then what segments and scopes add to them, in a stable order."""
    catalogue = CatalogDimension.objects.filter(product=incident.product).prefetch_related("values")
    known = {dimension.key: [value.key for value in dimension.values.all()] for dimension in catalogue}
    found: dict[str, set[str]] = {}
    for values in segments:
        for name, value in values.items():
            found.setdefault(name, set()).add(value)
    for change in changes:
        for name, wanted in change.scope.items():
            found.setdefault(name, set()).update(wanted)
    names = [*known, *sorted(found.keys() - known.keys())]
    return tuple(
        Dimension(
            name=name,
            values=(*known.get(name, []), *sorted(found.get(name, set()) - set(known.get(name, [])))),
        )
        for name in names
    )


class SegmentPatterns:
    """Value indices of segments by their id."""

    def __init__(self, segments: Mapping[int, Mapping[str, str]], dimensions: Sequence[Dimension]) -> None:
        """Look every value up once."""
        at = {d.name: (k, {value: index for index, value in enumerate(d.values)}) for k, d in enumerate(dimensions)}
        self.ids = np.array(sorted(segments), dtype=np.int64)
        self.table = np.full((len(self.ids), len(dimensions)), UNKNOWN, dtype=np.int64)
        for row, pk in enumerate(self.ids.tolist()):
            for name, value in segments[pk].items():
                column, index = at[name]
                self.table[row, column] = index[value]

    def of(self, ids: Ints) -> Ints:
        """Return the value indices (n, n_dimensions) of some segments."""
        return np.asarray(self.table[np.searchsorted(self.ids, ids)], dtype=np.int64)


def _symptoms(incident: Incident, tallies: TicketTallies) -> tuple[Ints, tuple[str, ...], Ints]:
    """Return the ids and keys of the symptoms in use, and the index of each cell's symptom."""
    present = set(distinct(tallies.symptom))
    rows = [
        row for row in Symptom.objects.filter(product=incident.product) if row.retired_at is None or row.pk in present
    ]
    ids, keys = [row.pk for row in rows], [row.key for row in rows]
    index = {pk: at for at, pk in enumerate(ids)}
    if 0 in present:
        # The taxonomy may itself hold an entry of that name: then both are the same.
        index[0] = keys.index(UNLABELLED) if UNLABELLED in keys else len(keys)
        if index[0] == len(keys):
            ids.append(0)
            keys.append(UNLABELLED)
    cell = np.array([index[int(pk)] for pk in tallies.symptom], dtype=np.int64)
    return np.array(ids, dtype=np.int64), tuple(keys), cell


def _ended_at(change: Change, zone: ZoneInfo) -> dt.datetime | None:
    """Return when a change ended; of a bare day, whose end is stored, its start, as for every other edge."""
    if change.last_moment_at is None or "ended_at" not in change.day_fields:
        return change.ended_at
    local = change.last_moment_at.astimezone(zone)
    return dt.datetime.combine(local.date(), dt.time(), zone).astimezone(dt.UTC)


def logged_change(change: Change, zone: ZoneInfo) -> LoggedChange:
    links: dict[str, list[str]] = {kind: [] for kind in LinkKind.values}
    for link in change.links.all():
        links[link.kind].append(str(link.other_id))
    return LoggedChange(
        key=str(change.pk),
        started_at=change.started_at,
        kind=change.kind,
        scope=change.scope,
        rollout=[(step.at, step.share) for step in change.rollout_steps.all()],
        linear=change.rollout_shape == RolloutShape.LINEAR,
        ended_at=_ended_at(change, zone),
        end_kind=change.end_kind,
        carried_by_version=change.carried_by_version,
        fixed_in_version=change.fixed_in_version,
        visibility=change.visibility,
        masks=links[LinkKind.MASKS],
        interacts_with=links[LinkKind.INTERACTS_WITH],
        day_fields=change.day_fields,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """What was counted: tickets, use, and the value indices of their segments."""

    tallies: TicketTallies
    use: UseTallies
    patterns: SegmentPatterns


def _version_use(
    axis: TimeAxis, dimensions: tuple[Dimension, ...], changes: Sequence[Change], counted: _Counted
) -> VersionUse | None:
    """Count use by client version and bin: from usage where it names versions and times, else from the tickets."""
    named = [name for change in changes for name in (change.carried_by_version, change.fixed_in_version) if name]
    dimension = version_dimension(dimensions, named)
    if dimension is None or not named:
        return None
    use, tickets = counted.use, counted.tallies
    version = counted.patterns.of(use.segment)[:, dimension]
    dated = (version != UNKNOWN) & ~np.isnan(use.hour)
    if dated.any():
        bins = axis.bins_of(use.hour[dated] + np.where(use.day_only[dated], MIDDAY_HOURS, 0.0))
        version, count = version[dated], use.count[dated]
    else:
        bins, version, count = tickets.bin, counted.patterns.of(tickets.segment)[:, dimension], tickets.count
    told = (version != UNKNOWN) & (bins >= 0) & (bins < axis.n_bins)
    counts = np.zeros((axis.n_bins, len(dimensions[dimension].values)))
    np.add.at(counts, (bins[told], version[told]), count[told])
    return VersionUse(dimension=dimension, counts=counts)


def usage_in(axis: TimeAxis, use: UseTallies, patterns: SegmentPatterns) -> tuple[Usage | None, Floats | None]:
    """Return how use spreads over segments, and use per bin where the counts have times."""
    dated = ~np.isnan(use.hour)
    wanted = dated if len(np.unique(use.hour[dated])) > 1 else np.ones(len(dated), dtype=bool)
    if use.count[wanted].sum() <= 0:
        return None, None
    ids, position = np.unique(use.segment, return_inverse=True)
    table = patterns.of(ids)
    present = np.unique(position[wanted])
    kept = present[finest_rows(table[present])]
    counted = wanted & np.isin(position, kept)
    share: Floats = np.bincount(position[counted], weights=use.count[counted], minlength=len(ids))[kept].astype(float)
    usage = Usage(segments=table[kept], share=share)
    if len(np.unique(use.hour[counted & dated])) < 2:
        return usage, None
    return usage, spread_over_bins(axis, use.hour[counted & dated], use.count[counted & dated])


def _over_time(
    axis: TimeAxis, use: UseTallies, patterns: SegmentPatterns, dimensions: Sequence[Dimension]
) -> tuple[tuple[int, Floats], ...]:
    """Return use per bin and value of each dimension that dated counts tell apart."""
    dated = ~np.isnan(use.hour)
    if not dated.any():
        return ()
    return usage_over_time(
        axis, dimensions, hours=use.hour[dated], patterns=patterns.of(use.segment[dated]), counts=use.count[dated]
    )


def _panels(
    incident: Incident, means: MetricTallies, patterns: SegmentPatterns, width: float
) -> tuple[MetricPanel, ...]:
    """Return one panel per metric: times against groups, with gaps where there is no point."""
    panels = []
    for metric in Metric.objects.filter(product=incident.product):
        mine = means.metric == metric.pk
        if not mine.any():
            continue
        groups, group = np.unique(means.segment[mine], return_inverse=True)
        steps, step = np.unique(means.step[mine], return_inverse=True)
        values = np.full((len(steps), len(groups)), np.nan)
        values[step, group] = means.mean[mine]
        better = metric.better if metric.better in {"higher", "lower"} else None
        panels.append(
            MetricPanel(
                key=metric.key,
                hours=(steps + 0.5) * width,
                groups=patterns.of(groups),
                values=values,
                better=better,  # type: ignore[arg-type]
            )
        )
    return tuple(panels)
