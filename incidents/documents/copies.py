"""Each person's own working copy of a document: kept while they type, offered when they come back, never shared."""

from typing import TYPE_CHECKING

from django.db import transaction

from incidents.catalog.queries import require
from incidents.core.access import Action
from incidents.documents.models import Document, WorkingCopy
from incidents.documents.rendering import check_source

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["WorkingCopy", "drop_copy", "keep_copy", "working_copy"]


@transaction.atomic
def keep_copy(*, actor: "User", document: Document, title: str, body: str, base_version: int) -> WorkingCopy | None:
    """Keep what a person typed and did not save; None (and nothing kept) where it is what is saved already.

    It touches nobody else's copy and no revision. Raises InputError where the text is refused.
    """
    require(actor, Action.EDIT_DOCUMENT, document.incident.product)
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    check_source(body)
    if (title, body.rstrip()) == (document.title, document.body.rstrip()) and base_version == document.version:
        drop_copy(actor=actor, document=document)
        return None
    row, _ = WorkingCopy.objects.update_or_create(
        document=document,
        person=actor,
        defaults={"title": title[:300], "body": body, "base_version": min(base_version, document.version)},
    )
    return row


def drop_copy(*, actor: "User", document: Document) -> None:
    """Forget a person's working copy."""
    WorkingCopy.objects.filter(document=document, person=actor).delete()


def working_copy(user: "User", document: Document) -> WorkingCopy | None:
    """Return the person's own working copy where it says something else than the saved text."""
    row = WorkingCopy.objects.filter(document=document, person=user).first()
    if row is None or (row.title, row.body.rstrip()) == (document.title, document.body.rstrip()):
        return None
    return row
