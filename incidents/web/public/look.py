"""A product's own look on its public pages: what every page needs of it, and its files."""

from typing import Any

from csp.decorators import csp
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from incidents.core.errors import NotThere
from incidents.publishing.queries import NOT_PUBLIC, Product, public_product
from incidents.publishing.themes import logo_of, theme_for
from incidents.web.public.caching import FOREVER, public


def look_context(product: Product) -> dict[str, Any]:
    """Return what the frame of a public page needs of the product's theme."""
    look = theme_for(product)
    arguments = {"product_slug": product.slug, "mark": look.mark or "0"}
    return {
        "product_name": look.site_name,
        "theme_url": reverse("public-theme", kwargs=arguments) if look.css else "",
        "logo_url": reverse("public-logo", kwargs=arguments) if look.has_logo else "",
        "home_url": look.home_url,
        "canonical_host": look.domain,
    }


@public
def style_sheet(request: HttpRequest, product_slug: str, mark: str) -> HttpResponse:
    """Return the product's colours and its own style sheet."""
    look = theme_for(public_product(product_slug))
    if not look.css or look.mark != mark:
        raise NotThere(NOT_PUBLIC)
    response = HttpResponse(look.css, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = FOREVER
    return response


# An SVG that is opened by itself may not run or load anything.
@csp({"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": True})
@public
def logo(request: HttpRequest, product_slug: str, mark: str) -> HttpResponse:
    """Return the product's logo."""
    product = public_product(product_slug)
    found = logo_of(product)
    if found is None or theme_for(product).mark != mark:
        raise NotThere(NOT_PUBLIC)
    response = HttpResponse(found[0], content_type=found[1])
    response.headers["Cache-Control"] = FOREVER
    return response
