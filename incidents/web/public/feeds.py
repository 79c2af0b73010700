"""A product's feeds: everything, the changelog alone, the postmortems alone; each as Atom, RSS and JSON Feed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from incidents.documents.enums import DocumentKind
from incidents.publishing.queries import (
    Product,
    Publication,
    first_published,
    public_notices,
    public_postmortems,
    public_product,
    public_publications,
)
from incidents.web.public import atom, json_feed, rss
from incidents.web.public.caching import public
from incidents.web.public.syndication import Entry, Feed

_MOST = 50


@dataclass(frozen=True, slots=True)
class _Format:
    content_type: str
    write: Callable[[Feed], bytes]


FORMATS = {
    "atom": _Format("application/atom+xml; charset=utf-8", atom.write),
    "rss": _Format("application/rss+xml; charset=utf-8", rss.write),
    "json": _Format("application/feed+json", json_feed.write),
}


@public
def everything(request: HttpRequest, product_slug: str, form: str) -> HttpResponse:
    """Return notices and postmortems, the last published first."""
    product = public_product(product_slug)
    rows = public_publications().filter(product=product).order_by("-published_at")
    return _answer(request, product, title="Changes and postmortems", page="public-changelog", found=rows, form=form)


@public
def changelog(request: HttpRequest, product_slug: str, form: str) -> HttpResponse:
    """Return notices alone."""
    product = public_product(product_slug)
    return _answer(
        request, product, title="Changelog", page="public-changelog", found=public_notices(product), form=form
    )


@public
def postmortems(request: HttpRequest, product_slug: str, form: str) -> HttpResponse:
    """Return postmortems alone."""
    product = public_product(product_slug)
    return _answer(
        request, product, title="Postmortems", page="public-postmortems", found=public_postmortems(product), form=form
    )


def address_of(publication: Publication) -> str:
    """Return a snapshot's path."""
    route = "public-notice" if publication.kind == DocumentKind.NOTICE else "public-postmortem"
    return reverse(route, kwargs={"product_slug": publication.product.slug, "slug": publication.slug})


def _answer(
    request: HttpRequest, product: Product, *, title: str, page: str, found: Iterable[Publication], form: str
) -> HttpResponse:
    rows = list(found)[:_MOST]
    firsts = first_published(rows)
    product_key = f"product/{product.pk}/{product.created_at.isoformat()}"
    updated = max((row.published_at for row in rows), default=product.created_at)
    feed = Feed(
        key=f"{product_key}/{title}",
        title=f"{product.name}: {title}",
        author=product.name,
        url=request.build_absolute_uri(reverse(page, kwargs={"product_slug": product.slug})),
        self_url=request.build_absolute_uri(request.path),
        updated=updated,
        entries=[
            Entry(
                key=f"{product_key}/{row.kind}/{row.slug}",
                title=row.title,
                url=request.build_absolute_uri(address_of(row)),
                published=firsts[row.document_id],
                updated=row.published_at,
                summary=row.summary,
                html=(f"<p><em>Corrected: {_escaped(row.correction)}</em></p>" if row.correction else "") + row.html,
                category=row.get_heading_display() if row.heading else row.get_kind_display(),
            )
            for row in rows
        ],
    )
    chosen = FORMATS[form]
    response = HttpResponse(chosen.write(feed), content_type=chosen.content_type)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
