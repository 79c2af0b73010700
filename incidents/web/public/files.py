"""A public page as a file, and its picture for links. A snapshot never changes, so each file is made once a process."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from incidents.documents.enums import DocumentKind
from incidents.publishing.exports.forms import FORMS
from incidents.publishing.exports.sheet import Sheet, day, sheet_of
from incidents.publishing.exports.typeset import to_card
from incidents.publishing.queries import public_history, public_page
from incidents.publishing.themes import theme_for
from incidents.web.public.caching import public
from incidents.web.public.feeds import address_of


@public
def notice_file(request: HttpRequest, product_slug: str, slug: str, form: str) -> HttpResponse:
    """Return a notice as a file."""
    return _file(request, product_slug, DocumentKind.NOTICE, slug, form)


@public
def postmortem_file(request: HttpRequest, product_slug: str, slug: str, form: str) -> HttpResponse:
    """Return a postmortem as a file."""
    return _file(request, product_slug, DocumentKind.POSTMORTEM, slug, form)


@public
def notice_card(request: HttpRequest, product_slug: str, slug: str) -> HttpResponse:
    """Return the picture that other sites show beside a link to a notice."""
    return _card(product_slug, DocumentKind.NOTICE, slug)


@public
def postmortem_card(request: HttpRequest, product_slug: str, slug: str) -> HttpResponse:
    """Return the picture that other sites show beside a link to a postmortem."""
    return _card(product_slug, DocumentKind.POSTMORTEM, slug)


def _file(request: HttpRequest, product_slug: str, kind: DocumentKind, slug: str, form: str) -> HttpResponse:
    publication = public_page(product_slug, kind, slug)
    sheet = sheet_of(
        publication,
        history=public_history(publication),
        address=request.build_absolute_uri(address_of(publication)),
    )
    chosen = FORMS[form]
    response = HttpResponse(_written(form, sheet, publication.html), content_type=chosen.content_type)
    # Never shown within the site: a file that is downloaded runs in nobody's session.
    name = content_disposition_header(as_attachment=True, filename=f"{publication.slug}.{form}")
    response.headers["Content-Disposition"] = name or "attachment"
    return response


def _card(product_slug: str, kind: DocumentKind, slug: str) -> HttpResponse:
    publication = public_page(product_slug, kind, slug)
    sheet = sheet_of(publication, history=[], address="")
    theme = theme_for(publication.product)
    when = day(publication.effective_at or publication.published_at, ZoneInfo(publication.timezone))
    picture = _drawn(sheet.title, theme.site_name, sheet.kind, when, theme.accent)
    return HttpResponse(picture, content_type="image/png")


@lru_cache(maxsize=64)
def _written(form: str, sheet: Sheet, html: str) -> bytes:
    return FORMS[form].write(sheet, html)


@lru_cache(maxsize=128)
def _drawn(title: str, product: str, kind: str, when: str, accent: str) -> bytes:
    return to_card(title=title, product=product, kind=kind, day=when, accent=accent)
