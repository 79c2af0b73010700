"""The "what changed" widget: a frame that other sites may show, and a script of one statement that puts it in place."""

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt

from incidents.publishing.queries import public_product, public_publications
from incidents.publishing.status import public_incidents
from incidents.web.public.caching import public
from incidents.web.public.look import look_context

_MOST = 5


@csp_replace({"frame-ancestors": ["*"]})
@xframe_options_exempt
@public
def frame(request: HttpRequest, product_slug: str) -> HttpResponse:
    """Show the newest notices in a page made to stand inside another."""
    product = public_product(product_slug)
    rows = list(public_publications().filter(product=product).order_by("-published_at").defer("body", "html")[:_MOST])
    still_open = [row for row in public_incidents([product]) if row.is_open]
    context = look_context(product) | {"product": product, "rows": rows, "open_incidents": still_open}
    return render(request, "public/widget.html", context)


@public
def script(request: HttpRequest, product_slug: str) -> HttpResponse:
    """Return the script: it puts the frame where its own element stands."""
    product = public_product(product_slug)
    context = {
        "address": request.build_absolute_uri(reverse("public-widget", kwargs={"product_slug": product.slug})),
        "label": f"What changed in {product.name}",
    }
    response = render(request, "public/widget.js", context, content_type="text/javascript; charset=utf-8")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
