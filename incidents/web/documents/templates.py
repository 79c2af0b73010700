"""A product's templates: the list, the editor with its preview on a real case, versions, what is the default."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.catalog.queries import permitted, product_by_slug, require
from incidents.core.access import Action, Role
from incidents.core.errors import Conflict, InputError, NotThere
from incidents.documents.enums import TemplateKind
from incidents.documents.figures import figures_html
from incidents.documents.rendering import render_markdown
from incidents.documents.templates.builtin import SLOTS
from incidents.documents.templates.preview import preview_of
from incidents.documents.templates.queries import (
    DocumentTemplate,
    policy_of,
    revisions_of_template,
    template_choices,
    template_for,
    template_named,
)
from incidents.documents.templates.services import (
    approving_roles,
    create_template,
    retire_template,
    save_template,
    set_policy,
)
from incidents.response.queries import visible_incidents
from incidents.web.documents.views import no_store
from incidents.web.people import signed_in
from incidents.web.products import product_context


def _kind(text: str) -> TemplateKind:
    if text not in TemplateKind.values:
        raise NotThere("There is no such kind of template.")
    return TemplateKind(text)


def _back(product_slug: str) -> HttpResponse:
    return redirect(f"{reverse('templates')}?product={product_slug}")


@require_safe
@login_required
@no_store
def templates(request: HttpRequest) -> HttpResponse:
    """List the templates of a product by kind, with the roles that must approve."""
    context: dict[str, Any] = product_context(request) | {"section": "documents"}
    product = context["product"]
    if product is not None:
        context |= {
            "kinds": [
                {
                    "key": kind.value,
                    "label": kind.label,
                    "choices": template_choices(product, kind),
                    "policy": policy_of(product, kind),
                    "is_reviewed": kind in (TemplateKind.POSTMORTEM, TemplateKind.NOTICE),
                }
                for kind in TemplateKind
            ],
            "roles": [(value, Role(value).label) for value in approving_roles()],
            "may_edit": permitted(request.user, Action.PUBLISH, product),
        }
    return render(request, "documents/templates.html", context)


@require_POST
@login_required
def policy(request: HttpRequest) -> HttpResponse:
    """Choose the default template of a kind and the roles that must approve."""
    product = product_by_slug(request.user, request.POST.get("product", ""))
    kind = _kind(request.POST.get("kind", ""))
    try:
        set_policy(
            actor=signed_in(request),
            product=product,
            kind=kind,
            template=request.POST.get("template", ""),
            required_roles=request.POST.getlist("roles"),
        )
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{kind.label}: kept.")
    return _back(product.slug)


@require_POST
@login_required
def new_template(request: HttpRequest) -> HttpResponse:
    """Copy a template under a new name, to be edited."""
    product = product_by_slug(request.user, request.POST.get("product", ""))
    kind = _kind(request.POST.get("kind", ""))
    source = template_named(product, kind, request.POST.get("copy", "")).source
    try:
        made = create_template(
            actor=signed_in(request), product=product, kind=kind, name=request.POST.get("name", ""), source=source
        )
    except InputError as error:
        messages.error(request, f"{error.problems[0].message.capitalize()}: {error.problems[0].remedy}.")
        return _back(product.slug)
    return redirect("template", template_id=made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@no_store
def template(request: HttpRequest, template_id: int) -> HttpResponse:
    """Edit one template beside its preview."""
    row = template_for(request.user, template_id)
    source, problems, status = row.source, [], 200
    if request.method == "POST":
        source = request.POST.get("source", "")
        version = request.POST.get("version", "")
        try:
            save_template(
                actor=signed_in(request),
                template=row,
                source=source,
                seen_version=int(version) if version.isdigit() and len(version) < 10 else 0,
                note=request.POST.get("note", ""),
            )
        except InputError as error:
            problems, status = [str(one) for one in error.problems], 422
        except Conflict as error:
            problems, status = [str(error)], 409
        else:
            messages.success(request, "Saved.")
            return redirect("template", template_id=template_id)
    context = _editor(request, row, source) | {"problems": problems}
    return render(request, "documents/template.html", context, status=status)


def _editor(request: HttpRequest, row: DocumentTemplate, source: str) -> dict[str, Any]:
    cases = list(visible_incidents(request.user).filter(product=row.product)[:50])
    return {
        "section": "documents",
        "template": row,
        "kind": TemplateKind(row.kind),
        "source": source,
        "slots": SLOTS[TemplateKind(row.kind)].items(),
        "cases": cases,
        "revisions": list(revisions_of_template(row)[:30]),
        "may_edit": permitted(request.user, Action.PUBLISH, row.product),
        **_preview(request, row, source, cases[0].pk if cases else 0),
    }


def _preview(request: HttpRequest, row: DocumentTemplate, source: str, case_id: int) -> dict[str, Any]:
    incident = visible_incidents(request.user).filter(pk=case_id, product=row.product).first()
    if incident is None:
        return {"html": "", "plain": "", "problem": "Open a case of this product to see the template filled."}
    try:
        shown = preview_of(TemplateKind(row.kind), source, incident)
        if shown.is_plain:
            return {"html": "", "plain": shown.text, "problem": ""}
        figures = figures_html(incident, shown.text)
        html = render_markdown(shown.text, public=False, states=shown.states, figures=figures)
    except InputError as error:
        return {"html": "", "plain": "", "problem": "; ".join(str(one) for one in error.problems)}
    return {"html": html, "plain": "", "problem": ""}


@require_POST
@login_required
@no_store
def template_preview(request: HttpRequest, template_id: int) -> HttpResponse:
    """Fill what was typed from a case; nothing is stored."""
    row = template_for(request.user, template_id)
    case = request.POST.get("case", "")
    number = int(case) if case.isdigit() and len(case) < 15 else 0
    return render(
        request, "documents/template_preview.html", _preview(request, row, request.POST.get("source", ""), number)
    )


@require_safe
@login_required
@no_store
def template_revision(request: HttpRequest, template_id: int, number: int) -> HttpResponse:
    """Show a version against the one before it."""
    row = template_for(request.user, template_id)
    found = {one.number: one for one in revisions_of_template(row)}
    if number not in found:
        raise NotThere("There is no such version of this template.")
    context = {
        "section": "documents",
        "template": row,
        "this": found[number],
        "other": found.get(number - 1),
        "may_edit": permitted(request.user, Action.PUBLISH, row.product),
    }
    return render(request, "documents/template_revision.html", context)


@require_POST
@login_required
def retire(request: HttpRequest, template_id: int) -> HttpResponse:
    """Offer a template no more, or again."""
    row = template_for(request.user, template_id, Action.PUBLISH)
    require(request.user, Action.PUBLISH, row.product)
    retire_template(actor=signed_in(request), template=row, retired=not row.is_retired)
    messages.success(request, "It is not offered any more." if not row.is_retired else "It is offered again.")
    return _back(row.product.slug)
