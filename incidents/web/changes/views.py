"""Pages of the change log."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from incidents.catalog.queries import permitted, product_by_slug, require, visible_products
from incidents.changes.editing import correct_change, record_change
from incidents.changes.enums import ChangeKind
from incidents.changes.log import ChangeFilter, change_for, changes_matching, in_force_with, links_of, owners_in
from incidents.core.access import Action
from incidents.core.audit import audit_trail
from incidents.core.errors import Conflict, NotPermitted
from incidents.response.queries import visible_incidents
from incidents.web.changes.forms import ChangeForm, initial_of, started_with
from incidents.web.people import signed_in

STATES = (
    ("", "All"),
    ("in_force", "In force"),
    ("ended", "Ended"),
    ("unannounced", "Not announced"),
    ("backdated", "Found out later"),
)
PAGE = 100


@require_safe
@login_required
def changes(request: HttpRequest) -> HttpResponse:
    """List the changes of the person's products, the newest first."""
    chosen = ChangeFilter(
        product=request.GET.get("product", ""),
        kind=request.GET.get("kind", "") if request.GET.get("kind", "") in ChangeKind.values else "",
        words=request.GET.get("q", "").strip(),
        state=request.GET.get("state", ""),
        releases=request.GET.get("releases") == "1",
    )
    rows = changes_matching(request.user, chosen).prefetch_related("rollout_steps")
    products = list(visible_products(request.user))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "changes",
        "page": page,
        "chosen": chosen,
        "products": products,
        "kinds": ChangeKind.choices,
        "states": STATES,
        "editable": [one for one in products if permitted(request.user, Action.EDIT_CHANGES, one)],
        "begin_query": f"?product={chosen.product}" if chosen.product else "",
        "is_filtered": bool(chosen.product or chosen.kind or chosen.words or chosen.state),
    }
    return render(request, "changes/list.html", context)


@require_safe
@login_required
def change(request: HttpRequest, change_id: int) -> HttpResponse:
    """Show one change: when, for whom, how far, its text before and after, what it bears on."""
    row = change_for(request.user, change_id)
    zone = ZoneInfo(row.product.timezone)
    cases = visible_incidents(request.user).filter(product=row.product, starts_at__lt=row.ended_at or _FAR)
    context = {
        "section": "changes",
        "change": row,
        "zone": zone,
        "display_zone": zone,
        "links": links_of(row),
        "together": in_force_with(row)[:40],
        "steps": list(row.rollout_steps.all()),
        "artifacts": list(row.artifacts.all()),
        "cases": cases.filter(ends_at__gt=row.started_at),
        "trail": audit_trail(row)[:30],
        "may_edit": permitted(request.user, Action.EDIT_CHANGES, row.product),
        "may_write": permitted(request.user, Action.EDIT_DOCUMENT, row.product),
    }
    return render(request, "changes/detail.html", context)


_FAR = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


@require_safe
@login_required
def change_begin(request: HttpRequest) -> HttpResponse:
    """Lead to the form for the product that the address names or for the only one; else ask which."""
    user = signed_in(request)
    editable = [one for one in visible_products(user) if permitted(user, Action.EDIT_CHANGES, one)]
    if not editable:
        raise NotPermitted("Nobody gave you a role that records changes: ask an administrator.")
    named = [one for one in editable if one.slug == request.GET.get("product", "")] or editable
    if len(named) == 1:
        return redirect("change-new", product_slug=named[0].slug)
    return render(request, "changes/begin.html", {"section": "changes", "editable": editable})


@require_http_methods(["GET", "POST"])
@login_required
def change_new(request: HttpRequest, product_slug: str) -> HttpResponse:
    """Enter a change, also long after it took effect."""
    user = signed_in(request)
    product = product_by_slug(user, product_slug)
    require(user, Action.EDIT_CHANGES, product)
    form = ChangeForm(request.POST or None, product=product, initial=started_with(request.GET, product))
    if request.method == "POST" and form.is_valid():
        row = record_change(actor=user, product=product, record=form.record())
        messages.success(request, "Recorded. Cases whose window it touches show their attribution as out of date.")
        return redirect("change", change_id=row.pk)
    context = {"section": "changes", "form": form, "product": product, "owners": owners_in(product)}
    return render(request, "changes/edit.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@login_required
def change_edit(request: HttpRequest, change_id: int) -> HttpResponse:
    """Correct a change; the second of two writers is told instead of overwriting the first."""
    user = signed_in(request)
    row = change_for(user, change_id, Action.EDIT_CHANGES)
    zone = ZoneInfo(row.product.timezone)
    form = ChangeForm(request.POST or None, product=row.product, initial=initial_of(row, zone))
    if request.method == "POST" and form.is_valid():
        try:
            seen_at = dt.datetime.fromisoformat(request.POST.get("seen_at", ""))
            correct_change(actor=user, change=row, record=form.record(), seen_at=seen_at)
        except (Conflict, ValueError) as conflict:
            form.add_error(None, str(conflict))
        else:
            messages.success(request, "Saved.")
            return redirect("change", change_id=row.pk)
    context = {"section": "changes", "form": form, "product": row.product, "change": row}
    context["owners"] = owners_in(row.product)
    return render(request, "changes/edit.html", context, status=422 if form.is_bound else 200)
