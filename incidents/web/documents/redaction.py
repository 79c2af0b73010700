"""The redaction check for people: mask, sign off, and the organisation's dictionary of internal names."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from incidents.catalog.queries import administers_all, permitted, product_by_slug, require
from incidents.core.access import Action
from incidents.core.errors import InputError
from incidents.documents.enums import NameKind
from incidents.documents.leaks import add_name, mask_leak, names_for, remove_name, sign_off_leak
from incidents.web.documents.actions import number_of, told_on_the_document
from incidents.web.documents.page import document_context
from incidents.web.documents.views import no_store
from incidents.web.people import signed_in
from incidents.web.products import product_context


@require_POST
@login_required
@told_on_the_document
def mask(request: HttpRequest, document_id: int) -> HttpResponse:
    """Mask, mark internal or remove what the check found."""
    _, document = document_context(request, document_id, Action.EDIT_DOCUMENT)
    saved = mask_leak(
        actor=signed_in(request),
        document=document,
        seen_version=number_of(request.POST.get("version")),
        kind=request.POST.get("kind", ""),
        words=request.POST.get("words", ""),
        how=request.POST.get("how", "mask"),
    )
    messages.success(request, f"Taken out of what the public reads: revision {saved.version}.")
    return redirect("document", document_id=document_id)


@require_POST
@login_required
@told_on_the_document
def sign_off(request: HttpRequest, document_id: int) -> HttpResponse:
    """Let a find pass under one's name."""
    _, document = document_context(request, document_id, Action.APPROVE_DOCUMENT)
    sign_off_leak(
        actor=signed_in(request),
        document=document,
        kind=request.POST.get("kind", ""),
        words=request.POST.get("words", ""),
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, "Signed off under your name.")
    return redirect("document", document_id=document_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@no_store
def dictionary(request: HttpRequest) -> HttpResponse:
    """Show the words that stay inside, and take a new one."""
    context = product_context(request) | {"section": "documents"}
    product = context["product"]
    if product is None:
        return render(request, "documents/dictionary.html", context)
    require(request.user, Action.EDIT_DOCUMENT, product)
    error = ""
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        try:
            add_name(
                actor=signed_in(request),
                product=None if request.POST.get("for") == "*" else product,
                kind=NameKind(kind) if kind in NameKind.values else NameKind.CODE_NAME,
                words=request.POST.get("words", ""),
                replacement=request.POST.get("replacement", ""),
            )
        except InputError as refused:
            error = f"{refused.problems[0].message}: {refused.problems[0].remedy}."
        else:
            messages.success(request, "Kept. The check knows it from now on.")
            return redirect(f"{reverse('dictionary')}?product={product.slug}")
    context |= {
        "names": names_for(product),
        "kinds": NameKind.choices,
        "may_edit": permitted(request.user, Action.PUBLISH, product),
        "everywhere": administers_all(request.user),
        "error": error,
        "typed": request.POST,
    }
    return render(request, "documents/dictionary.html", context, status=422 if error else 200)


@require_POST
@login_required
def forget(request: HttpRequest, name_id: int) -> HttpResponse:
    """Take a word out of the dictionary."""
    product = product_by_slug(request.user, request.POST.get("product", ""))
    remove_name(actor=signed_in(request), product=product, name_id=name_id)
    messages.success(request, "Removed.")
    return redirect(f"{reverse('dictionary')}?product={product.slug}")
