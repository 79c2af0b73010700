"""The unannounced-change radar for people: versions against the changelog, and reminders by mail."""

import statistics
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from incidents.catalog.queries import product_by_slug
from incidents.core.errors import InputError
from incidents.publishing.queries import notice_coverage
from incidents.publishing.radar import shipped_versions
from incidents.publishing.reminders import INTERVALS, set_wish, wish_of
from incidents.web.documents.views import no_store
from incidents.web.people import signed_in
from incidents.web.products import product_context

_MOST_ROWS = 300


@require_safe
@login_required
@no_store
def radar(request: HttpRequest) -> HttpResponse:
    """Show the versions that went out against the changelog, and the delays from effect to notice."""
    context: dict[str, Any] = product_context(request) | {"section": "publish"}
    product = context["product"]
    if product is not None:
        shipped = shipped_versions(product)
        silent = [one for one in shipped if one.is_silent]
        show = request.GET.get("show", "silent")
        coverage = notice_coverage(request.user, product_slug=product.slug)
        delays = [row.delay.total_seconds() for row in coverage if row.delay is not None]
        context |= {
            "rows": (silent if show == "silent" else shipped)[:_MOST_ROWS],
            "n_silent": len(silent),
            "n_shipped": len(shipped),
            "show": show,
            "n_told": len(delays),
            "median_delay": statistics.median(delays) if delays else None,
            "wish": wish_of(signed_in(request), product),
            "intervals": INTERVALS.items(),
        }
    return render(request, "publishing/radar.html", context)


@require_POST
@login_required
def wish(request: HttpRequest) -> HttpResponse:
    """Ask for reminders, or stop them."""
    product = product_by_slug(request.user, request.POST.get("product", ""))
    days = request.POST.get("every", "0")
    try:
        kept = set_wish(
            actor=signed_in(request), product=product, every_days=int(days) if days.isdigit() and len(days) < 4 else 0
        )
    except InputError as refused:
        messages.error(request, f"{refused.problems[0].message.capitalize()}: {refused.problems[0].remedy}.")
    else:
        messages.success(request, f"You get a mail {INTERVALS[kept.every_days]}." if kept else "No more reminders.")
    return redirect(f"{reverse('radar')}?product={product.slug}")
