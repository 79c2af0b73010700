"""What the public reads: frozen snapshots that know nothing of later edits."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from incidents.catalog.models import Product
from incidents.documents.enums import DocumentKind, NoticeHeading
from incidents.documents.models import Document
from incidents.jobs.models import Job
from incidents.publishing.enums import IncidentStep


class Publication(models.Model):
    """One published state of a document. A database trigger refuses any change but withdrawal and replacement."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="publications")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="publications")
    kind = models.CharField(max_length=12, choices=DocumentKind.choices)
    slug = models.SlugField(max_length=160)
    number = models.PositiveIntegerField()
    revision_number = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    heading = models.CharField(max_length=12, choices=NoticeHeading.choices, blank=True)
    summary = models.TextField(blank=True)
    body = models.TextField()
    html = models.TextField()
    content_hash = models.CharField(max_length=64)
    effective_at = models.DateTimeField(null=True)
    timezone = models.CharField(max_length=64, default="UTC")
    correction = models.TextField(blank=True)
    # Whether readers may see the words that a correction replaced. Once one may not be seen, none before it may.
    shows_earlier = models.BooleanField(default=False)
    # What readers filter the changelog by, as it stood when it was published.
    change_kind = models.CharField(max_length=20, blank=True)
    versions = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    # Which texts tell of one incident, and how far this one takes it (`IncidentStep`); empty for a plain change.
    incident_key = models.UUIDField(null=True)
    incident_step = models.CharField(max_length=12, blank=True, choices=IncidentStep.choices)
    # Whom it is for, in words ("plan pro and surface web"); empty: for everybody.
    readers = models.CharField(max_length=300, blank=True)
    is_current = models.BooleanField(default=True)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-published_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="publication_once"),
            models.UniqueConstraint(
                fields=["product", "kind", "slug"],
                condition=Q(is_current=True),
                name="publication_one_current",
            ),
        ]
        indexes = [models.Index(fields=["product", "kind", "-published_at"], name="publication_newest")]

    def __str__(self) -> str:
        return self.title


class Theme(models.Model):
    """How a product's public pages look, and under which name of a host they stand."""

    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="theme")
    site_name = models.CharField(max_length=120, blank=True)
    accent = models.CharField(max_length=7, blank=True)
    accent_dark = models.CharField(max_length=7, blank=True)
    css = models.TextField(blank=True)
    logo = models.BinaryField(null=True)
    logo_type = models.CharField(max_length=20, blank=True)
    home_url = models.URLField(max_length=300, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain"], condition=~Q(domain=""), name="theme_domain_once"),
        ]

    def __str__(self) -> str:
        return self.site_name or self.product.name


class PublicSite(models.Model):
    """One row: the mark of what the public can read, another one after every change of it.

    Triggers move it with publications, themes and the names of products, in the transaction that changes them, and so
    hold its row until the commit: whoever reads a mark knows which changes are in what is read after it.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    mark = models.UUIDField()
    # Whole seconds, another one at each mark: what files made under it are dated by.
    changed_at = models.DateTimeField()
    moved_in = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="public_site_is_one")]


class PublicationSchedule(models.Model):
    """An approved revision that goes out at a set time: once, whatever restarts; `problem` says why it did not."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="schedules")
    revision_number = models.PositiveIntegerField()
    publish_at = models.DateTimeField()
    correction = models.TextField(blank=True)
    shows_earlier = models.BooleanField(default=False)
    scheduled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    publication = models.ForeignKey(Publication, null=True, on_delete=models.SET_NULL, related_name="+")
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["document"], condition=Q(closed_at=None), name="schedule_one_open")
        ]


class ReminderWish(models.Model):
    """Somebody wants to be reminded by mail of what users of a product were not told."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reminder_wishes")
    every_days = models.PositiveSmallIntegerField(default=7)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "product"], name="reminder_wish_once"),
            models.CheckConstraint(condition=Q(every_days__gte=1), name="reminder_interval"),
        ]


class ReminderSent(models.Model):
    """An item (a change, a version) was in a mail to this person at that time."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    item = models.CharField(max_length=100)
    sent_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person", "product", "-sent_at"], name="reminder_newest")]
