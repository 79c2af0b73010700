"""Abstract models that several concepts share, and the audit trail."""

from django.conf import settings
from django.db import models


class Stamped(models.Model):
    """Rows that remember when they came to be and when they last changed (UTC)."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Foreign(models.Model):
    """Rows that an outside system knows under its own id; unknown members of their record are kept in `extra`."""

    external_id = models.CharField(max_length=200)
    extra = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True


class AuditEntry(models.Model):
    """Who did what to which object and when. Rows are only ever added (a database trigger refuses the rest)."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    product_id = models.BigIntegerField(null=True, db_index=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id", "-at"], name="audit_object")]
        ordering = ["-at", "-id"]
