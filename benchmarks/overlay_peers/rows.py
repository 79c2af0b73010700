"""The benchmark's rows: every number follows from the seed. Ten metrics of six segments each, so 60 series."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection

from incidents.catalog.models import Dimension, DimensionValue, Product, Source, Symptom
from incidents.catalog.services import intern_segments
from incidents.changes.models import Change, RolloutStep
from incidents.metrics.models import Metric, MetricSeries
from incidents.metrics.rollups import refresh_metric_rollups
from incidents.response.models import Incident
from incidents.tickets.rollups import refresh_ticket_counts

START = datetime(2026, 2, 1, tzinfo=UTC)
DAYS = 90
N_METRICS, N_SEGMENTS = 10, 6
N_SERIES = N_METRICS * N_SEGMENTS
KINDS = ("prompt", "cache", "flag", "model")
VALUES = {
    "surface": ["cli", "ide", "web", "mobile"],
    "model": ["large", "medium", "small"],
    "platform": ["linux", "macos", "windows"],
    "plan": ["free", "pro", "team"],
    "session": ["fresh", "idle"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """One product with its case."""

    incident: Incident
    source: Source
    series: tuple[int, ...]


def fill(slug: str, *, n_tickets: int, n_points: int, n_changes: int, first_change: int = 0) -> Filled:
    """Write one product: tickets over 216 segments and 8 symptoms, points in 60 series, changes, a case of 90 days.

    The case comes last: where it is there, an earlier run wrote all of it, and it is given as it is.
    """
    incident = Incident.objects.filter(slug=slug).first()
    if incident is not None:
        there = MetricSeries.objects.filter(metric__product_id=incident.product_id).order_by("pk")
        source = Source.objects.get(product_id=incident.product_id)
        return Filled(incident=incident, source=source, series=tuple(there.values_list("pk", flat=True)))
    Product.objects.filter(slug=slug).delete()
    product = Product.objects.create(slug=slug, name=slug)
    source = Source.objects.create(product=product, kind="bundle", key="bench", name="Bench")
    for key, values in VALUES.items():
        dimension = Dimension.objects.create(product=product, key=key, name=key)
        DimensionValue.objects.bulk_create(DimensionValue(dimension=dimension, key=value) for value in values)
    patterns: list[dict[str, str]] = [{}]
    for key, values in VALUES.items():
        patterns = [{**pattern, key: value} for pattern in patterns for value in values]
    segments = list(intern_segments(product=product, patterns=patterns).values())
    with connection.cursor() as cursor:
        cursor.execute("select setseed(0.42)")
    add_tickets(product, source, segments, n_tickets)
    series = add_points(product, source, segments, n_points // N_SERIES)
    add_changes(product, source, n_changes, first=first_change)
    refresh_ticket_counts(product=product)
    refresh_metric_rollups(product=product)
    incident = Incident.objects.create(
        product=product,
        source=source,
        slug=slug,
        title=slug,
        bucket="hour",
        starts_at=START,
        ends_at=START + timedelta(days=DAYS),
    )
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    return Filled(incident=incident, source=source, series=tuple(series))


def add_tickets(product: Product, source: Source, segments: list[int], n: int) -> None:
    """Add tickets, about evenly over the days."""
    symptoms = [Symptom.objects.create(product=product, key=f"s{i}", name=f"Symptom {i}").pk for i in range(8)]
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into incidents_ticket (product_id, source_id, external_id, reported_at, title, text, segment_id,
                channel, reporter, weight, url, status, day_fields, received_at, extra)
            select %s, %s, 'b' || n, %s + random() * interval '90 days', 'Complaint', 'x', (%s::int8[])[1 + n %% %s],
                '', '', 1, '', 'new', '{}', now(), '{}' from generate_series(1, %s) n""",
            [product.pk, source.pk, START, segments, len(segments), n],
        )
        cursor.execute(
            """insert into incidents_ticketsymptom (ticket_id, symptom_id, confidence, source, decided_at)
            select id, (%s::int8[])[1 + id %% 8], 1.0, 'bundle', now() from incidents_ticket where product_id = %s""",
            [symptoms, product.pk],
        )


def add_points(product: Product, source: Source, segments: list[int], n: int) -> list[int]:
    """Add `n` points to each series: a level, a daily wave, noise, and a spike here and there."""
    ids: list[int] = []
    for i in range(N_METRICS if n else 0):
        metric = Metric.objects.create(product=product, key=f"m{i}", name=f"Metric {i}", position=i)
        for k in range(N_SEGMENTS):
            segment = segments[(i * N_SEGMENTS + k) % len(segments)]
            row = MetricSeries.objects.create(metric=metric, segment_id=segment, source=source)
            ids.append(row.pk)
            with connection.cursor() as cursor:
                cursor.execute(
                    """insert into incidents_metricpoint (series_id, at, value, n, day_only)
                    select %s, %s + k * (interval '90 days' / %s), 10 + %s + sin(k * 565.0 / %s) + random()
                        + case when random() < 0.0001 then 20 else 0 end, 500, false from generate_series(0, %s) k""",
                    [row.pk, START, n, k, n, n - 1],
                )
    return ids


def add_changes(product: Product, source: Source, n: int, *, first: int = 0) -> None:
    """Add changes of several kinds, half of them ended, each rolled out in two steps."""
    generator = np.random.default_rng(7 + first)
    changes = []
    for i in range(first, first + n):
        started = START + timedelta(days=float(generator.uniform(0, DAYS)))
        ended = started + timedelta(days=float(generator.exponential(6))) if i % 2 else None
        changes.append(
            Change(
                product=product,
                source=source,
                external_id=f"c{i}",
                kind=KINDS[i % len(KINDS)],
                title=f"Change number {i}",
                started_at=started,
                ended_at=ended,
                colour=i,
                end_kind="revert" if ended else "",
            )
        )
    made = Change.objects.bulk_create(changes)
    steps = [(RolloutStep(change=one, at=one.started_at, share=0.2)) for one in made]
    steps += [RolloutStep(change=one, at=one.started_at + timedelta(hours=12), share=1.0) for one in made]
    RolloutStep.objects.bulk_create(steps)


def move_changes(*, source: Filled, target: Filled) -> None:
    """Give the changes numbered 200 and up to another product, so that one case can be seen with few and with many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """update incidents_change set product_id = %s, source_id = %s
            where product_id = %s and substr(external_id, 2)::int >= 200""",
            [target.incident.product_id, target.source.pk, source.incident.product_id],
        )


def raw_values(filled: Filled) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return all points of a product (n_series, n_points), for a peer that holds them in memory."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select string_agg(float4send(value::float4), '' order by at) from incidents_metricpoint
            where series_id = any(%s) group by series_id order by series_id""",
            [list(filled.series)],
        )
        return np.array([np.frombuffer(row[0], ">f4") for row in cursor.fetchall()], dtype=np.float32)
