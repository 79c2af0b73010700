"""Fixed choices of the change log."""

from django.db import models


class ChangeKind(models.TextChoices):
    """What was changed."""

    DEPLOY = "deploy", "Deploy"
    CLIENT_RELEASE = "client_release", "Client release"
    PROMPT = "prompt", "Prompt"
    EFFORT = "effort", "Reasoning effort"
    CACHE = "cache", "Cache"
    ROUTING = "routing", "Routing"
    MODEL = "model", "Model"
    FLAG = "flag", "Feature flag"
    CONFIG = "config", "Configuration"
    PRICING = "pricing", "Pricing or limits"
    EXPERIMENT = "experiment", "Experiment"
    INFRA = "infra", "Infrastructure"


class RolloutShape(models.TextChoices):
    """How exposure moves between rollout steps."""

    STEP = "step", "In steps"
    LINEAR = "linear", "Linear"


class EndKind(models.TextChoices):
    """How a change ended."""

    REVERT = "revert", "Reverted"
    FIX = "fix", "Fixed"
    MITIGATION = "mitigation", "Mitigated"
    SUPERSEDED = "superseded", "Superseded"


class Visibility(models.TextChoices):
    """Which builds carry the change."""

    INTERNAL = "internal", "Internal"
    DOGFOOD = "dogfood", "Dogfood"
    PUBLIC = "public", "Public"


class LinkKind(models.TextChoices):
    """How two changes bear on each other."""

    MASKS = "masks", "masks"
    INTERACTS_WITH = "interacts_with", "interacts with"
