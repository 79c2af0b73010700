"""Metric timelines with their sample sizes, exposure (usage) counts, and evaluation runs."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from incidents.catalog.models import Product, Segment, Source
from incidents.core.models import Foreign, Stamped
from incidents.metrics.enums import Better


class Metric(Stamped):
    """What is measured, in which unit, and which direction is good."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="metrics")
    key = models.CharField(max_length=80)
    name = models.CharField(max_length=160)
    unit = models.CharField(max_length=60, blank=True)
    better = models.CharField(max_length=10, choices=Better.choices, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    extra = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["product", "key"], name="metric_once")]

    def __str__(self) -> str:
        return self.name


class MetricSeries(models.Model):
    """One metric of one segment from one source; the segment {} is all users."""

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="series")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["metric", "segment", "source"], name="metric_series_once")]


class MetricPoint(models.Model):
    """A value at a time, with its sample size and standard error where they are known."""

    pk = models.CompositePrimaryKey("series_id", "at")
    series = models.ForeignKey(MetricSeries, on_delete=models.CASCADE, related_name="points")
    at = models.DateTimeField()
    value = models.FloatField()
    n = models.FloatField(null=True)
    stderr = models.FloatField(null=True)
    day_only = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(n__isnull=True) | Q(n__gte=0), name="metric_point_n"),
            models.CheckConstraint(condition=Q(stderr__isnull=True) | Q(stderr__gte=0), name="metric_point_stderr"),
        ]


class MetricRollup(models.Model):
    """The points of one series in one bucket of `width` seconds, as sums that can be added up further.

    A value weighs its sample size in `weighted`, and counts once in `total`. `at_total` is the sum of the points' Unix
    seconds, `variance` that of (sample size x standard error) squared, `n_or_one` that of sample sizes with 1 where
    none is told. No foreign key: rows are written by the thousand, and those of a series that is gone go with the next
    refresh.
    """

    pk = models.CompositePrimaryKey("series_id", "width", "at")
    series_id = models.BigIntegerField()
    width = models.IntegerField()
    at = models.DateTimeField()
    n_points = models.IntegerField()
    at_total = models.FloatField()
    total = models.FloatField()
    weighted = models.FloatField(null=True)
    least = models.FloatField()
    greatest = models.FloatField()
    n = models.FloatField(null=True)
    n_or_one = models.FloatField()
    n_stderr = models.IntegerField()
    variance = models.FloatField(null=True)


class MetricStale(models.Model):
    """An hour of a series whose rollup is behind its points: written by triggers, read as "count the points there"."""

    series_id = models.BigIntegerField()
    hour = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["series_id", "hour"], name="metric_stale_hour")]


class ExposureCount(models.Model):
    """How much a segment used the product (sessions, users, requests); without `at`, over the whole window."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="exposure_counts")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True)
    count = models.FloatField()
    day_only = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "segment", "at"], name="exposure_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(count__gte=0), name="exposure_count"),
        ]
        indexes = [models.Index(fields=["product", "at"], name="exposure_product_time")]


class EvalRun(Foreign):
    """One run of an evaluation suite; `subject` is the external id of the change it was meant to judge."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="eval_runs")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    suite = models.CharField(max_length=200)
    at = models.DateTimeField()
    n = models.PositiveIntegerField(null=True)
    paired = models.BooleanField(default=False)
    score = models.FloatField(null=True)
    baseline_score = models.FloatField(null=True)
    discordant = models.FloatField(null=True)
    subject = models.CharField(max_length=200, blank=True)
    verdict = models.TextField(blank=True)
    day_fields = ArrayField(models.CharField(max_length=20), default=list, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="eval_run_once"),
            models.CheckConstraint(
                condition=Q(discordant__isnull=True) | (Q(discordant__gte=0) & Q(discordant__lte=1)),
                name="eval_run_discordant",
            ),
        ]
