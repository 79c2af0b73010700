"""Products, the dimensions that cut their users into segments, symptoms, sources, and who holds which role.

A segment is an observed pattern {dimension: value}; a missing dimension is unknown, and stays unknown. Patterns are
interned: tickets, exposure and metric series point at one row each, so that a million tickets are counted fast.
"""

from django.conf import settings
from django.db import models

from incidents.catalog.enums import SourceKind, SymptomStep
from incidents.core.access import Role
from incidents.core.models import Stamped


class Product(Stamped):
    """What users complain about: the border of every permission."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=160)
    timezone = models.CharField(max_length=64, default="UTC")
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's role for one product; without a product, for all of them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "product", "role"], name="membership_once", nulls_distinct=False),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class Source(Stamped):
    """A place rows come from; together with an external id it makes each row arrive once."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=20, choices=SourceKind.choices)
    key = models.SlugField(max_length=120)
    name = models.CharField(max_length=200)
    last_received_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "key"], name="source_once")]

    def __str__(self) -> str:
        return self.name


class Dimension(models.Model):
    """One way to cut users into segments: surface, model, platform, plan, version, session state, build."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="dimensions")
    key = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "key"]
        constraints = [models.UniqueConstraint(fields=["product", "key"], name="dimension_once")]

    def __str__(self) -> str:
        return self.name


class DimensionValue(models.Model):
    """A value that a dimension takes, in the order in which people expect it."""

    dimension = models.ForeignKey(Dimension, on_delete=models.CASCADE, related_name="values")
    key = models.CharField(max_length=120)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "key"]
        constraints = [models.UniqueConstraint(fields=["dimension", "key"], name="dimension_value_once")]

    def __str__(self) -> str:
        return self.key


class Segment(models.Model):
    """An interned pattern of known values; `values` leaves out what is unknown, {} is "nothing known"."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="segments")
    values = models.JSONField(default=dict)
    digest = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "digest"], name="segment_once")]

    def __str__(self) -> str:
        return ", ".join(f"{key}={value}" for key, value in sorted(self.values.items())) or "unknown"


class Symptom(Stamped):
    """One thing users complain of, as an editable entry of the product's taxonomy."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="symptoms")
    key = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    terms = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["product", "key"], name="symptom_once"),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | ~models.Q(merged_into=models.F("pk")), name="symptom_merged_two"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SymptomChange(models.Model):
    """One step in a symptom's history; no step is ever rewritten, only marked as taken back.

    `other` is the symptom that a merge went into or that a split made; `detail` holds what was before and after.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="symptom_changes")
    symptom = models.ForeignKey(Symptom, on_delete=models.CASCADE, related_name="changes")
    other = models.ForeignKey(Symptom, null=True, on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=12, choices=SymptomStep.choices)
    detail = models.JSONField(default=dict)
    n_labels = models.PositiveIntegerField(default=0)  # labels that moved with it
    changed_at = models.DateTimeField(auto_now_add=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-changed_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(step__in=SymptomStep.values), name="symptom_change_step"),
        ]
        indexes = [models.Index(fields=["product", "-changed_at"], name="symptom_change_newest")]

    def __str__(self) -> str:
        return f"{self.get_step_display()}: {self.symptom_id}"


class DataMark(models.Model):
    """How many transactions changed a product's data: the sum of `n` is the version of the data.

    Database triggers write one row a transaction, so writers never wait for each other and a version is visible exactly
    when what it counts is; `services.merge_marks` keeps the rows few without changing any sum.
    """

    product_id = models.BigIntegerField()
    transaction = models.BigIntegerField()
    n = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product_id", "transaction"], name="data_mark_once")]
