"""What the pages beside the tickets share: their tabs, their context, jobs under way, and telling what a press did."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from incidents.catalog.queries import permitted
from incidents.core.access import Action
from incidents.core.errors import NotPermitted, NotThere, WorkbenchError
from incidents.jobs.queries import is_final, latest_job
from incidents.web.products import product_context

_TABS = (
    ("symptoms", "Symptoms", "triage-symptoms"),
    ("quality", "Classifier", "triage-quality"),
    ("topics", "New topics", "triage-topics"),
    ("duplicates", "Duplicates", "triage-duplicates"),
    ("rules", "Segment rules", "triage-rules"),
    ("delays", "Reporting delay", "triage-delays"),
    ("answers", "Answers", "triage-answers"),
    ("texts", "Kept texts", "triage-texts"),
)


def triage_tabs(slug: str, current: str) -> list[dict[str, Any]]:
    """Return the tabs over the pages beside the tickets."""
    return [
        {"label": label, "url": f"{reverse(name)}?product={slug}", "is_current": key == current}
        for key, label, name in _TABS
    ]


def triage_context(request: HttpRequest, current: str) -> dict[str, Any]:
    """Return what each of the pages needs: the product with its zone, the tabs, what the reader may do."""
    context = {"section": "tickets"} | product_context(request)
    product = context["product"]
    return context if product is None else context | product_parts(request, product, current)


def product_parts(request: HttpRequest, product: Any, current: str) -> dict[str, Any]:
    """Return the parts of the context that depend on the product."""
    zone = ZoneInfo(product.timezone)
    return {
        "product": product,
        "display_zone": zone,
        "zone": zone,
        "tabs": triage_tabs(product.slug, current),
        "may_triage": permitted(request.user, Action.TRIAGE, product),
        "may_approve": permitted(request.user, Action.APPROVE_DOCUMENT, product),
        "may_administer": permitted(request.user, Action.ADMINISTER, product),
    }


def running_job(product_id: int, *kinds: str) -> int | None:
    """Return the newest job of these kinds that is under way for the product, if any."""
    jobs = [job for kind in kinds if (job := latest_job(kind=kind, product=product_id)) and not is_final(job)]
    return max((job.pk for job in jobs), default=None)


def back_to(name: str, slug: str) -> HttpResponse:
    """Lead back to one of the pages."""
    return redirect(f"{reverse(name)}?product={slug}")


def tell(request: HttpRequest, step: Callable[[], str]) -> bool:
    """Carry out a step and show what it says, or why it cannot be; return whether it was done.

    What is not the person's to see or to do is for the page of errors to answer.
    """
    try:
        messages.success(request, step())
    except (NotPermitted, NotThere):
        raise
    except WorkbenchError as error:
        messages.error(request, str(error))
        return False
    return True
