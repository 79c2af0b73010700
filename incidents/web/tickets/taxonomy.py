"""The page of a product's symptoms: what they are called, what speaks for them, merging, splitting, and the history."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from incidents.catalog.queries import product_by_slug, symptoms_of
from incidents.catalog.taxonomy import changed_since, symptom_history, taxonomy_with_retired
from incidents.charts.labels import plural
from incidents.core.access import Action
from incidents.tickets import taxonomy, versions
from incidents.web.people import signed_in
from incidents.web.tickets.frame import back_to, product_parts, running_job, tell, triage_context

SHOWN = 40
LEARNING = "Tickets that nobody decided are being labelled anew."


@require_safe
@login_required
def symptom_list(request: HttpRequest) -> HttpResponse:
    """Show a product's symptoms, in use and retired, with how many tickets show each, and what changed."""
    context = triage_context(request, "symptoms")
    product = context["product"]
    if product is not None:
        counts = taxonomy.label_counts(product)
        rows = [(one, *counts.get(one.pk, (0, 0))) for one in taxonomy_with_retired(product)]
        version = versions.active_version(product)
        context |= {
            "in_use": [row for row in rows if row[0].retired_at is None],
            "retired": [row for row in rows if row[0].retired_at is not None],
            "history": list(symptom_history(product)[:SHOWN]),
            "stale_since": changed_since(product, version.created_at) if version is not None else None,
            "running": running_job(product.pk, versions.TRAIN_JOB, versions.CLASSIFY_JOB),
        }
    return render(request, "tickets/symptoms.html", context)


@require_safe
@login_required
def symptom(request: HttpRequest, symptom_id: int) -> HttpResponse:
    """Show one symptom: its wording, what a split by the search in the address would move, its history."""
    row = taxonomy.symptom_for(request.user, symptom_id)
    words = request.GET.get("words", "").strip()[:300]
    n, n_people = taxonomy.label_counts(row.product).get(row.pk, (0, 0))
    context = product_parts(request, row.product, "symptoms") | {
        "section": "tickets",
        "symptom": row,
        "terms": "\n".join(row.terms),
        "n_labels": n,
        "n_people": n_people,
        "others": [one for one in symptoms_of(row.product) if one.pk != row.pk],
        "words": words,
        "preview": taxonomy.split_preview(row, taxonomy.SplitRule(words=words)) if words else None,
        "history": list(symptom_history(row.product, row)[:SHOWN]),
        "running": running_job(row.product_id, versions.TRAIN_JOB, versions.CLASSIFY_JOB),
    }
    return render(request, "tickets/symptom.html", context)


@require_POST
@login_required
def symptom_add(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a symptom."""
    product = product_by_slug(request.user, slug)

    def add() -> str:
        row = taxonomy.add_symptom(actor=signed_in(request), product=product, **_wording(request))
        return f"“{row.name}” is a symptom now. {LEARNING}"

    tell(request, add)
    return back_to("triage-symptoms", slug)


@require_POST
@login_required
def symptom_act(request: HttpRequest, symptom_id: int) -> HttpResponse:
    """Carry out one step on one symptom and say what became of its labels."""
    row = taxonomy.symptom_for(request.user, symptom_id, Action.TRIAGE)
    step = _STEPS.get(request.POST.get("do", ""))
    if step is None:
        messages.error(request, "There is no such step.")
    else:
        tell(request, partial(step, request, row))
    return redirect("triage-symptom", symptom_id=row.pk)


@require_POST
@login_required
def step_undo(request: HttpRequest, change_id: int) -> HttpResponse:
    """Take a step of the history back."""
    change = taxonomy.change_for(request.user, change_id)

    def undo() -> str:
        n = taxonomy.undo_step(actor=signed_in(request), change=change)
        told = f" {plural(n, 'label')} went back." if n else ""
        return f"Taken back.{told} {LEARNING}"

    tell(request, undo)
    return back_to("triage-symptoms", change.product.slug)


def _reword(request: HttpRequest, row: Any) -> str:
    changed = taxonomy.reword_symptom(actor=signed_in(request), symptom=row, **_wording(request))
    return f"Saved; labels stay where they are. {LEARNING}" if changed else "Nothing changed."


def _merge(request: HttpRequest, row: Any) -> str:
    number = request.POST.get("into", "")
    into = taxonomy.symptom_for(request.user, int(number) if number.isdigit() else 0, Action.TRIAGE)
    change = taxonomy.merge_symptoms(actor=signed_in(request), symptom=row, into=into)
    return f"Merged: {plural(change.n_labels, 'label')} moved to “{into.name}”. {LEARNING}"


def _split(request: HttpRequest, row: Any) -> str:
    ticked = request.POST.get("which") == "ticked"
    numbers = tuple(int(one) for one in request.POST.getlist("ticket") if one.isdigit() and len(one) < 19)
    words = request.POST.get("words", "").strip()[:300]
    rule = taxonomy.SplitRule(words="" if ticked else words, ticket_ids=numbers if ticked else ())
    change = taxonomy.split_symptom(actor=signed_in(request), symptom=row, rule=rule, **_wording(request))
    return f"Split: {plural(change.n_labels, 'label')} moved to the new symptom. {LEARNING}"


def _retire(request: HttpRequest, row: Any) -> str:
    taxonomy.retire_symptom(actor=signed_in(request), symptom=row)
    return f"Out of use; what people decided stays. {LEARNING}"


def _bring_back(request: HttpRequest, row: Any) -> str:
    taxonomy.bring_back_symptom(actor=signed_in(request), symptom=row)
    return f"In use again. {LEARNING}"


_STEPS: dict[str, Callable[[HttpRequest, Any], str]] = {
    "reword": _reword,
    "merge": _merge,
    "split": _split,
    "retire": _retire,
    "bring_back": _bring_back,
}


def _wording(request: HttpRequest) -> dict[str, Any]:
    return {
        "name": request.POST.get("name", ""),
        "description": request.POST.get("description", ""),
        "terms": request.POST.get("terms", "")[:50_000].splitlines(),
    }
