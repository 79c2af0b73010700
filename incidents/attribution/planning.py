"""Could complaints tell these changes apart, and what would? For planned changes, before anything happened."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import F, Max, Q

from incidents.attribution.axis import TimeAxis, time_axis
from incidents.attribution.casefile import SegmentPatterns, dimensions_in, logged_change, usage_in
from incidents.attribution.exposures import exposure_of
from incidents.attribution.tallies import distinct, segment_values, ticket_tallies, use_tallies
from incidents.catalog.models import Product
from incidents.changes.models import Change
from incidents.response.models import Incident
from incidents.stats.attribution.counting import tally
from incidents.stats.attribution.evidence import CaseEvidence, ChangeExposure, Dimension, Floats, Ints
from incidents.stats.attribution.separation import DesignReport, design_report
from incidents.tickets.models import Ticket

REFERENCE = dt.timedelta(days=28)  # of complaints, from which their mix and number a day are taken
BEFORE, AFTER = dt.timedelta(days=14), dt.timedelta(days=21)  # around the first and the last start
RECENT = dt.timedelta(days=28)  # a change in force counts as new for so long
MOST_CHANGES = 16
LONGEST = dt.timedelta(days=180)
ADOPTION_HOURS = (0.0, 24.0, 72.0, 144.0, 288.0, 576.0)  # half of the users after three days
LEAST_DISPERSION, MOST_DISPERSION = 0.005, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Separability:
    """What a set of changes would look like in complaints; keys in the report are the changes' row ids as text."""

    changes: tuple[Change, ...]
    report: DesignReport
    dimensions: tuple[Dimension, ...]
    rise: float
    per_day: float
    reference: tuple[dt.datetime, dt.datetime]
    window: tuple[dt.datetime, dt.datetime]
    n_left_out: int


def planned_and_new(product: Product, now: dt.datetime) -> list[Change]:
    """Return what is planned, and what went out of late and is still in force, in order of their start."""
    rows = Change.objects.filter(product=product, started_at__gte=now - RECENT, visibility="public")
    rows = rows.filter(Q(ended_at=None) | Q(ended_at__gt=now)).exclude(kind="client_release", carried_by_version="")
    return list(rows.prefetch_related("rollout_steps", "links").order_by("started_at", "id"))


def separability(product: Product, changes: Sequence[Change], *, rise: float, now: dt.datetime) -> Separability | None:
    """Return which of the changes complaints could not tell apart, if each raised them by the part `rise` in its scope.

    None where there are fewer than two changes, or no complaints to take the mix from. Of more than `MOST_CHANGES`
    changes, and of those too far from the first, the later ones are left out.
    """
    ordered = sorted(changes, key=lambda change: (change.started_at, change.pk))
    chosen = [c for c in ordered if c.started_at <= ordered[0].started_at + LONGEST][:MOST_CHANGES]
    if len(chosen) < 2:
        return None
    reference = _reference(product, min(chosen[0].started_at, now)) or _reference(product, now)
    if reference is None:
        return None
    window = (chosen[0].started_at - BEFORE, chosen[-1].started_at + AFTER)
    evidence, dispersion, per_day = _evidence(product, chosen, reference, window)
    if not len(evidence.cell_count):
        return None
    return Separability(
        changes=tuple(chosen),
        report=design_report(evidence, dispersion=dispersion, rise=rise),
        dimensions=evidence.dimensions,
        rise=rise,
        per_day=per_day,
        reference=reference,
        window=window,
        n_left_out=len(ordered) - len(chosen),
    )


def _reference(product: Product, before: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """Return four weeks of complaints before a moment; where the newest are older, the last four weeks of those."""
    rows = Ticket.objects.filter(product=product, reported_at__lt=before).exclude(status="dismissed")
    last = rows.aggregate(last=Max(F("reported_at")))["last"]
    if last is None:
        return None
    zone = ZoneInfo(product.timezone)
    local = min(before, last + dt.timedelta(days=1)).astimezone(zone)
    end = dt.datetime.combine(local.date(), dt.time(), zone).astimezone(dt.UTC)
    return end - REFERENCE, end


def _evidence(
    product: Product,
    changes: Sequence[Change],
    reference: tuple[dt.datetime, dt.datetime],
    window: tuple[dt.datetime, dt.datetime],
) -> tuple[CaseEvidence, float, float]:
    """Return the plan as evidence, the variance of a day's level, and the complaints a day."""
    zone = ZoneInfo(product.timezone)
    past = time_axis(start=reference[0], end=reference[1], zone=zone, bucket="day")
    ahead = time_axis(start=window[0], end=window[1], zone=zone, bucket="day")
    # no case: its window and product are all that the statements ask for
    stand_in = Incident(product=product, starts_at=past.start, ends_at=past.end, timezone=product.timezone)
    tallies, use = ticket_tallies(stand_in, past), use_tallies(stand_in, past)
    segments = segment_values(distinct(tallies.segment, use.segment))
    dimensions = dimensions_in(stand_in, segments.values(), changes)
    patterns = SegmentPatterns(segments, dimensions)
    ids, position = np.unique(tallies.segment, return_inverse=True)
    per_day = tally(position.reshape(-1), tallies.count, len(ids)) / max(past.n_bins, 1)
    usage, _ = usage_in(past, use, patterns)
    evidence = CaseEvidence(
        edges=ahead.edges,
        day=ahead.day,
        weekday=ahead.weekday,
        hour=None,
        dimensions=dimensions,
        patterns=patterns.of(ids),
        symptoms=("any",),
        cell_bin=np.zeros(len(ids), np.int64),
        cell_pattern=np.arange(len(ids)),
        cell_symptom=np.zeros(len(ids), np.int64),
        cell_count=per_day * (float(ahead.edges[-1]) / 24.0),
        changes=tuple(_exposure(change, ahead, dimensions) for change in changes),
        usage=usage,
    )
    by_day = tally(tallies.bin, tallies.count, past.n_bins)
    return evidence, _dispersion(by_day, past.weekday), float(per_day.sum())


def _exposure(change: Change, axis: TimeAxis, dimensions: tuple[Dimension, ...]) -> ChangeExposure:
    """Place a change on the plan's axis; what a client version carries spreads as versions usually do."""
    logged = logged_change(change, axis.zone)
    exposure = exposure_of(logged, axis=axis, dimensions=dimensions, versions=None)
    if not logged.carried_by_version:
        return exposure
    steps = tuple((exposure.started + hours, 1.0 - 0.5 ** (hours / 72.0)) for hours in ADOPTION_HOURS)
    return replace(exposure, steps=steps, shape="linear")


def _dispersion(by_day: Floats, weekday: Ints) -> float:
    """Return the variance of a day's log level beyond Poisson, by moments of steps from day to day, weekdays set aside.

    Steps, not levels: a slow rise is no up and down.
    """
    if len(by_day) < 8 or by_day.sum() <= 0:
        return LEAST_DISPERSION
    mean = np.array([by_day[weekday == day].mean() if (weekday == day).any() else 0.0 for day in range(7)])
    expected = np.maximum(mean[weekday], 1e-9)
    lost = len(by_day) / max(len(by_day) - 7, 1)
    variance = float((np.diff(by_day / expected) ** 2).mean() / 2.0 * lost - (1.0 / expected).mean())
    return float(np.clip(variance, LEAST_DISPERSION, MOST_DISPERSION))
