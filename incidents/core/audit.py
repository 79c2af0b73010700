"""Writing and reading the audit trail."""

from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet

from incidents.core.models import AuditEntry

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


def record_audit(
    *,
    actor: "AbstractBaseUser | AnonymousUser | None",
    action: str,
    subject: Model,
    product_id: int | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add one entry in the caller's transaction: the trail holds what happened, and only that."""
    return AuditEntry.objects.create(
        actor_id=actor.pk if actor is not None and actor.is_authenticated else None,
        action=action,
        object_type=subject._meta.model_name or "",
        object_id=str(subject.pk),
        product_id=product_id,
        detail=detail or {},
    )


def audit_trail(subject: Model) -> QuerySet[AuditEntry]:
    """Entries about one object, the newest first."""
    return AuditEntry.objects.filter(
        object_type=subject._meta.model_name or "", object_id=str(subject.pk)
    ).select_related("actor")
