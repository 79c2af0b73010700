"""For crawlers: which pages are public, and that the rest is none of their business."""

from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from incidents.publishing.queries import Publication, public_publications
from incidents.publishing.themes import product_at
from incidents.web.public.caching import public
from incidents.web.public.feeds import address_of
from incidents.web.public.syndication import utc

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# The format's own limit.
_MOST = 50_000
register_namespace("sitemap", _SITEMAP)


@public
def sitemap(request: HttpRequest) -> HttpResponse:
    """Return the public pages with the time of their last publication; a product's own host names its own alone."""
    found = public_publications().order_by("-published_at", "-pk").defer("body", "html")
    product = product_at(request.get_host().partition(":")[0])
    rows = list((found.filter(product=product) if product else found)[:_MOST])
    root = Element("urlset", {"xmlns": _SITEMAP})
    if product is None:
        _add(request, root, reverse("public-home"), rows)
    by_product: dict[str, list[Publication]] = {}
    for row in rows:
        by_product.setdefault(row.product.slug, []).append(row)
    for slug, texts in by_product.items():
        _add(request, root, reverse("public-changelog", kwargs={"product_slug": slug}), texts)
        _add(request, root, reverse("public-postmortems", kwargs={"product_slug": slug}), texts)
    for row in rows:
        _add(request, root, address_of(row), [row])
    written = tostring(root, encoding="utf-8", xml_declaration=True)
    return HttpResponse(written, content_type="application/xml; charset=utf-8")


def _add(request: HttpRequest, root: Element, path: str, texts: list[Publication]) -> None:
    url = SubElement(root, "url")
    SubElement(url, "loc").text = request.build_absolute_uri(path)
    if texts:
        SubElement(url, "lastmod").text = utc(max(text.published_at for text in texts))


@public
def robots(request: HttpRequest) -> HttpResponse:
    """Allow the public pages and what they are drawn with, nothing else."""
    lines = [
        "User-agent: *",
        "Allow: /p/",
        "Allow: /static/",
        "Disallow: /",
        "",
        f"Sitemap: {request.build_absolute_uri(reverse('public-sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
