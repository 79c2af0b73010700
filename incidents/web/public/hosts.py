"""A host of a product's own shows that product's public pages and nothing else."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from incidents.publishing.queries import NOT_PUBLIC
from incidents.publishing.themes import product_at

# Where the links of letters lead, and the style of all pages.
_SHARED = ("/p/subscriptions/", "/p/style-")
_ALSO = ("/robots.txt", "/healthz", "/readyz", "/p/sitemap.xml")
# Widgets made for status pages ask at the root of a host.
_STATUS_API = "/api/v2/"


class ProductHosts:
    """Answers requests to a product's own host: its pages, the files they are drawn with, 404 for all else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on what belongs to the host."""
        host = request.get_host().partition(":")[0]
        # The first allowed host is the workbench's own: it costs no question.
        if host == settings.ALLOWED_HOSTS[0].lstrip(".") or (product := product_at(host)) is None:
            return self.get_response(request)
        home = f"/p/{product.slug}/"
        if request.path in ("/", "/p/"):
            return HttpResponseRedirect(home)
        if request.path_info.startswith(_STATUS_API):
            request.path = request.path_info = f"{home.rstrip('/')}{request.path_info}"
        if request.path.startswith((home, *_SHARED, settings.STATIC_URL)) or request.path in _ALSO:
            return self.get_response(request)
        return render(request, "404.html", {"reason": NOT_PUBLIC}, status=404)
