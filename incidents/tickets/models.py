"""Complaint tickets: when reported, when the symptom began, from which segment, with which symptoms and who says so."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Left

from incidents.catalog.models import Product, Segment, Source, Symptom, SymptomChange
from incidents.core.models import Foreign
from incidents.tickets.enums import DuplicateKind, LabelSource, ProposalState, TicketStatus

# What full-text search looks at; a text's first 100,000 characters, since PostgreSQL refuses vectors over a megabyte.
TICKET_WORDS = SearchVector("title", Left("text", 100_000), config="english")


class Ticket(Foreign):
    """One complaint; `weight` counts the duplicates that its source merged, `merged_weight` those merged here.

    `segment` and `onset_at` are what its fields say; `stated_segment` (the fields and what the words add, right with
    `stated_confidence`) and `stated_onset_at` (the middle of a narrow interval) are read from the words, and are never
    exported as if they had been reported.
    """

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
    stated_segment = models.ForeignKey(
        Segment, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    stated_confidence = models.FloatField(default=1.0, db_default=1.0, editable=False)
    stated_onset_at = models.DateTimeField(null=True, editable=False)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, editable=False
    )
    merged_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="merged", editable=False)
    merged_weight = models.FloatField(default=0.0, db_default=0.0, editable=False)
    # When the reporter's words were erased on request: an import does not bring them back.
    erased_at = models.DateTimeField(null=True, editable=False)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="ticket_once"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="ticket_weight"),
            models.CheckConstraint(condition=Q(status__in=TicketStatus.values), name="ticket_status"),
            models.CheckConstraint(condition=Q(merged_weight__gte=0), name="ticket_merged_weight"),
            models.CheckConstraint(
                condition=Q(stated_confidence__gt=0) & Q(stated_confidence__lte=1), name="ticket_stated_confidence"
            ),
        ]
        indexes = [
            models.Index(fields=["product", "reported_at", "segment"], name="ticket_product_time"),
            models.Index(fields=["product", "-reported_at", "-id"], name="ticket_newest"),
            models.Index("product", Coalesce("onset_at", "stated_onset_at", "reported_at"), name="ticket_onset"),
            GinIndex(TICKET_WORDS, name="ticket_words"),
            models.Index(
                fields=["product", "reported_at"], condition=Q(stated_segment__isnull=False), name="ticket_stated"
            ),
            models.Index(fields=["product", "reporter"], condition=~Q(reporter=""), name="ticket_reporter"),
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


class MovedLabel(models.Model):
    """A label that a merge or a split of symptoms moved, as it was; `replaced` is what stood at its target before."""

    change = models.ForeignKey(SymptomChange, on_delete=models.CASCADE, related_name="moved")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    symptom = models.ForeignKey(Symptom, on_delete=models.CASCADE, related_name="+")
    target = models.ForeignKey(Symptom, on_delete=models.CASCADE, related_name="+")
    confidence = models.FloatField()
    source = models.CharField(max_length=10, choices=LabelSource.choices)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField()
    replaced = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "ticket"], name="moved_label_once")]


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


class TicketReading(models.Model):
    """What a ticket's words state beyond its fields, and who says so; made by rules, corrected by people.

    `segment` holds {dimension: {"value", "words", "source", "confidence"}}; the onset lies in
    [onset_from, onset_to), by `onset_words`.
    """

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.CASCADE, related_name="reading")
    segment = models.JSONField(default=dict)
    onset_from = models.DateTimeField(null=True)
    onset_to = models.DateTimeField(null=True)
    onset_words = models.TextField(blank=True)
    onset_source = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(onset_from__isnull=True, onset_to__isnull=True) | Q(onset_from__lt=models.F("onset_to")),
                name="ticket_reading_onset",
            ),
        ]


class SegmentRules(models.Model):
    """One state of a product's rules for reading segments; the newest one is in use, and none is ever rewritten."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="segment_rules")
    rules = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]


class DuplicateProposal(models.Model):
    """Two tickets that may be one complaint: `kept` is the older one; a person decides."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="duplicate_proposals")
    kept = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=DuplicateKind.choices)
    alike = models.FloatField()  # 0 to 1
    state = models.CharField(max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN)
    # What the kept ticket gained when the other was merged into it: taken back by an undo.
    gained_weight = models.FloatField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    proposed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kept", "other"], name="duplicate_proposal_once"),
            models.CheckConstraint(condition=~Q(kept=models.F("other")), name="duplicate_proposal_two"),
            models.CheckConstraint(condition=Q(state__in=ProposalState.values), name="duplicate_proposal_state"),
        ]
        indexes = [models.Index(fields=["product", "state", "-alike"], name="duplicate_proposal_open")]


class Topic(models.Model):
    """Complaints that no symptom fits and that use the same words; a person makes it a symptom or dismisses it.

    `centre` holds the topic's words with their weights; `spike` what the test against the expected rate found last.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="topics")
    name = models.CharField(max_length=160)
    terms = models.JSONField(default=list)
    centre = models.JSONField(default=dict)
    n_tickets = models.PositiveIntegerField(default=0)
    spike = models.JSONField(default=dict)
    raised_at = models.DateTimeField(null=True)  # when a rise above the expected rate was first seen
    state = models.CharField(max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN)
    symptom = models.ForeignKey(Symptom, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-n_tickets", "id"]
        constraints = [models.CheckConstraint(condition=Q(state__in=ProposalState.values), name="topic_state")]

    def __str__(self) -> str:
        return self.name


class TopicTicket(models.Model):
    """A ticket belongs to at most one topic."""

    ticket = models.OneToOneField(Ticket, primary_key=True, on_delete=models.CASCADE, related_name="topic_place")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="places")


class TextRetention(models.Model):
    """How long a product's tickets keep their words; no row: for ever."""

    product = models.OneToOneField(Product, primary_key=True, on_delete=models.CASCADE, related_name="text_retention")
    days = models.PositiveIntegerField()
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(days__gte=1), name="text_retention_days")]


class SavedView(models.Model):
    """A person's named filter of the inbox; `query` is the address's query without page and product."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ticket_views")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="ticket_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "product", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name
