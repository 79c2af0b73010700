"""The redaction check on stored documents: what is found, what was signed off, and the dictionary behind it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from incidents.catalog.models import Product
from incidents.catalog.queries import administers_all, require
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import Form, NotPermitted, NotReady, NotThere
from incidents.documents.editions import segment_words
from incidents.documents.enums import LeakKind, NameKind
from incidents.documents.models import Document, InternalName, LeakSignOff
from incidents.documents.redaction import Guard, Guarded, Leak, find_leaks, replaced
from incidents.documents.services import locked, save_document
from incidents.response.queries import changes_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

_refused = Form("redaction").refused

__all__ = [
    "InternalName", "LeakFound", "add_name", "leaks_of", "mask_leak", "names_for", "remove_name", "require_clean",
    "sign_off_leak",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakFound:
    """A find and the sign-off that lets it pass, if there is one."""

    leak: Leak
    sign_off: LeakSignOff | None


def names_for(product: Product) -> QuerySet[InternalName]:
    """Return the dictionary that holds for a product: its own words and everybody's."""
    return InternalName.objects.filter(Q(product=product) | Q(product=None)).select_related("product", "author")


def guard_of(document: Document) -> Guard:
    """Return what is known to be internal where this document is written."""
    product = document.incident.product
    names = [Guarded(words=one.words, kind=one.kind, replacement=one.replacement) for one in names_for(product)]
    people = get_user_model().objects.exclude(first_name="").exclude(last_name="")
    names += [Guarded(words=person.get_full_name(), kind=NameKind.STAFF) for person in people]
    hidden = changes_of(document.incident).exclude(visibility="public").values_list("title", flat=True)
    # A title of one word is too common to be a name.
    titles = [title for title in hidden.distinct() if " " in title.strip()]
    hosts = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host not in ("*", "127.0.0.1", "localhost")]
    return Guard(names=names, hidden_titles=titles, own_hosts=hosts)


def leaks_of(document: Document, *, title: str | None = None, body: str | None = None) -> list[LeakFound]:
    """Return what must not leave; with `title` and `body` for a text that is not saved yet."""
    shown = document.title if title is None else title
    if document.segment:
        # Whom a notice is for stands beside its title.
        shown = f"{shown} ({segment_words(document.segment)})"
    found = find_leaks(shown, document.body if body is None else body, guard_of(document))
    signed = {
        (row.kind, row.words): row for row in LeakSignOff.objects.filter(document=document).select_related("author")
    }
    return [LeakFound(leak=leak, sign_off=signed.get((leak.kind.value, leak.words[:500]))) for leak in found]


def require_clean(document: Document, *, extra: str = "", only_extra: bool = False) -> None:
    """Raise NotReady where something must not leave and nobody signed it off; `extra` is text beside the document."""
    found = [] if only_extra else [one.leak for one in leaks_of(document) if one.sign_off is None]
    found += find_leaks("", extra, guard_of(document)) if extra else []
    if found:
        first = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise NotReady(
            f"The redaction check found “{first.words[:60]}” ({first.why}){more}. "
            "Remove, mask or sign off each of them before this leaves."
        )


def _leak(document: Document, kind: str, words: str) -> Leak:
    for one in leaks_of(document):
        if (one.leak.kind.value, one.leak.words) == (kind, words):
            return one.leak
    raise NotThere("The check does not find these words (any more): reload the page.")


@transaction.atomic
def sign_off_leak(*, actor: "User", document: Document, kind: str, words: str, reason: str) -> LeakSignOff:
    """Let something pass under a person's name, with a reason; whoever may approve may do so."""
    require(actor, Action.APPROVE_DOCUMENT, document.incident.product)
    reason = " ".join(reason.split())
    if not reason:
        raise _refused("reason", "it is not said why this may leave", "write a sentence")
    leak = _leak(document, kind, words)
    row, _ = LeakSignOff.objects.update_or_create(
        document=document, kind=leak.kind, words=leak.words[:500], defaults={"reason": reason, "author": actor}
    )
    record_audit(
        actor=actor,
        action="redaction signed off",
        subject=document,
        product_id=document.incident.product_id,
        # The words themselves may be a secret: the trail says which kind and why, the row holds the words.
        detail={"kind": leak.kind.value, "reason": reason, "revision": document.version},
    )
    return row


@transaction.atomic
def mask_leak(
    *, actor: "User", document: Document, seen_version: int, kind: str, words: str, how: str = "mask"
) -> Document:
    """Take something out of the text as a new revision: mask it, mark it internal, or remove it."""
    row = locked(document, seen_version)
    leak = _leak(row, kind, words)
    if leak.is_title:
        raise _refused("title", "it stands in the title", "change the title and save")
    instead = {"mask": leak.instead, "internal": f"[[internal: {leak.words}]]", "remove": ""}.get(how, leak.instead)
    body = replaced(row.body, leak, instead)
    note = {"internal": "Marked words internal", "remove": "Removed words"}.get(how, "Masked words")
    return save_document(
        actor=actor, document=row, title=row.title, body=body, seen_version=seen_version, note=f"{note} ({leak.why})"
    )


@transaction.atomic
def add_name(
    *, actor: "User", product: Product | None, kind: NameKind, words: str, replacement: str = ""
) -> InternalName:
    """Put a word into the dictionary, for one product or (None, administrators of all) for every one."""
    _may_edit(actor, product)
    words, replacement = " ".join(words.split()), " ".join(replacement.split())
    if not 2 <= len(words) <= 200 or len(replacement) > 200:
        raise _refused("words", "a word has 2 to 200 characters", "write the name as it is said inside")
    try:
        with transaction.atomic():
            row = InternalName.objects.create(
                product=product, kind=kind, words=words, replacement=replacement, author=actor
            )
    except IntegrityError:
        raise _refused("words", f"“{words}” is in the dictionary already", "remove it first to change it") from None
    record_audit(
        actor=actor, action="internal name added", subject=row, product_id=row.product_id, detail={"kind": kind.value}
    )
    return row


@transaction.atomic
def remove_name(*, actor: "User", product: Product, name_id: int) -> None:
    """Take a word out of the dictionary."""
    row = names_for(product).filter(pk=name_id).first()
    if row is None:
        raise NotThere("There is no such word in the dictionary (any more).")
    _may_edit(actor, row.product)
    record_audit(actor=actor, action="internal name removed", subject=row, product_id=row.product_id)
    row.delete()


def _may_edit(actor: "User", product: Product | None) -> None:
    if product is not None:
        require(actor, Action.PUBLISH, product)
    elif not administers_all(actor):
        raise NotPermitted("Only an administrator of all products may keep words for every product.")


def is_leak_kind(kind: str) -> bool:
    """Tell whether there is such a kind of find."""
    return kind in LeakKind.values
