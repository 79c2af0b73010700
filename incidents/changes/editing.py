"""Entering and correcting a change by hand, also weeks after it took effect."""

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Max

from incidents.catalog.models import Product
from incidents.catalog.queries import require
from incidents.catalog.services import manual_source
from incidents.changes.enums import ChangeKind, EndKind, RolloutShape, Visibility
from incidents.changes.log import next_external_id
from incidents.changes.models import ArtifactVersion, Change, RolloutStep
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Conflict

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """What a person says about a change."""

    kind: ChangeKind
    title: str
    started_at: dt.datetime
    description: str = ""
    scope: dict[str, list[str]] = field(default_factory=dict)
    rollout: tuple[tuple[dt.datetime, float], ...] = ()
    rollout_shape: RolloutShape = RolloutShape.STEP
    ended_at: dt.datetime | None = None
    end_kind: EndKind | str = ""
    carried_by_version: str = ""
    fixed_in_version: str = ""
    discovered_at: dt.datetime | None = None
    announced_at: dt.datetime | None = None
    user_facing: bool = False
    visibility: Visibility = Visibility.PUBLIC
    owner: str = ""
    url: str = ""
    artifact_name: str = ""
    artifact_before: str = ""
    artifact_after: str = ""


# The members of a record that are columns of the change.
_PLAIN = (
    *("kind", "title", "description", "scope", "url", "user_facing", "visibility"),
    *("started_at", "rollout_shape", "ended_at", "end_kind", "discovered_at", "announced_at"),
    *("carried_by_version", "fixed_in_version"),
)
# Where a change's own record may tell who owns it.
_OWNER = ("owner", "team")


@transaction.atomic
def record_change(*, actor: "User", product: Product, record: ChangeRecord) -> Change:
    """Enter a change with its true times; it keeps the next free colour of the product."""
    require(actor, Action.EDIT_CHANGES, product)
    highest = Change.objects.filter(product=product).aggregate(highest=Max("colour"))["highest"]
    change = Change(
        product=product,
        source=manual_source(product=product),
        external_id=next_external_id(product),
        colour=0 if highest is None else highest + 1,
        recorded_by=actor,
    )
    _write(change, record)
    record_audit(actor=actor, action="change recorded", subject=change, product_id=product.pk)
    return change


@transaction.atomic
def correct_change(*, actor: "User", change: Change, record: ChangeRecord, seen_at: dt.datetime) -> Change:
    """Correct a change that nobody else has touched since `seen_at`; raise Conflict otherwise."""
    require(actor, Action.EDIT_CHANGES, change.product)
    row = Change.objects.select_for_update().get(pk=change.pk)
    if row.updated_at != seen_at:
        raise Conflict(
            f"“{row.title}” was changed by someone else while you wrote: open it again, your text is kept in the form."
        )
    moved = {
        name: [str(getattr(row, name)), str(getattr(record, name))]
        for name in _PLAIN
        if getattr(row, name) != getattr(record, name)
    }
    if row.owner != record.owner:
        moved["owner"] = [row.owner, record.owner]
    row.day_fields = [name for name in row.day_fields if name not in moved]
    _write(row, record)
    record_audit(
        actor=actor, action="change corrected", subject=row, product_id=row.product_id, detail={"moved": moved}
    )
    return row


def _write(change: Change, record: ChangeRecord) -> None:
    for name in _PLAIN:
        setattr(change, name, getattr(record, name))
    if record.owner != change.owner:
        kept = {name: value for name, value in change.extra.items() if name not in _OWNER}
        change.extra = kept | ({"owner": record.owner} if record.owner else {})
    try:
        with transaction.atomic():
            change.save()
    except IntegrityError as error:
        raise Conflict("The change ends before it starts: set the end after the start.") from error
    change.rollout_steps.all().delete()
    RolloutStep.objects.bulk_create(RolloutStep(change=change, at=at, share=share) for at, share in record.rollout)
    if record.artifact_name or record.artifact_before or record.artifact_after:
        ArtifactVersion.objects.update_or_create(
            change=change,
            name=record.artifact_name or "text",
            defaults={"before": record.artifact_before, "after": record.artifact_after},
        )
