"""What the public reads: products, changelog, postmortems, one page each. Frozen snapshots only, for everyone alike."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from incidents.documents.enums import DocumentKind
from incidents.publishing.queries import (
    Product,
    Publication,
    public_changelog,
    public_history,
    public_page,
    public_postmortems,
    public_product,
    public_products,
    public_publications,
)
from incidents.web.public.caching import last_modified, public


def frame(product: Product, current: str = "") -> dict[str, Any]:
    """Return what a product's public pages share."""
    arguments = {"product_slug": product.slug}
    return {
        "product": product,
        "product_name": product.name,
        "display_zone": ZoneInfo(product.timezone),
        "feed_url": reverse("public-feed", kwargs=arguments),
        "public_nav": [
            {
                "label": "Changelog",
                "url": reverse("public-changelog", kwargs=arguments),
                "is_current": current == "changelog",
            },
            {
                "label": "Postmortems",
                "url": reverse("public-postmortems", kwargs=arguments),
                "is_current": current == "postmortems",
            },
        ],
    }


@public
def home(request: HttpRequest) -> HttpResponse:
    """List the products of which something is public, with their newest words."""
    newest: dict[int, list[Publication]] = {}
    for row in public_publications().order_by("-published_at").defer("body", "html")[:200]:
        rows = newest.setdefault(row.product_id, [])
        if len(rows) < 3:
            rows.append(row)
    products = [(product, newest.get(product.pk, [])) for product in public_products()]
    return render(request, "public/home.html", {"products": products})


@public
def changelog(request: HttpRequest, product_slug: str) -> HttpResponse:
    """Show a product's notices by month."""
    product = public_product(product_slug)
    context = frame(product, "changelog") | {
        "months": public_changelog(product),
        "postmortems": public_postmortems(product)[:3],
    }
    response = render(request, "public/changelog.html", context)
    newest = public_publications().filter(product=product).order_by("-published_at").first()
    return last_modified(response, newest.published_at if newest else None)


@public
def postmortems(request: HttpRequest, product_slug: str) -> HttpResponse:
    """List a product's postmortems."""
    product = public_product(product_slug)
    rows = public_postmortems(product)
    response = render(request, "public/postmortems.html", frame(product, "postmortems") | {"rows": rows})
    return last_modified(response, max((row.published_at for row in rows), default=None))


@public
def postmortem(request: HttpRequest, product_slug: str, slug: str) -> HttpResponse:
    """Show one postmortem."""
    return _page(request, public_page(product_slug, DocumentKind.POSTMORTEM, slug), "postmortems")


@public
def notice(request: HttpRequest, product_slug: str, slug: str) -> HttpResponse:
    """Show one notice."""
    return _page(request, public_page(product_slug, DocumentKind.NOTICE, slug), "changelog")


def _page(request: HttpRequest, publication: Publication, current: str) -> HttpResponse:
    history = public_history(publication)
    context = frame(publication.product, current) | {
        "publication": publication,
        "display_zone": ZoneInfo(publication.timezone),
        "history": history,
        "first_published_at": history[-1].published_at if history else publication.published_at,
        "corrections": [row for row in history if row.correction],
        "related": _related(publication),
        "canonical": request.build_absolute_uri(request.path),
    }
    return last_modified(render(request, "public/page.html", context), publication.published_at)


def _related(publication: Publication) -> list[Publication]:
    """Return the product's other public words of the same weeks, for readers who want the rest."""
    span = dt.timedelta(days=120)
    rows = public_publications().filter(
        product=publication.product,
        published_at__gte=publication.published_at - span,
        published_at__lte=publication.published_at + span,
    )
    return list(rows.exclude(pk=publication.pk).order_by("-published_at").defer("body", "html")[:5])
