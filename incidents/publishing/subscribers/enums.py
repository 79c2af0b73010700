"""Fixed choices of subscribing."""

from django.db import models


class Channel(models.TextChoices):
    """How somebody hears."""

    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook", "Webhook"
    SLACK = "slack", "Chat room"


class Pace(models.TextChoices):
    """When somebody hears."""

    INSTANT = "instant", "At once"
    DIGEST = "digest", "Once a day"


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    WAITING = "waiting", "On its way"
    SENT = "sent", "Delivered"
    DROPPED = "dropped", "Not needed any more"
    DEAD = "dead", "Given up"
