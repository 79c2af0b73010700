"""Pages around a case: the list, opening one, its timeline, its settings."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.catalog.queries import permitted, product_by_slug, visible_products
from incidents.core.access import Action
from incidents.core.audit import audit_trail
from incidents.core.errors import Conflict, NotReady
from incidents.response.casework import (
    add_timeline_entry,
    assign_duty,
    end_duty,
    open_incident,
    update_incident,
)
from incidents.response.enums import IncidentDuty, IncidentStatus, Severity
from incidents.response.freezes import add_freeze, freezes_of, remove_freeze
from incidents.response.overview import case_overviews, timeline_of
from incidents.response.queries import incident_for, pinned_evidence, visible_incidents
from incidents.web.cases.forms import CaseEditForm, CaseForm, DutyForm, FreezeForm, TimelineForm
from incidents.web.cases.frame import case_context
from incidents.web.people import signed_in


def home(request: HttpRequest) -> HttpResponse:
    """Send people to their cases, and readers to what is published."""
    return redirect("cases" if request.user.is_authenticated else "public-home")


@require_safe
@login_required
def cases(request: HttpRequest) -> HttpResponse:
    """List the cases that the person may see; on the first visit, say what to do."""
    rows = visible_incidents(request.user)
    status = request.GET.get("status", "")
    product = request.GET.get("product", "")
    if status in IncidentStatus.values:
        rows = rows.filter(status=status)
    if product:
        rows = rows.filter(product__slug=product)
    products = list(visible_products(request.user))
    openable = [one for one in products if permitted(request.user, Action.EDIT_CASE, one)]
    importable = any(permitted(request.user, Action.IMPORT, one) for one in products) or request.user.is_superuser
    context = {
        "section": "cases",
        "overviews": case_overviews(rows[:200]),
        "statuses": IncidentStatus.choices,
        "status": status,
        "products": products,
        "product": product,
        "may_open": bool(openable),
        "may_import": importable,
        "is_filtered": bool(status or product),
    }
    return render(request, "cases/list.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def case_new(request: HttpRequest) -> HttpResponse:
    """Open a case by hand."""
    user = signed_in(request)
    products = [one for one in visible_products(user) if permitted(user, Action.EDIT_CASE, one)]
    form = CaseForm(request.POST or None, products=[(one.slug, one.name) for one in products])
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            incident = open_incident(
                actor=user,
                product=product_by_slug(user, values["product"]),
                title=values["title"],
                starts_on=values["starts_on"],
                ends_on=values["ends_on"],
                severity=Severity(values["severity"]),
                summary=values["summary"],
            )
        except Conflict as conflict:
            form.add_error("title", str(conflict))
        else:
            return redirect("case", case_id=incident.pk)
    status = 422 if form.is_bound else 200
    return render(request, "cases/new.html", {"section": "cases", "form": form, "products": products}, status=status)


@require_http_methods(["GET", "POST"])
@login_required
def case_timeline(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show what happened in order of time; add what the workbench cannot know."""
    action = Action.EDIT_CASE if request.method == "POST" else Action.VIEW
    context = case_context(request, case_id, "timeline", action)
    incident = context["incident"]
    form = TimelineForm(request.POST or None, zone=context["zone"], initial={"at": timezone.now()})
    if request.method == "POST" and form.is_valid():
        add_timeline_entry(
            actor=signed_in(request), incident=incident, at=form.cleaned_data["at"], text=form.cleaned_data["text"]
        )
        messages.success(request, "Added to the timeline.")
        return redirect("case-timeline", case_id=case_id)
    kind = request.GET.get("kind", "")
    lines = timeline_of(incident)
    kinds = {"changes": "change", "statements": "statement", "entries": "entry", "publicity": "publicity"}
    if kind in kinds:
        lines = [line for line in lines if line.kind.startswith(kinds[kind])]
    context |= {
        "form": form,
        "lines": lines,
        "kind": kind,
        "kinds": [("", "Everything"), ("changes", "Changes"), ("statements", "Statements"), ("entries", "Entries")],
        "evidence": pinned_evidence(incident),
    }
    return render(request, "cases/timeline.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@login_required
def case_settings(request: HttpRequest, case_id: int) -> HttpResponse:
    """Edit what the case is called, where it stands, who does what."""
    context = case_context(request, case_id, "settings", Action.EDIT_CASE)
    incident = context["incident"]
    initial = {name: getattr(incident, name) for name in CaseEditForm.base_fields}
    form = CaseEditForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        update_incident(
            actor=signed_in(request),
            incident=incident,
            title=values["title"],
            summary=values["summary"],
            severity=Severity(values["severity"]),
            status=IncidentStatus(values["status"]),
            restricted=values["restricted"],
        )
        messages.success(request, "Saved.")
        return redirect("case-settings", case_id=case_id)
    context |= {
        "form": form,
        "duty_form": DutyForm(),
        "freeze_form": FreezeForm(),
        "freezes": freezes_of(incident),
        "duties": incident.duties.select_related("user").order_by("duty"),
        "trail": audit_trail(incident)[:50],
    }
    return render(request, "cases/settings.html", context, status=422 if form.is_bound else 200)


@require_POST
@login_required
def case_freeze(request: HttpRequest, case_id: int) -> HttpResponse:
    """Record a deploy freeze, or take one back."""
    user = signed_in(request)
    incident = incident_for(user, case_id, Action.EDIT_CASE)
    if "remove" in request.POST:
        remove_freeze(actor=user, incident=incident, start=request.POST.get("from", ""), end=request.POST.get("to", ""))
        return redirect("case-settings", case_id=case_id)
    form = FreezeForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give the first and the last day of the freeze.")
        return redirect("case-settings", case_id=case_id)
    try:
        add_freeze(actor=user, incident=incident, **form.cleaned_data)
    except (Conflict, NotReady) as error:
        messages.error(request, str(error))
    return redirect("case-settings", case_id=case_id)


@require_POST
@login_required
def case_duty(request: HttpRequest, case_id: int) -> HttpResponse:
    """Give a person a duty, or take one back."""
    user = signed_in(request)
    incident = incident_for(user, case_id, Action.EDIT_CASE)
    if request.POST.get("end", "").isdigit():
        end_duty(actor=user, incident=incident, role_id=int(request.POST["end"]))
    else:
        form = DutyForm(request.POST)
        if form.is_valid():
            assign_duty(
                actor=user,
                incident=incident,
                user=form.cleaned_data["user"],
                duty=IncidentDuty(form.cleaned_data["duty"]),
            )
        else:
            messages.error(request, "Choose a person and a duty.")
    return redirect("case-settings", case_id=case_id)
