"""The change log: every change is an interval with scope, rollout and end, never a dot.

Four times are kept apart: took effect (`started_at`), found out (`discovered_at`), entered here (`recorded_at`), told
to users (`announced_at`). A change found weeks later enters with its true time.
"""

import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from incidents.catalog.models import Product, Source
from incidents.changes.enums import ChangeKind, EndKind, LinkKind, RolloutShape, Visibility
from incidents.core.models import Foreign, Stamped


class Change(Foreign, Stamped):
    """One change and the interval in which it was in force."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="changes")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=20, choices=ChangeKind.choices)
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    scope = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField()
    rollout_shape = models.CharField(max_length=10, choices=RolloutShape.choices, default=RolloutShape.STEP)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_kind = models.CharField(max_length=20, choices=EndKind.choices, blank=True)
    carried_by_version = models.CharField(max_length=80, blank=True)
    fixed_in_version = models.CharField(max_length=80, blank=True)
    discovered_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    announced_at = models.DateTimeField(null=True, blank=True)
    user_facing = models.BooleanField(default=False)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC)
    url = models.URLField(max_length=1000, blank=True)
    # Names of the times above of which only the day is known (a bare date in the product's zone).
    day_fields = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    # The rollout's steps in order of time, as (at, share): `queries.with_rollout` puts them here.
    steps: list[tuple[dt.datetime, float]]
    # A change keeps one colour everywhere; the number is given once, in the order of entry.
    colour = models.PositiveIntegerField(default=0)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["started_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="change_once"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="change_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(end_kind="") | Q(ended_at__isnull=False) | ~Q(fixed_in_version=""),
                name="change_end_kind_has_end",
            ),
            models.CheckConstraint(condition=Q(kind__in=ChangeKind.values), name="change_kind"),
            models.CheckConstraint(condition=Q(visibility__in=Visibility.values), name="change_visibility"),
        ]
        indexes = [models.Index(fields=["product", "started_at"], name="change_product_start")]

    def __str__(self) -> str:
        return self.title

    @property
    def owner(self) -> str:
        """Return who owns the change, where its record tells ("owner" or "team"); empty otherwise."""
        told = self.extra.get("owner") or self.extra.get("team") or ""
        return told.strip()[:80] if isinstance(told, str) else ""

    @property
    def last_moment_at(self) -> dt.datetime | None:
        """The last moment in which the change was in force, where it has ended."""
        return None if self.ended_at is None else self.ended_at - dt.timedelta(microseconds=1)


class RolloutStep(models.Model):
    """From `at` on, this share of the scope is exposed (0 to 1)."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="rollout_steps")
    at = models.DateTimeField()
    share = models.FloatField()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["change", "at"], name="rollout_step_once"),
            models.CheckConstraint(condition=Q(share__gte=0) & Q(share__lte=1), name="rollout_share"),
        ]


class ArtifactVersion(models.Model):
    """The text of a prompt or configuration before and after a change."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=200)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "name"], name="artifact_once")]


class ChangeLink(models.Model):
    """One change masks another, or hurts only together with it."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="linked_from")
    kind = models.CharField(max_length=20, choices=LinkKind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "other", "kind"], name="change_link_once"),
            models.CheckConstraint(condition=~Q(change=F("other")), name="change_link_to_another"),
        ]
