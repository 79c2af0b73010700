"""Fixed choices of documents."""

from django.db import models


class DocumentKind(models.TextChoices):
    """What is written."""

    POSTMORTEM = "postmortem", "Postmortem"
    NOTICE = "notice", "Change notice"


class DocumentState(models.TextChoices):
    """Where a document stands on its way to the public."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    SCHEDULED = "scheduled", "Scheduled"
    PUBLISHED = "published", "Published"
    CORRECTED = "corrected", "Corrected"
    WITHDRAWN = "withdrawn", "Retracted"


# What readers can see; a correction is one that came after another text.
PUBLIC_STATES = (DocumentState.PUBLISHED, DocumentState.CORRECTED)


class NoticeHeading(models.TextChoices):
    """Under which heading of the changelog a notice stands (Keep a Changelog)."""

    ADDED = "added", "Added"
    CHANGED = "changed", "Changed"
    DEPRECATED = "deprecated", "Deprecated"
    REMOVED = "removed", "Removed"
    FIXED = "fixed", "Fixed"
    SECURITY = "security", "Security"


class ClaimState(models.TextChoices):
    """Whether the evidence carries a claim."""

    SUPPORTED = "supported", "Supported"
    STALE = "stale", "Stale"
    UNSUPPORTED = "unsupported", "Unsupported"
    CONTRADICTED = "contradicted", "Contradicted"


class Verdict(models.TextChoices):
    """What a reviewer decides."""

    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"


class TemplateKind(models.TextChoices):
    """What a template makes."""

    POSTMORTEM = "postmortem", "Postmortem"
    NOTICE = "notice", "Change notice"
    SEGMENT = "segment", "Notice to a segment"
    MACRO = "macro", "Support answer"


class LeakKind(models.TextChoices):
    """What must not leave."""

    PERSONAL = "personal", "Personal data"
    SECRET = "secret", "Secret"
    NAME = "name", "Internal name"
    WEAKNESS = "weakness", "Open weakness"
    LINK = "link", "Link for staff"


class NameKind(models.TextChoices):
    """What a word of the organisation's dictionary names."""

    HOST = "host", "Host"
    CODE_NAME = "code_name", "Code name"
    STAFF = "staff", "Colleague"
    CUSTOMER = "customer", "Customer"
    WEAKNESS = "weakness", "Open weakness"


class CommentState(models.TextChoices):
    """Where a comment or a suggestion stands."""

    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
