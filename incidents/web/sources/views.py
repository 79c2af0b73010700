"""Pages of sources: what came in from where, taking in a bundle, what became of it, taking a case out."""

import csv
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from incidents.catalog.queries import administers_all, product_by_slug, products_permitting, visible_products
from incidents.core.access import Action
from incidents.core.errors import Conflict, InputError, NotThere, Problem
from incidents.ingest.arrivals import source_overviews
from incidents.ingest.bundle.export import export_stream, record_export
from incidents.ingest.bundle.mapping.fields import guarded
from incidents.ingest.bundle.report import ImportReport, report_of
from incidents.ingest.bundle.uploads import IMPORT_JOB, request_import
from incidents.jobs.enums import JobState
from incidents.jobs.queries import job_by_id, jobs_newest_first
from incidents.response.queries import incident_for, visible_incidents
from incidents.web.jobs.progress import job_context, require_sight
from incidents.web.people import signed_in
from incidents.web.sources.forms import NEW, ImportForm
from incidents.web.sources.grouping import grouped

SHOWN_PROBLEMS = 100
SHOWN_IMPORTS = 8
# What a multipart form adds to the file.
_FORM_BYTES = 64 * 1024


@require_safe
@login_required
def sources(request: HttpRequest) -> HttpResponse:
    """List the sources of one product, and the reader's own latest imports."""
    user = signed_in(request)
    products = list(visible_products(user))
    wanted = request.GET.get("product", "")
    product = next((one for one in products if one.slug == wanted), products[0] if products else None)
    imports = [
        {"job": job, "report": _report(job)}
        for job in jobs_newest_first(kind=IMPORT_JOB).filter(created_by=user)[:SHOWN_IMPORTS]
    ]
    context: dict[str, Any] = {
        "section": "sources",
        "products": products,
        "product": product,
        "imports": imports,
        "may_import": products_permitting(user, Action.IMPORT).exists() or administers_all(user),
    }
    if product is not None:
        overviews = source_overviews(product, visible_incidents(user))
        context |= {
            "overviews": overviews,
            "gaps": [(one, gap) for one in overviews for gap in one.gaps],
            "display_zone": ZoneInfo(product.timezone),
        }
    return render(request, "sources/list.html", context)


# The token is checked by the view inside: looking for it here would read an upload of any size first.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@login_required
def import_form(request: HttpRequest) -> HttpResponse:
    """Take in a bundle; one that is larger than allowed is refused before it is read."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > settings.BUNDLE_MAX_BYTES + _FORM_BYTES:
        form = _form(request, data=None)
        form.too_large = True  # type: ignore[attr-defined]
        return _render_form(request, form, status=413)
    return _import(request)


@csrf_protect
def _import(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = _form(request, request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _render_form(request, form)
    problems: list[Problem] = []
    if form.is_valid():
        values = form.cleaned_data
        product = None if values["product"] == NEW else product_by_slug(user, values["product"])
        try:
            job = request_import(
                actor=user,
                upload=values["bundle"],
                product=product,
                product_name=values.get("product_name", "").strip(),
                all_or_nothing=values["all_or_nothing"],
            )
        except InputError as error:
            problems = error.problems
            form.add_error("bundle", "The bundle cannot be used: what is wrong is listed below.")
        except Conflict as conflict:
            form.add_error("product_name", str(conflict))
        else:
            return redirect("import-result", job_id=job.pk)
    return _render_form(request, form, problems=problems, status=422)


def _form(request: HttpRequest, data: Any) -> ImportForm:
    user = signed_in(request)
    products = list(products_permitting(user, Action.IMPORT))
    wanted = request.GET.get("product", "")
    return ImportForm(
        data,
        request.FILES if data is not None else None,
        products=[(one.slug, one.name) for one in products],
        may_make=administers_all(user),
        initial={"product": wanted if any(one.slug == wanted for one in products) else NEW},
    )


def _render_form(
    request: HttpRequest, form: ImportForm, *, problems: list[Problem] | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "section": "sources",
        "form": form,
        "groups": grouped(problems or [])[:SHOWN_PROBLEMS],
        "max_bytes": settings.BUNDLE_MAX_BYTES,
        "limits": {"bytes": settings.BUNDLE_MAX_BYTES, "new": NEW},
        "may_import": bool(form.fields["product"].choices),  # type: ignore[attr-defined]
    }
    return render(request, "sources/import.html", context, status=status)


@require_safe
@login_required
def import_result(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show how far an import is, then what became of each file and what is wrong with the rows that stayed out."""
    job = _import_job(request, job_id)
    context: dict[str, Any] = {"section": "sources", "job": job, "file": job.payload.get("file", "")}
    report = _report(job)
    if report is None:
        context["progress"] = job_context(request, job, label=f"Importing {context['file']}", then=request.path)
        response = render(request, "sources/progress.html", context)
        add_never_cache_headers(response)
        return response
    groups = grouped(report.problems)
    context |= {
        "report": report,
        "incident": visible_incidents(request.user).filter(pk=report.incident_id or 0).first(),
        "groups": groups[:SHOWN_PROBLEMS],
        "n_hidden": len(groups) - SHOWN_PROBLEMS,
        "notes": grouped(report.notes)[:SHOWN_PROBLEMS],
        "refused": [file for file in report.files if file.refused],
    }
    return render(request, "sources/result.html", context)


@require_safe
@login_required
def import_problems(request: HttpRequest, job_id: int) -> HttpResponse:
    """Give all kept problems and notes as a table that no spreadsheet runs."""
    report = _report(_import_job(request, job_id))
    if report is None:
        raise NotThere("This import has no report yet.")
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="import-{job_id}-problems.csv"'},
    )
    writer = csv.writer(response)
    writer.writerow(["kind", "file", "line", "field", "what is wrong", "what to do"])
    for kind, rows in (("problem", report.problems), ("note", report.notes)):
        for row in rows:
            cells = (row.file, row.field, row.message, row.remedy)
            file, field, message, remedy = (guarded(cell) for cell in cells)
            writer.writerow([kind, file, "" if row.line is None else row.line, field, message, remedy])
    return response


@require_safe
@login_required
def case_export(request: HttpRequest, case_id: int) -> StreamingHttpResponse:
    """Stream a case as a bundle; private parts are masked unless somebody who may see them asks for them."""
    user = signed_in(request)
    incident = incident_for(user, case_id, Action.EXPORT)
    as_written = request.GET.get("private") == "as-written"
    if as_written:
        incident = incident_for(user, case_id, Action.SEE_PRIVATE)
    record_export(incident=incident, actor=user, as_written=as_written)
    stream: Iterator[bytes] = export_stream(incident, as_written=as_written)
    response = StreamingHttpResponse(
        stream,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{incident.slug}.zip"'},
    )
    add_never_cache_headers(response)
    return response


def _import_job(request: HttpRequest, job_id: int) -> Any:
    """Return an import that the person may know of: their own, or one of a product and case that they may see."""
    job = job_by_id(job_id)
    if job.kind != IMPORT_JOB:
        raise NotThere("There is no such import, or it is not yours to see.")
    require_sight(request.user, job)
    report = _report(job)
    if report is not None and job.created_by_id != request.user.pk:
        incident_for(request.user, report.incident_id or 0)
    return job


def _report(job: Any) -> ImportReport | None:
    return report_of(job.result) if job.state == JobState.SUCCEEDED and job.result else None
