"""Recording metrics, usage counts and evaluation runs in bulk: each row once, whatever the number."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
from django.db import transaction
from django.db.models import Max

from incidents.catalog.models import Product, Source
from incidents.catalog.recording import hold_vocabulary
from incidents.catalog.services import SegmentNumbers, has_neighbours
from incidents.catalog.upsert import BeforeWrite, Progress, Recorded, Target, batched, same_json, upsert
from incidents.metrics.models import Metric, MetricSeries
from incidents.metrics.records import EvalRecord, ExposureRecord, MetricDefinition, MetricRecord

_POINTS = Target(
    table="incidents_metricpoint",
    columns={
        "series_id": "bigint",
        "at": "timestamptz",
        "value": "float8",
        "n": "float8",
        "stderr": "float8",
        "day_only": "boolean",
    },
    key=("series_id", "at"),
)
_EXPOSURE = Target(
    table="incidents_exposurecount",
    columns={"segment_id": "bigint", "at": "timestamptz", "count": "float8", "day_only": "boolean"},
    key=("segment_id", "at"),
    scope=("product_id", "source_id"),
    null_key={"at": "'-infinity'::timestamptz"},
)
_EVALS = Target(
    table="incidents_evalrun",
    columns={
        "external_id": "varchar",
        "suite": "varchar",
        "at": "timestamptz",
        "n": "integer",
        "paired": "boolean",
        "score": "float8",
        "baseline_score": "float8",
        "discordant": "float8",
        "subject": "varchar",
        "verdict": "text",
        "day_fields": "varchar[]",
        "extra": "jsonb",
    },
    key=("external_id",),
    scope=("product_id", "source_id"),
)

# What other sources of the product tell, as if the row's own source told it.
_OTHER_EXPOSURE = """
SELECT segment_id, at, count, day_only FROM incidents_exposurecount
WHERE product_id = {product} AND source_id <> {source}
"""
_OTHER_POINTS = """
SELECT own.id AS series_id, p.at, p.value, p.n, p.stderr, p.day_only
FROM incidents_metricseries own
JOIN incidents_metricseries other USING (metric_id, segment_id)
JOIN incidents_metricpoint p ON p.series_id = other.id
WHERE own.source_id = {source} AND other.source_id <> {source}
"""


@transaction.atomic
def describe_metrics(*, product: Product, definitions: Sequence[MetricDefinition]) -> tuple[int, int]:
    """Record what is measured; return how many descriptions are (new, changed)."""
    hold_vocabulary(product=product)
    known = {row.key: row for row in Metric.objects.filter(product=product)}
    highest = Metric.objects.filter(product=product).aggregate(highest=Max("position"))["highest"]
    position = -1 if highest is None else highest
    created = changed = 0
    for definition in definitions:
        said: dict[str, Any] = {
            "name": definition.name,
            "unit": definition.unit,
            "better": definition.better,
            "extra": dict(definition.extra),
        }
        row = known.get(definition.key)
        if row is None:
            position += 1
            Metric.objects.create(product=product, key=definition.key, position=position, **said)
            created += 1
        elif any(not same_json(getattr(row, name), value) for name, value in said.items()):
            for name, value in said.items():
                setattr(row, name, value)
            row.save(update_fields=[*said, "updated_at"])
            changed += 1
    return created, changed


@transaction.atomic
def record_metrics(
    *,
    product: Product,
    source: Source,
    rows: Iterable[MetricRecord],
    before_write: BeforeWrite | None = None,
    progress: Progress | None = None,
) -> Recorded:
    """Record points of metrics that `describe_metrics` knows."""
    metrics = dict(Metric.objects.filter(product=product).values_list("key", "id"))
    segments = SegmentNumbers(product)
    series: dict[tuple[int, int], int] = {}

    def batches() -> Iterator[Iterator[tuple[Any, ...]]]:
        for batch in batched(rows):
            segments.learn(row.segment for row in batch)
            pairs = [(metrics[row.metric], segments.of(row.segment)) for row in batch]
            _learn_series(series, set(pairs), source)
            yield (
                (row.line, series[pair], row.at, row.value, row.n, row.stderr, row.day_only)
                for row, pair in zip(batch, pairs, strict=True)
            )

    return upsert(
        target=_POINTS,
        scope={},
        batches=batches(),
        before_write=before_write,
        progress=progress,
        elsewhere=_OTHER_POINTS.format(source=source.pk) if has_neighbours(source) else "",
    )


def _learn_series(series: dict[tuple[int, int], int], pairs: set[tuple[int, int]], source: Source) -> None:
    new = pairs - series.keys()
    if not new:
        return
    MetricSeries.objects.bulk_create(
        [MetricSeries(metric_id=metric, segment_id=segment, source=source) for metric, segment in sorted(new)],
        ignore_conflicts=True,
    )
    found = MetricSeries.objects.filter(source=source, metric_id__in={metric for metric, _ in new})
    series |= {(metric, segment): pk for metric, segment, pk in found.values_list("metric_id", "segment_id", "pk")}


@transaction.atomic
def record_exposure(
    *,
    product: Product,
    source: Source,
    rows: Iterable[ExposureRecord],
    before_write: BeforeWrite | None = None,
    progress: Progress | None = None,
) -> Recorded:
    """Record usage counts; one without a time holds for the whole window."""
    segments = SegmentNumbers(product)

    def batches() -> Iterator[Iterator[tuple[Any, ...]]]:
        for batch in batched(rows):
            segments.learn(row.segment for row in batch)
            yield ((row.line, segments.of(row.segment), row.at, row.usage, row.day_only) for row in batch)

    scope = {"product_id": product.pk, "source_id": source.pk}
    return upsert(
        target=_EXPOSURE,
        scope=scope,
        batches=batches(),
        before_write=before_write,
        progress=progress,
        elsewhere=_OTHER_EXPOSURE.format(product=product.pk, source=source.pk) if has_neighbours(source) else "",
    )


def record_eval_runs(
    *,
    product: Product,
    source: Source,
    rows: Iterable[EvalRecord],
    before_write: BeforeWrite | None = None,
    progress: Progress | None = None,
) -> Recorded:
    """Record evaluation runs, each by its source's id."""
    staged = (
        (
            row.line,
            row.external_id,
            row.suite,
            row.at,
            row.n,
            row.paired,
            row.score,
            row.baseline_score,
            row.discordant,
            row.subject,
            row.verdict,
            list(row.day_fields),
            orjson.dumps(row.extra).decode(),
        )
        for row in rows
    )
    scope = {"product_id": product.pk, "source_id": source.pk}
    return upsert(target=_EVALS, scope=scope, batches=batched(staged), before_write=before_write, progress=progress)
