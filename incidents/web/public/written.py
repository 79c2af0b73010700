"""The public site as files for a proxy to serve: every address that readers and programs ask often, as it answers here.

Exports, pictures and searches stay with the application. The state is named by the site's mark and by what makes the
pages (code, templates, styles), so that a new release writes it anew.
"""

import contextlib
import hashlib
import io
import logging
from collections.abc import Iterator
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connection
from django.http import HttpResponse
from django.urls import reverse

from incidents.publishing.queries import Product, public_products, public_publications
from incidents.publishing.site import SiteMark, put_in_place, site_folder, site_mark
from incidents.publishing.site_folder import SiteState
from incidents.publishing.themes import theme_for
from incidents.web.public import feeds, statuspage
from incidents.web.public.bundle import bundle_url

_log = logging.getLogger(__name__)
# Any number that nothing else locks: one writer at a time is enough.
_LOCK = 7_264_002
_MADE_OF = ("incidents/web/public/*.py", "incidents/publishing/**/*.py", "templates/**/*.html", "static/css/*.css")


def state_name(seen: SiteMark) -> str:
    """Return the name of the files made of what was seen, by this release, for this address."""
    return f"{seen.mark.hex}-{_release()}"


def write_site() -> int:
    """Bring the files in line with the site; return how many addresses were written, 0 where nothing was to do."""
    n_written = 0
    with _alone() as is_alone:
        while is_alone and (seen := site_mark()) is not None:
            folder, name = site_folder(), state_name(seen)
            if folder.current() == name:
                folder.sweep()
                break
            with folder.writing(name, seen.changed_at) as state:
                n_written = _fill(state)
            # Moved on meanwhile: what was made may show what is withdrawn by now, so it is made again.
            put_in_place(seen, lambda folder=folder, name=name: folder.show(name))  # type: ignore[misc]
    return n_written


def check_site() -> int:
    """Take away files that are out of date, whatever made them so, and write them anew; return how many."""
    seen, folder = site_mark(), site_folder()
    shown = folder.current()
    if shown and (seen is None or not shown.startswith(seen.mark.hex)):
        folder.hide()
    return write_site()


def _fill(state: SiteState) -> int:
    home = urlsplit(settings.PUBLIC_URL)
    wanted = [(home.netloc, path) for path in _addresses()]
    for product in public_products():
        if host := theme_for(product).domain:
            wanted += [(host, path) for path in _own_addresses(product)]
    n_written = 0
    for host, path in wanted:
        body = _answer(home.scheme, host, path)
        if body is not None:
            state.add(host.partition(":")[0].lower(), path, body)
            n_written += 1
    return n_written


def _addresses() -> Iterator[str]:
    yield from (reverse("public-home"), reverse("public-sitemap"), reverse("robots"), bundle_url())
    yield from (reverse("status-api", kwargs={"what": what}) for what in statuspage.DOCUMENTS)
    for product in public_products():
        yield from _product_addresses(product)


def _own_addresses(product: Product) -> Iterator[str]:
    yield from (reverse("public-sitemap"), reverse("robots"), bundle_url())
    yield from (reverse("status-api", kwargs={"what": what}) for what in statuspage.DOCUMENTS)
    yield from _product_addresses(product)


def _product_addresses(product: Product) -> Iterator[str]:
    only = {"product_slug": product.slug}
    yield from (reverse(name, kwargs=only) for name in ("public-changelog", "public-postmortems"))
    rows = public_publications().filter(product=product).order_by("-published_at", "-pk").defer("body", "html")
    yield from (feeds.address_of(row) for row in rows)
    for name in ("public-feed", "public-changelog-feed", "public-postmortems-feed"):
        yield from (reverse(name, kwargs=only | {"form": form}) for form in feeds.FORMATS)
    yield from (reverse("product-status-api", kwargs=only | {"what": what}) for what in statuspage.DOCUMENTS)


def _answer(scheme: str, host: str, path: str) -> bytes | None:
    """Return what a reader is answered, through all that stands before the views; None where that is no page."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": host.partition(":")[0],
        "SERVER_PORT": host.partition(":")[2] or ("443" if scheme == "https" else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "HTTP_X_FORWARDED_PROTO": scheme,
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(),
    }
    response = _handler().get_response(WSGIRequest(environ))
    if isinstance(response, HttpResponse) and response.status_code == 200:
        return response.content
    _log.warning("%s on %s answers %d and is not written as a file", path, host, response.status_code)
    return None


@cache
def _handler() -> WSGIHandler:
    return WSGIHandler()


@cache
def _release() -> str:
    """Return a mark of everything that pages are made of besides the site's rows."""
    seen = hashlib.sha256(f"{settings.PUBLIC_URL} {settings.STATIC_URL} {bundle_url()}".encode())
    files = {path for pattern in _MADE_OF for path in settings.BASE_DIR.glob(pattern)}
    for path in sorted(files | set(settings.STATIC_ROOT.glob("staticfiles.json"))):
        seen.update(path.read_bytes())
    return seen.hexdigest()[:12]


@contextlib.contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [_LOCK])
        is_alone = bool(cursor.fetchone()[0])
        try:
            yield is_alone
        finally:
            if is_alone:
                cursor.execute("select pg_advisory_unlock(%s)", [_LOCK])
