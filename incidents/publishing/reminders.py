"""Reminders of what users were not told: by mail, to whoever asked for them, each item once per interval."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from incidents.catalog.models import Product
from incidents.catalog.queries import permitted, require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Form
from incidents.jobs.services import enqueue
from incidents.publishing.models import ReminderSent, ReminderWish
from incidents.publishing.queries import notice_coverage
from incidents.publishing.radar import Shipped, unannounced_versions

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_refused = Form("reminders").refused

__all__ = ["INTERVALS", "ReminderWish", "enqueue_due", "remind", "set_wish", "wish_of"]

REMIND_JOB = "publishing.remind"
INTERVALS = {1: "every day", 7: "every week", 30: "every month"}
_MOST = 40
# A version that nobody announced in two months will hardly be news.
_RECENT = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that users were not told; `key` names it for good."""

    key: str
    text: str


def wish_of(user: "User", product: Product) -> ReminderWish | None:
    """Return the person's wish to be reminded about a product."""
    return ReminderWish.objects.filter(person=user, product=product).first()


@transaction.atomic
def set_wish(*, actor: "User", product: Product, every_days: int) -> ReminderWish | None:
    """Ask for reminders (each item again after `every_days`), or with 0 for none any more."""
    require(actor, Action.VIEW, product)
    if every_days == 0:
        ReminderWish.objects.filter(person=actor, product=product).delete()
        record_audit(actor=actor, action="reminders stopped", subject=product, product_id=product.pk)
        return None
    if every_days not in INTERVALS:
        raise _refused("interval", "there is no such interval", "choose one of the list")
    if not actor.email:
        raise _refused("e-mail", "there is no address to write to", "ask an administrator to enter your e-mail address")
    row, _ = ReminderWish.objects.update_or_create(person=actor, product=product, defaults={"every_days": every_days})
    record_audit(
        actor=actor, action="reminders wanted", subject=product, product_id=product.pk, detail={"days": every_days}
    )
    return row


def enqueue_due(now: dt.datetime | None = None) -> int:
    """Ask for one job per wish and day; a second call on the same day asks for nothing."""
    day = (now or timezone.now()).date().isoformat()
    wishes = list(ReminderWish.objects.values_list("pk", flat=True))
    for pk in wishes:
        enqueue(kind=REMIND_JOB, payload={"wish": pk}, idempotency_key=f"{pk}-{day}")
    return len(wishes)


def items_for(wish: ReminderWish, now: dt.datetime) -> list[Item]:
    """Return what the person is to be told now: untold changes and versions that were not in a mail of late."""
    recently = set(
        ReminderSent.objects.filter(
            person=wish.person, product=wish.product, sent_at__gt=now - dt.timedelta(days=wish.every_days, hours=-1)
        ).values_list("item", flat=True)
    )
    found = [
        Item(
            key=f"change-{row.change.pk}", text=f"{row.change.title} (in effect since {row.change.started_at:%d %b %Y})"
        )
        for row in notice_coverage(wish.person, product_slug=wish.product.slug)
        if row.told_at is None
    ]
    found += [
        Item(key=f"version-{one.version}"[:100], text=_told_of(one))
        for one in unannounced_versions(wish.product)
        if one.first_at is not None and one.first_at > now - _RECENT
    ]
    return [item for item in found if item.key not in recently]


def _told_of(one: Shipped) -> str:
    if one.removed_on is not None:
        return f"Version {one.version}: its entry was taken out on {one.removed_on:%d %b %Y}"
    return f"Version {one.version} went out without an entry"


@transaction.atomic
def remind(*, wish_id: int, now: dt.datetime | None = None) -> int:
    """Write one mail about what is not told; return how many items it names. The mail goes last: if it fails, nothing
    is noted and the job tries again.
    """
    now = now or timezone.now()
    wish = (
        ReminderWish.objects.select_for_update(of=("self",))
        .select_related("person", "product")
        .filter(pk=wish_id)
        .first()
    )
    if wish is None or not wish.person.email or not permitted(wish.person, Action.VIEW, wish.product):
        return 0
    items = items_for(wish, now)
    if not items:
        return 0
    ReminderSent.objects.bulk_create(
        ReminderSent(person=wish.person, product=wish.product, item=item.key, sent_at=now) for item in items
    )
    _letter(wish, items).send()
    return len(items)


def _letter(wish: ReminderWish, items: list[Item]) -> EmailMessage:
    number = len(items)
    what = "1 change was" if number == 1 else f"{number} changes were"
    more = f"\n… and {number - _MOST} more" if number > _MOST else ""
    listed = "\n".join(f"- {item.text}" for item in items[:_MOST])
    board = f"{settings.PUBLIC_URL}{reverse('publish')}?product={wish.product.slug}"
    return EmailMessage(
        subject=f"{wish.product.name}: {what} not announced",
        body=(
            f"Users of {wish.product.name} were not told of:\n\n{listed}{more}\n\n"
            f"Draft a notice, or stop these mails: {board}\n"
        ),
        to=[wish.person.email],
    )
