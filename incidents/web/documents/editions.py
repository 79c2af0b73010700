"""What each audience gets of a document: staff, the public, one segment, support's answer."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from incidents.catalog.queries import dimensions_of
from incidents.core.access import Action
from incidents.core.errors import InputError
from incidents.documents.audiences import Audience
from incidents.documents.editions import Edition, public_edition, segment_edition, support_edition
from incidents.documents.enums import TemplateKind
from incidents.documents.figures import figures_html
from incidents.documents.queries import Document, judged, recent_facts
from incidents.documents.rendering import render_markdown
from incidents.documents.templates.queries import template_named
from incidents.publishing.exports.forms import FORMS
from incidents.publishing.queries import publication_of
from incidents.web.documents.page import document_context
from incidents.web.documents.views import no_store
from incidents.web.segments import PREFIX, segment_of

_TABS = (
    (Audience.PUBLIC, "The public"),
    (Audience.SEGMENT, "One segment"),
    (Audience.SUPPORT, "Support’s answer"),
    (Audience.INTERNAL, "Staff"),
)


@require_safe
@login_required
@no_store
def editions(request: HttpRequest, document_id: int) -> HttpResponse:
    """Show what one audience gets of the saved text; `?download=1` gives it as a file."""
    context, document = document_context(request, document_id)
    wanted = request.GET.get("for", Audience.PUBLIC.value)
    audience = Audience(wanted) if wanted in list(Audience) else Audience.PUBLIC
    dimensions = list(dimensions_of(document.incident.product))
    segment = segment_of(request.GET, [one.key for one in dimensions])
    edition = _edition(request, document, audience, segment)
    if request.GET.get("download"):
        return _file(document, edition)
    context |= {
        "edition": edition,
        "audience": audience.value,
        "segment": segment,
        "may_cut": audience == Audience.SEGMENT
        and Action.EDIT_DOCUMENT.value in context["may"]
        and not document.segment,
        "cut_from_it": list(document.made_of_it.order_by("pk")),
        "audiences": _tabs(document_id, audience, segment),
        "dimensions": [
            (one.key, PREFIX + one.key, one.name, [value.key for value in one.values.all()], segment.get(one.key, ""))
            for one in dimensions
        ],
        "download_url": f"?{urlencode({**request.GET.dict(), 'for': audience.value, 'download': '1'})}",
        **_shown(document, edition),
    }
    context["file_forms"] = [(form.key, form.label) for form in FORMS.values()]
    return render(request, "documents/editions.html", context)


def _edition(request: HttpRequest, document: Document, audience: Audience, segment: dict[str, str]) -> Edition:
    if audience == Audience.PUBLIC:
        return public_edition(document.body)
    if audience == Audience.INTERNAL:
        return Edition(audience=audience, text=document.body)
    facts = recent_facts(document.incident)
    product = document.incident.product
    parts: dict[str, Any] = {"title": document.title, "body": document.body, "facts": facts, "segment": segment}
    if audience == Audience.SEGMENT:
        return segment_edition(**parts, source=template_named(product, TemplateKind.SEGMENT).source)
    source = template_named(product, TemplateKind.MACRO).source
    return support_edition(**parts, source=source, link=_public_link(request, document))


def _public_link(request: HttpRequest, document: Document) -> str:
    publication = publication_of(document)
    if publication is None or publication.withdrawn_at is not None:
        return ""
    place = {"product_slug": publication.product.slug, "slug": publication.slug}
    return request.build_absolute_uri(reverse(f"public-{publication.kind}", kwargs=place))


def _shown(document: Document, edition: Edition) -> dict[str, str]:
    if edition.is_plain:
        return {"html": "", "problem": ""}
    is_staff = edition.audience == Audience.INTERNAL
    try:
        states = judged(document).states() if is_staff else None
        figures = figures_html(document.incident, edition.text)
        html = render_markdown(edition.text, public=not is_staff, states=states, figures=figures)
    except InputError as error:
        return {"html": "", "problem": str(error)}
    return {"html": html, "problem": ""}


def _tabs(document_id: int, current: Audience, segment: dict[str, str]) -> list[dict[str, Any]]:
    base = reverse("document-editions", kwargs={"document_id": document_id})
    kept = {PREFIX + key: value for key, value in segment.items()}
    return [
        {"label": label, "url": f"{base}?{urlencode({'for': one.value, **kept})}", "is_current": one == current}
        for one, label in _TABS
    ]


def _file(document: Document, edition: Edition) -> HttpResponse:
    kind, ending = ("text/plain", "txt") if edition.is_plain else ("text/markdown", "md")
    response = HttpResponse(edition.text, content_type=f"{kind}; charset=utf-8")
    name = slugify(document.title)[:80] or "document"
    response["Content-Disposition"] = f'attachment; filename="{name}-{edition.audience.value}.{ending}"'
    return response
