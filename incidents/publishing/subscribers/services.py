"""Subscribing, confirming, leaving, and handing out what was published."""

import base64
import datetime as dt
import re
import secrets
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from incidents.catalog.models import Product
from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Form, InputError, NotReady, NotThere
from incidents.core.outbound import NotSent, check_url
from incidents.jobs.services import enqueue
from incidents.publishing.models import Publication
from incidents.publishing.subscribers.enums import Channel, DeliveryState, Pace
from incidents.publishing.subscribers.models import Delivery, Subscriber

if TYPE_CHECKING:
    from django.contrib.auth.models import User

HAND_OUT_JOB, DELIVER_JOB, DIGEST_JOB, CONFIRM_JOB = (
    "notices.hand_out",
    "notices.deliver",
    "notices.digest",
    "notices.confirm",
)

_problem = Form("subscription").problem
# A second letter that asks for confirmation is not sent sooner: nobody's box is to be filled through us.
ASK_AGAIN_AFTER = dt.timedelta(hours=1)
# Nor are more than this many strangers' boxes written to in an hour, for one product.
ASKED_MOST = 200
# After each failure the next attempt waits longer; about three days in all, then the delivery is given up.
PAUSES = tuple(dt.timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
_MAIL = re.compile(r"[^\s@<>(),;:\"\\\[\]]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)


def ask_to_subscribe(*, product: Product, address: str, pace: str) -> None:
    """Write down a reader's wish and ask them by mail to confirm it.

    Nothing in the answer tells whether the address was known. Raises InputError for what is no address.
    """
    address = address.strip()
    if not _MAIL.fullmatch(address) or len(address) > 254:
        raise InputError([_problem("address", "this is no e-mail address", "write it as name@example.com")])
    if pace not in Pace.values:
        raise InputError([_problem("pace", "it is not said how often", "choose one of the two")])
    now = timezone.now()
    with transaction.atomic():
        # One at a time for a product, so that the limit holds.
        Product.objects.select_for_update().get(pk=product.pk)
        row, _ = Subscriber.objects.get_or_create(
            product=product, channel=Channel.EMAIL, address=address.lower(), defaults={"pace": pace}
        )
        recently = row.asked_at is not None and row.asked_at > now - ASK_AGAIN_AFTER
        lately = Subscriber.objects.filter(product=product, asked_at__gt=now - dt.timedelta(hours=1)).count()
        if recently or lately >= ASKED_MOST:
            return
        row.asked_at = now
        row.save(update_fields=["asked_at"])
        enqueue(kind=CONFIRM_JOB, payload={"subscriber": row.pk, "pace": pace})


@transaction.atomic
def confirm(*, token: str, pace: str) -> Subscriber:
    """Begin to send; the same link works again. Raises NotThere for a token that nobody has."""
    row = Subscriber.objects.select_for_update(of=("self",)).select_related("product").filter(token=token).first()
    if row is None:
        raise NotThere("This link is no longer in use: subscribe again.")
    row.pace = pace if pace in Pace.values else row.pace
    row.confirmed_at = row.confirmed_at or timezone.now()
    row.stopped_at, row.stopped_reason = None, ""
    row.save(update_fields=["pace", "confirmed_at", "stopped_at", "stopped_reason"])
    return row


def unsubscribe(*, token: str) -> bool:
    """Forget an address at once and for good; False where it was forgotten before."""
    n, _ = Subscriber.objects.filter(token=token, channel=Channel.EMAIL).delete()
    return bool(n)


@transaction.atomic
def add_hook(*, actor: "User", product: Product, channel: str, address: str) -> Subscriber:
    """Add a webhook or a chat room. Raises InputError for an address that leads nowhere or into our own network."""
    require(actor, Action.PUBLISH, product)
    if channel not in (Channel.WEBHOOK, Channel.SLACK):
        raise InputError([_problem("channel", "it is not said what it is", "choose webhook or chat room")])
    address = address.strip()
    try:
        check_url(address)
    except NotSent as refused:
        raise InputError(
            [_problem("address", refused.reason.rstrip("."), "give an address that can be reached")]
        ) from refused
    secret = new_signing_secret() if channel == Channel.WEBHOOK else ""
    row, is_new = Subscriber.objects.get_or_create(
        product=product,
        channel=channel,
        address=address,
        defaults={"secret": secret, "confirmed_at": timezone.now()},
    )
    if not is_new:
        raise InputError([_problem("address", "it hears of this product already", "nothing is to be done")])
    record_audit(
        actor=actor,
        action="subscriber added",
        subject=row,
        product_id=product.pk,
        detail={"channel": channel, "host": address.split("/")[2]},
    )
    return row


@transaction.atomic
def remove_subscriber(*, actor: "User", subscriber: Subscriber) -> None:
    """Take a subscriber away with all that is on its way to them."""
    require(actor, Action.PUBLISH, subscriber.product)
    record_audit(
        actor=actor,
        action="subscriber removed",
        subject=subscriber,
        product_id=subscriber.product_id,
        detail={"channel": subscriber.channel},
    )
    subscriber.delete()


@transaction.atomic
def renew_secret(*, actor: "User", subscriber: Subscriber) -> Subscriber:
    """Give a webhook a new secret; the former one signs beside it until the next renewal, so nothing is refused."""
    require(actor, Action.PUBLISH, subscriber.product)
    row = Subscriber.objects.select_for_update().get(pk=subscriber.pk, channel=Channel.WEBHOOK)
    row.former_secret, row.secret = row.secret, new_signing_secret()
    row.save(update_fields=["secret", "former_secret"])
    record_audit(actor=actor, action="webhook secret renewed", subject=row, product_id=row.product_id)
    return row


@transaction.atomic
def send_again(*, actor: "User", delivery: Delivery) -> None:
    """Put a delivery that was given up back on its way. Raises NotReady for every other."""
    require(actor, Action.PUBLISH, delivery.subscriber.product)
    row = Delivery.objects.select_for_update(of=("self",)).select_related("subscriber").get(pk=delivery.pk)
    if row.state != DeliveryState.DEAD:
        raise NotReady("Only what was given up can be sent again.")
    row.state, row.attempts, row.finished_at, row.error = DeliveryState.WAITING, 0, None, ""
    row.save(update_fields=["state", "attempts", "finished_at", "error"])
    Subscriber.objects.filter(pk=row.subscriber_id).update(stopped_at=None, stopped_reason="")
    enqueue(kind=DELIVER_JOB, payload={"delivery": row.pk})
    record_audit(actor=actor, action="delivery sent again", subject=row, product_id=row.subscriber.product_id)


def announce(publication: Publication) -> None:
    """Hand a publication out, in the transaction that publishes it."""
    enqueue(kind=HAND_OUT_JOB, payload={"publication": publication.pk}, idempotency_key=f"publication/{publication.pk}")


def new_signing_secret() -> str:
    """Return a secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def next_digest(now: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Return the next 09:00 in the product's zone after `now`."""
    local = now.astimezone(zone)
    today = local.replace(hour=9, minute=0, second=0, microsecond=0)
    at = today if today > local else today + dt.timedelta(days=1)
    return at.astimezone(dt.UTC)
