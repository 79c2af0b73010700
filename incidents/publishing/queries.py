"""What is published. The public half reads snapshots alone and knows no document; the staff half tells what waits."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q, QuerySet

from incidents.catalog.models import Product
from incidents.catalog.queries import visible_products
from incidents.changes.enums import ChangeKind
from incidents.changes.models import Change
from incidents.core.errors import NotThere, WorkbenchError
from incidents.documents.enums import DocumentKind
from incidents.documents.models import Document
from incidents.documents.queries import named_change_ids, visible_documents
from incidents.publishing.models import Publication

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

__all__ = [
    "NOT_PUBLIC",
    "ChangelogChoices",
    "Coverage",
    "Gone",
    "Month",
    "Product",
    "Publication",
    "changelog_choices",
    "first_published",
    "notice_about",
    "notice_coverage",
    "public_changelog",
    "public_history",
    "public_notices",
    "public_page",
    "public_postmortems",
    "public_product",
    "public_products",
    "public_publications",
    "publication_of",
    "publications_of",
    "told_at",
]

# The one answer to everything that is not public, whether it exists or not.
NOT_PUBLIC = "There is no such page."


class Gone(WorkbenchError):  # noqa: N818 - reads as a sentence where it is raised
    """What was here was withdrawn; `publication` says when and why."""

    def __init__(self, publication: Publication) -> None:
        """Keep the withdrawn snapshot."""
        self.publication = publication
        super().__init__("This page was withdrawn.")


def public_publications() -> QuerySet[Publication]:
    """Return what anyone may read: current snapshots that were not withdrawn. Every public list starts here."""
    return (
        Publication.objects.filter(is_current=True, withdrawn_at=None)
        .select_related("product__theme")
        .defer("product__theme__logo")
    )


def public_products() -> QuerySet[Product]:
    """Return the products of which something is public."""
    found = Product.objects.filter(pk__in=public_publications().values("product"))
    return found.select_related("theme").defer("theme__logo")


def public_product(slug: str) -> Product:
    """Return one product of which something is public; raise NotThere for every other."""
    product = public_products().filter(slug=slug).first()
    if product is None:
        raise NotThere(NOT_PUBLIC)
    return product


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The notices of one month, under the changelog's headings in their order."""

    first: dt.date
    groups: Sequence[tuple[str, Sequence[Publication]]]


_HEADINGS = {key: place for place, key in enumerate(["added", "changed", "deprecated", "removed", "fixed", "security"])}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangelogChoices:
    """By what a product's changelog can be narrowed: kinds of change as (key, label), versions, the newest first."""

    kinds: Sequence[tuple[str, str]]
    versions: Sequence[str]


def changelog_choices(product: Product) -> ChangelogChoices:
    """Return the choices that lead to at least one notice."""
    rows = list(public_notices(product).values_list("change_kind", "versions", "published_at"))
    kinds = sorted({kind for kind, _, _ in rows if kind})
    by_version = {version: at for _, versions, at in reversed(rows) for version in versions}
    labels = dict(ChangeKind.choices)
    return ChangelogChoices(
        kinds=[(kind, str(labels.get(kind, kind))) for kind in kinds],
        versions=sorted(by_version, key=lambda version: by_version[version], reverse=True),
    )


def public_changelog(product: Product, *, text: str = "", kind: str = "", version: str = "") -> list[Month]:
    """Return the product's notices by month of effect, the newest month first.

    `text` is looked for in titles and texts as search engines do (words, "phrases", -not this); `kind` and `version`
    narrow to a kind of change and a version that carried it.
    """
    found = public_notices(product)
    if kind:
        found = found.filter(change_kind=kind)
    if version:
        found = found.filter(versions__contains=[version])
    if text:
        vector = SearchVector("title", "html", config="english")
        query = SearchQuery(text, config="english", search_type="websearch")
        found = found.annotate(words=vector).filter(Q(words=query) | Q(title__icontains=text))
    rows = sorted(found, key=told_at, reverse=True)
    months = []
    for first, inside in groupby(rows, key=_month):
        by_heading = sorted(inside, key=lambda row: _HEADINGS.get(row.heading, 9))
        groups = [
            (label, list(found)) for label, found in groupby(by_heading, key=lambda row: row.get_heading_display())
        ]
        months.append(Month(first=first, groups=groups))
    return months


def told_at(publication: Publication) -> dt.datetime:
    """Return the time under which a snapshot is listed: when what it tells took effect, else when it came out."""
    return publication.effective_at or publication.published_at


def _month(publication: Publication) -> dt.date:
    local = told_at(publication).astimezone(ZoneInfo(publication.timezone))
    return dt.date(local.year, local.month, 1)


def public_notices(product: Product) -> QuerySet[Publication]:
    """Return the product's public notices, the last published first."""
    return public_publications().filter(product=product, kind=DocumentKind.NOTICE)


def public_postmortems(product: Product) -> QuerySet[Publication]:
    """Return the product's public postmortems, the last published first."""
    return public_publications().filter(product=product, kind=DocumentKind.POSTMORTEM)


def notice_about(product: Product, change_id: int | None) -> Publication | None:
    """Return the newest public notice about a change; None where the public was told nothing."""
    found = public_notices(product).filter(document__change=change_id).order_by("-effective_at", "-published_at")
    return None if change_id is None else found.first()


def public_page(product_slug: str, kind: DocumentKind, slug: str) -> Publication:
    """Return the snapshot at an address; raise Gone where it was withdrawn, NotThere for all else."""
    row = (
        Publication.objects.filter(product__slug=product_slug, kind=kind, slug=slug, is_current=True)
        .select_related("product__theme")
        .defer("product__theme__logo")
        .first()
    )
    if row is None:
        raise NotThere(NOT_PUBLIC)
    if row.withdrawn_at is not None:
        raise Gone(row)
    return row


def public_history(publication: Publication) -> list[Publication]:
    """Return the snapshots that came before and this one, the newest first, without withdrawn ones."""
    rows = Publication.objects.filter(
        document_id=publication.document_id, number__lte=publication.number, withdrawn_at=None
    )
    return list(rows.order_by("-number").defer("body", "html"))


def first_published(publications: Sequence[Publication]) -> dict[int, dt.datetime]:
    """Return, by document, when its first snapshot that was not withdrawn came out."""
    ids = [row.document_id for row in publications]
    rows = Publication.objects.filter(document_id__in=ids, withdrawn_at=None).order_by("-number")
    return dict(rows.values_list("document_id", "published_at"))


# --- For staff ---------------------------------------------------------------------------------------------------


def publication_of(document: Document) -> Publication | None:
    """Return the document's current snapshot, withdrawn or not."""
    return Publication.objects.filter(document=document, is_current=True).first()


def publications_of(document: Document) -> QuerySet[Publication]:
    """Return all snapshots of a document, the newest first."""
    return Publication.objects.filter(document=document).select_related("published_by").defer("body", "html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Whether a change that users met was told to them, and how long after it took effect.

    `told_at` is the earlier of the recorded announcement and the first published notice; `delay` is None while nobody
    was told.
    """

    change: Change
    told_at: dt.datetime | None
    notice: Publication | None
    draft: Document | None

    @property
    def delay(self) -> dt.timedelta | None:
        """Return the time from effect to telling; never negative."""
        if self.told_at is None:
            return None
        return max(self.told_at - self.change.started_at, dt.timedelta(0))


def notice_coverage(user: "User | AnonymousUser", *, product_slug: str = "") -> list[Coverage]:
    """Return every public change that users can notice or that a case names as contributing, the newest first."""
    products = visible_products(user)
    if product_slug:
        products = products.filter(slug=product_slug)
    named = Q(pk__in=named_change_ids(user))
    rows = list(
        Change.objects.filter(Q(user_facing=True) | named, product__in=products, visibility="public")
        .exclude(kind="client_release", description="")
        .select_related("product")
        .distinct()
        .order_by("-started_at", "-id")
    )
    notices: dict[int | None, Publication] = {}
    found = Publication.objects.filter(document__change__in=rows, kind=DocumentKind.NOTICE, withdrawn_at=None)
    for notice in found.select_related("document", "product").order_by("-published_at"):
        notices[notice.document.change_id] = notice
    drafts: dict[int | None, Document] = {
        document.change_id: document
        for document in visible_documents(user).filter(change__in=rows, kind=DocumentKind.NOTICE).order_by("updated_at")
    }
    return [_coverage(row, notices.get(row.pk), drafts.get(row.pk)) for row in rows]


def _coverage(change: Change, notice: Publication | None, draft: Document | None) -> Coverage:
    times = [at for at in (change.announced_at, notice.published_at if notice else None) if at is not None]
    return Coverage(change=change, told_at=min(times, default=None), notice=notice, draft=draft)
