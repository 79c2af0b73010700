"""What the public reads: products, changelog, postmortems, one page each. Frozen snapshots only, for everyone alike."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from incidents.documents.enums import DocumentKind
from incidents.publishing.errata import errata
from incidents.publishing.exports.forms import FORMS
from incidents.publishing.queries import (
    Product,
    Publication,
    changelog_choices,
    public_changelog,
    public_page,
    public_postmortems,
    public_product,
    public_products,
    public_publications,
)
from incidents.web.public.caching import public
from incidents.web.public.feeds import address_of
from incidents.web.public.look import look_context

_FEEDS = (
    ("atom", "Atom", "application/atom+xml"),
    ("rss", "RSS", "application/rss+xml"),
    ("json", "JSON Feed", "application/feed+json"),
)


def frame(product: Product, current: str = "") -> dict[str, Any]:
    """Return what a product's public pages share."""
    arguments = {"product_slug": product.slug}
    return look_context(product) | {
        "product": product,
        "display_zone": ZoneInfo(product.timezone),
        "feed_url": reverse("public-feed", kwargs=arguments | {"form": "atom"}),
        "feeds": [
            {"label": label, "url": reverse("public-feed", kwargs=arguments | {"form": form}), "type": kind}
            for form, label, kind in _FEEDS
        ],
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
            {
                "label": "Subscribe",
                "url": reverse("public-subscribe", kwargs=arguments),
                "is_current": current == "subscribe",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader looks for in the changelog."""

    text: str
    kind: str
    version: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Asked":
        """Read the address."""
        text, kind, version = (request.GET.get(name, "").replace("\x00", "")[:100] for name in ("q", "kind", "version"))
        return cls(text=text.strip(), kind=kind, version=version)

    @property
    def is_some(self) -> bool:
        """Tell whether anything is asked."""
        return bool(self.text or self.kind or self.version)


@public
def changelog(request: HttpRequest, product_slug: str) -> HttpResponse:
    """Show a product's notices by month."""
    product = public_product(product_slug)
    chosen = Asked.of(request)
    context = frame(product, "changelog") | {
        "months": public_changelog(product, text=chosen.text, kind=chosen.kind, version=chosen.version),
        "choices": changelog_choices(product),
        "asked": chosen,
        "postmortems": [] if chosen.is_some else public_postmortems(product)[:3],
    }
    return render(request, "public/changelog.html", context)


@public
def postmortems(request: HttpRequest, product_slug: str) -> HttpResponse:
    """List a product's postmortems."""
    product = public_product(product_slug)
    rows = public_postmortems(product)
    return render(request, "public/postmortems.html", frame(product, "postmortems") | {"rows": rows})


@public
def postmortem(request: HttpRequest, product_slug: str, slug: str) -> HttpResponse:
    """Show one postmortem."""
    return _page(request, public_page(product_slug, DocumentKind.POSTMORTEM, slug), "postmortems")


@public
def notice(request: HttpRequest, product_slug: str, slug: str) -> HttpResponse:
    """Show one notice."""
    return _page(request, public_page(product_slug, DocumentKind.NOTICE, slug), "changelog")


def _page(request: HttpRequest, publication: Publication, current: str) -> HttpResponse:
    found = errata(publication)
    first = found[-1].publication.published_at if found else publication.published_at
    shared = frame(publication.product, current)
    path = address_of(publication)
    host = shared["canonical_host"]
    context = shared | {
        "publication": publication,
        "display_zone": ZoneInfo(publication.timezone),
        "errata": found,
        "first_published_at": first,
        "has_corrections": any(row.publication.correction for row in found),
        "related": _related(publication),
        "canonical": f"https://{host}{path}" if host else request.build_absolute_uri(path),
        "card": request.build_absolute_uri(f"{path}card.png"),
        "files": [{"label": form.label, "url": f"{path.rstrip('/')}.{form.key}"} for form in FORMS.values()],
    }
    return render(request, "public/page.html", context)


def _related(publication: Publication) -> list[Publication]:
    """Return the product's other public words of the same weeks, for readers who want the rest."""
    span = dt.timedelta(days=120)
    rows = public_publications().filter(
        product=publication.product,
        published_at__gte=publication.published_at - span,
        published_at__lte=publication.published_at + span,
    )
    return list(rows.exclude(pk=publication.pk).order_by("-published_at").defer("body", "html")[:5])
