"""Postmortems and notices: text in revisions, claims bound to evidence, reviews of one exact revision."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from incidents.attribution.models import AttributionRun
from incidents.catalog.models import Product
from incidents.changes.models import Change
from incidents.core.access import Role
from incidents.core.models import Stamped
from incidents.documents.enums import (
    CommentState,
    DocumentKind,
    DocumentState,
    LeakKind,
    NameKind,
    NoticeHeading,
    TemplateKind,
    Verdict,
)
from incidents.response.models import Incident


class Document(Stamped):
    """A postmortem or a notice; `version` counts saves and guards against lost updates."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=12, choices=DocumentKind.choices)
    change = models.ForeignKey(Change, null=True, blank=True, on_delete=models.SET_NULL, related_name="notices")
    run = models.ForeignKey(AttributionRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    slug = models.SlugField(max_length=160)
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    heading = models.CharField(max_length=12, choices=NoticeHeading.choices, blank=True)
    # For a notice to the people of one segment: whom it is for (value by dimension) and the text it was cut from.
    segment = models.JSONField(default=dict, blank=True)
    made_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="made_of_it")
    made_from_version = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=DocumentState.choices, default=DocumentState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "slug"], name="document_once"),
            models.CheckConstraint(condition=Q(state__in=DocumentState.values), name="document_state"),
        ]

    def __str__(self) -> str:
        return self.title


class Revision(models.Model):
    """The text as it was after one save; `number` is the document's version then."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    note = models.CharField(max_length=300, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="revision_once")]


class Claim(models.Model):
    """A number, date or causal sentence of a document and the evidence that carries it.

    The body refers to it as `[about 412](ev:KEY)`. `evidence` says where to look (kind and reference), `value` what was
    found there when the sentence was written.
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="claims")
    key = models.CharField(max_length=60)
    evidence = models.JSONField(default=dict)
    value = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["document", "key"], name="claim_once")]


class Review(models.Model):
    """A reviewer's decision on one exact revision; a later save makes it void."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="reviews")
    revision_number = models.PositiveIntegerField()
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    # The roles that the reviewer held then: a product may ask for the approval of several.
    roles = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    note = models.TextField(blank=True)
    # The reason for approving in spite of unsupported claims, where there were any.
    sign_off = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]


class ReviewRequest(models.Model):
    """Somebody asked this person to review this exact revision."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="review_requests")
    revision_number = models.PositiveIntegerField()
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["document", "revision_number", "reviewer"], name="review_request_once")
        ]


class DocumentTemplate(Stamped):
    """A house's own template: Markdown with slots (templating.py); `version` counts saves, `source` is the newest."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="document_templates")
    kind = models.CharField(max_length=12, choices=TemplateKind.choices)
    name = models.CharField(max_length=120)
    source = models.TextField()
    version = models.PositiveIntegerField(default=1)
    is_retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["kind", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "kind", "name"], name="template_once"),
            models.CheckConstraint(condition=Q(kind__in=TemplateKind.values), name="template_kind"),
        ]

    def __str__(self) -> str:
        return self.name


class TemplateRevision(models.Model):
    """A template as it was after one save."""

    template = models.ForeignKey(DocumentTemplate, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    source = models.TextField()
    note = models.CharField(max_length=300, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_revision_once")]


class DocumentPolicy(Stamped):
    """How a product writes one kind of document: the template it begins from, the roles that must all approve."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="document_policies")
    kind = models.CharField(max_length=12, choices=TemplateKind.choices)
    # A built-in template's key, or "t" and the number of a stored one; empty: the built-in default.
    template = models.CharField(max_length=40, blank=True)
    required_roles = ArrayField(models.CharField(max_length=20, choices=Role.choices), default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "kind"], name="document_policy_once")]


class InternalName(Stamped):
    """A word that stays inside: a host, a code name, a colleague, a customer, a weakness not remedied yet."""

    # None: for every product.
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.CASCADE, related_name="internal_names")
    kind = models.CharField(max_length=12, choices=NameKind.choices)
    words = models.CharField(max_length=200)
    replacement = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["kind", "words", "id"]
        constraints = [
            models.UniqueConstraint(Lower("words"), "product", name="internal_name_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(kind__in=NameKind.values), name="internal_name_kind"),
        ]


class LeakSignOff(models.Model):
    """A person's word that something that looks internal may leave in this document, and why."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="leak_sign_offs")
    kind = models.CharField(max_length=12, choices=LeakKind.choices)
    words = models.CharField(max_length=500)
    reason = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["document", "kind", "words"], name="leak_sign_off_once")]


class Comment(models.Model):
    """A remark on words of a text, or (with `suggestion`) other words for them; `quote` follows later edits.

    `start` and `end` are the words' place in the saved text, None where they are gone or it is about the whole.
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="comments")
    answers_to = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="answers")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(blank=True)
    suggestion = models.TextField(null=True)  # noqa: DJ001 - empty words are a suggestion, too: to leave them out
    revision_number = models.PositiveIntegerField()
    first_quote = models.TextField(blank=True)
    quote = models.TextField(blank=True)
    before = models.CharField(max_length=100, blank=True)
    after = models.CharField(max_length=100, blank=True)
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=12, choices=CommentState.choices, default=CommentState.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CommentState.values), name="comment_state"),
            models.CheckConstraint(
                condition=Q(start__isnull=True, end__isnull=True) | Q(end__gt=F("start")), name="comment_place"
            ),
        ]


class WorkingCopy(models.Model):
    """What one person typed and did not save, on top of `base_version`. Nobody else sees it."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="working_copies")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    base_version = models.PositiveIntegerField()
    title = models.CharField(max_length=300, blank=True)
    body = models.TextField(blank=True)
    kept_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "person"], name="working_copy_once")]
