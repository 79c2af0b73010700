"""Who hears of a product, and what did not get through."""

from django.db.models import Count, Q, QuerySet

from incidents.catalog.models import Product
from incidents.core.errors import NotThere
from incidents.publishing.subscribers.enums import Channel, DeliveryState, Pace
from incidents.publishing.subscribers.models import Delivery, Subscriber

__all__ = [
    "Channel",
    "Pace",
    "Product",
    "dead_deliveries",
    "delivery_of",
    "hooks_of",
    "readers_of",
    "subscriber_of",
    "with_token",
]


def hooks_of(product: Product) -> QuerySet[Subscriber]:
    """Return webhooks and chat rooms with `n_sent`, `n_waiting` and `n_dead`."""
    counts = {
        name: Count("deliveries", filter=Q(deliveries__state=state))
        for name, state in (
            ("n_sent", DeliveryState.SENT),
            ("n_waiting", DeliveryState.WAITING),
            ("n_dead", DeliveryState.DEAD),
        )
    }
    return Subscriber.objects.filter(product=product).exclude(channel=Channel.EMAIL).annotate(**counts)


def readers_of(product: Product) -> dict[str, int]:
    """Return how many hear by mail at once, how many once a day, how many have not confirmed."""
    mails = Subscriber.objects.filter(product=product, channel=Channel.EMAIL)
    confirmed = Q(confirmed_at__isnull=False, stopped_at=None)
    return mails.aggregate(
        instant=Count("pk", filter=confirmed & Q(pace=Pace.INSTANT)),
        digest=Count("pk", filter=confirmed & Q(pace=Pace.DIGEST)),
        unconfirmed=Count("pk", filter=Q(confirmed_at=None)),
        stopped=Count("pk", filter=Q(stopped_at__isnull=False)),
    )


def dead_deliveries(product: Product) -> QuerySet[Delivery]:
    """Return what was given up, the newest first."""
    found = Delivery.objects.filter(subscriber__product=product, state=DeliveryState.DEAD)
    return found.select_related("subscriber__product", "publication")


def subscriber_of(product: Product, subscriber_id: int) -> Subscriber:
    """Return one subscriber of the product; raise NotThere for every other."""
    row = Subscriber.objects.filter(product=product, pk=subscriber_id).select_related("product").first()
    if row is None:
        raise NotThere("There is no such subscriber.")
    return row


def delivery_of(product: Product, delivery_id: int) -> Delivery:
    """Return one delivery to a subscriber of the product; raise NotThere for every other."""
    row = Delivery.objects.filter(subscriber__product=product, pk=delivery_id).select_related("subscriber__product")
    found = row.first()
    if found is None:
        raise NotThere("There is no such delivery.")
    return found


def with_token(token: str) -> Subscriber | None:
    """Return whoever a letter's link names."""
    return Subscriber.objects.filter(token=token).select_related("product__theme").defer("product__theme__logo").first()
