"""Subscribers and what is on its way to them."""

import secrets

from django.db import models
from django.db.models import Q

from incidents.catalog.models import Product
from incidents.publishing.models import Publication
from incidents.publishing.subscribers.enums import Channel, DeliveryState, Pace


def new_secret() -> str:
    """Return a fresh token that nobody can guess."""
    return secrets.token_urlsafe(24)


class Subscriber(models.Model):
    """One address that hears of a product's publications; nothing is sent before `confirmed_at`."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="subscribers")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = models.CharField(max_length=500)
    pace = models.CharField(max_length=8, choices=Pace.choices, default=Pace.INSTANT)
    # Names the row in links of mails: whoever holds it may confirm and unsubscribe.
    token = models.CharField(max_length=40, unique=True, default=new_secret)
    # Of webhooks alone: what signs, and what signed before it while both hold.
    secret = models.CharField(max_length=80, blank=True)
    former_secret = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    asked_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["channel", "address", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "channel", "address"], name="subscriber_once"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="subscriber_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.address}"


class Delivery(models.Model):
    """One publication on its way to one subscriber; made once, whatever is repeated."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="deliveries")
    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    next_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["subscriber", "publication"], name="delivery_once")]
        indexes = [models.Index(fields=["state", "-created_at"], name="delivery_state")]
