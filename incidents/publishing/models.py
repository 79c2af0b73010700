"""What the public reads: frozen snapshots that know nothing of later edits."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.catalog.models import Product
from incidents.documents.enums import DocumentKind, NoticeHeading
from incidents.documents.models import Document


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
