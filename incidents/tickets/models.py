"""Complaint tickets: when reported, when the symptom began, from which segment, with which symptoms and who says so."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Left

from incidents.catalog.models import Product, Segment, Source, Symptom
from incidents.core.models import Foreign
from incidents.tickets.enums import LabelSource, TicketStatus

# What full-text search looks at; a text's first 100,000 characters, since PostgreSQL refuses vectors over a megabyte.
TICKET_WORDS = SearchVector("title", Left("text", 100_000), config="english")


class Ticket(Foreign):
    """One complaint; `weight` counts merged duplicates."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="tickets")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="tickets")
    reported_at = models.DateTimeField()
    onset_at = models.DateTimeField(null=True)
    title = models.TextField(blank=True)
    text = models.TextField(blank=True)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="tickets")
    channel = models.CharField(max_length=60, blank=True)
    reporter = models.CharField(max_length=120, blank=True)
    weight = models.FloatField(default=1.0)
    url = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=TicketStatus.choices, default=TicketStatus.NEW)
    day_fields = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    # When the reporter's words were erased on request: an import does not bring them back.
    erased_at = models.DateTimeField(null=True, editable=False)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="ticket_once"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="ticket_weight"),
            models.CheckConstraint(condition=Q(status__in=TicketStatus.values), name="ticket_status"),
        ]
        indexes = [
            models.Index(fields=["product", "reported_at", "segment"], name="ticket_product_time"),
            models.Index(fields=["product", "-reported_at", "-id"], name="ticket_newest"),
            models.Index("product", Coalesce("onset_at", "reported_at"), name="ticket_onset"),
            GinIndex(TICKET_WORDS, name="ticket_words"),
        ]

    def __str__(self) -> str:
        return self.title or self.text[:80] or self.external_id


class TicketSymptom(models.Model):
    """A ticket shows a symptom with a confidence, according to the machine, the bundle or a person."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="labels")
    symptom = models.ForeignKey(Symptom, on_delete=models.PROTECT, related_name="labels")
    confidence = models.FloatField(default=1.0)
    source = models.CharField(max_length=10, choices=LabelSource.choices)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "symptom"], name="ticket_symptom_once"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0) & Q(confidence__lte=1), name="ticket_symptom_confidence"
            ),
        ]


class TicketRollup(models.Model):
    """Weighted complaints of one symptom (0: none) in one bucket of `width` seconds, by one clock.

    A ticket of which only the day is known keeps that day's first instant as `at`. No foreign keys, as for metrics.
    """

    pk = models.CompositePrimaryKey("product_id", "clock", "width", "at", "day_only", "symptom_id")
    product_id = models.BigIntegerField()
    clock = models.CharField(max_length=6)
    width = models.IntegerField()
    at = models.DateTimeField()
    day_only = models.BooleanField()
    symptom_id = models.BigIntegerField()
    amount = models.FloatField()


class TicketStale(models.Model):
    """An hour of a product whose complaint counts are behind its tickets, by either clock; written by triggers."""

    product_id = models.BigIntegerField()
    hour = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["product_id", "hour"], name="ticket_stale_hour")]


class ClassifierVersion(models.Model):
    """A classifier as it was learned once from a product's labels; one of them may be in use.

    `artefact` holds numbers and words alone (`tickets.classifier.engine`), `metrics` what cross-validation found.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="classifiers")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    n_labels = models.PositiveIntegerField()
    metrics = models.JSONField(default=dict)
    artefact = models.BinaryField()
    is_active = models.BooleanField(default=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["product"], condition=Q(is_active=True), name="classifier_one_active"),
        ]

    def __str__(self) -> str:
        return f"Classifier {self.pk} of {self.product_id}"
