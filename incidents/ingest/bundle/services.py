"""Case bundles in: importing one, and checking one without importing it."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.text import slugify

from incidents.catalog.models import Product
from incidents.catalog.queries import administers_all, require
from incidents.catalog.recording import ensure_product, receive, record_dimensions, record_symptoms
from incidents.catalog.services import ensure_source
from incidents.catalog.upsert import refresh_statistics
from incidents.core.access import Action
from incidents.core.audit import record_audit
from incidents.core.errors import NotPermitted, Problem
from incidents.ingest.bundle import reading
from incidents.ingest.bundle.checking import check_bundle
from incidents.ingest.bundle.client import CASE, Bundle, Limits, open_bundle
from incidents.ingest.bundle.importer import Destination, Importer
from incidents.ingest.bundle.mapping.case import Case
from incidents.ingest.bundle.meter import Progress
from incidents.ingest.bundle.report import FileReport, ImportReport
from incidents.metrics.rollups import refresh_metric_rollups
from incidents.metrics.services import describe_metrics
from incidents.response.models import Incident
from incidents.response.queries import visible_incidents
from incidents.response.services import record_incident
from incidents.tickets.arrivals import ask_after_arrival
from incidents.tickets.rollups import refresh_ticket_counts

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["check_bundle", "import_bundle"]

MAX_SLUG = 80
# The tables that a bundle may fill with many rows.
FILLED = (
    "incidents_change",
    "incidents_exposurecount",
    "incidents_metricpoint",
    "incidents_metricseries",
    "incidents_segment",
    "incidents_ticket",
    "incidents_ticketsymptom",
)


def import_bundle(
    *,
    path: Path | str,
    product_slug: str | None = None,
    product_name: str | None = None,
    case_slug: str | None = None,
    title: str | None = None,
    is_demo: bool = False,
    all_or_nothing: bool = False,
    actor: "User | None" = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
    is_repeated: bool = False,
) -> ImportReport:
    """Import a bundle, a folder or a zip; the same bundle twice changes nothing.

    What triage has to read anew is asked for at the end (`tickets.arrivals`), where anything changed or, with
    `is_repeated`, where an earlier attempt may have been stopped before it could ask.

    Good rows go in and bad ones are listed; with `all_or_nothing` a file with a bad row is left out whole. Each file is
    one transaction. Without an actor (the command line) nothing is asked about permission. `progress` hears
    (bytes done, bytes in all, a message) and may raise to stop: what is in by then stays in, file by file.
    Raises InputError where the bundle cannot be used at all, NotPermitted, NotThere.
    """
    started = time.monotonic()
    with open_bundle(path, limits) as bundle:
        case = reading.read_case(bundle, limits)
        wanted = product_slug or slugify(bundle.path.stem)[:MAX_SLUG] or slugify(case.incident.title)[:MAX_SLUG]
        destination, first = _open_case(
            bundle,
            _titled(case, title),
            product_slug=wanted or "product",
            product_name=product_name,
            case_slug=case_slug or slugify(title or case.incident.title)[:MAX_SLUG] or "case",
            is_demo=is_demo,
            actor=actor,
        )
        importer = Importer(bundle, case, destination, all_or_nothing=all_or_nothing, progress=progress)
        for name in bundle.others:
            importer.log.note(_unread(name))
        reports = [first, *importer.run()]
    report = ImportReport(
        incident_id=destination.incident.pk,
        product_slug=destination.product.slug,
        case_slug=destination.incident.slug,
        title=destination.incident.title,
        files=tuple(reports),
        problems=tuple(importer.log.problems),
        n_problems=importer.log.n_problems,
        notes=tuple(importer.log.notes),
        seconds=time.monotonic() - started,
    )
    _record_import(report, destination, actor)
    refresh_statistics(FILLED, n_written=report.created + report.updated)
    refresh_ticket_counts(product=destination.product)
    refresh_metric_rollups(product=destination.product)
    if not report.changed_nothing or is_repeated:
        ask_after_arrival(product=destination.product)
    return report


def _titled(case: Case, title: str | None) -> Case:
    return case if title is None else case.retitled(title[:300])


def _unread(name: str) -> Problem:
    return Problem(
        file=name[:200],
        line=None,
        field="",
        message="is no part of the format and was not read",
        remedy="remove it, or put what it says into one of the format's files",
    )


@transaction.atomic
def _open_case(
    bundle: Bundle,
    case: Case,
    *,
    product_slug: str,
    product_name: str | None,
    case_slug: str,
    is_demo: bool,
    actor: "User | None",
) -> tuple[Destination, FileReport]:
    """Record what case.json says; return where the rows go."""
    product = _product_for(
        actor, slug=product_slug, name=product_name, timezone_name=case.incident.timezone, is_demo=is_demo
    )
    if actor is not None:
        taken = Incident.objects.filter(product=product, slug=case_slug)
        if taken.exists() and not visible_incidents(actor).filter(pk__in=taken).exists():
            raise NotPermitted("You may not write to the case of that short name: choose another short name.")
    source = ensure_source(product=product, key=f"case-{case_slug}", name=case.incident.title[:200])
    receive(source=source)
    n_values = record_dimensions(product=product, dimensions=case.dimensions)
    n_symptoms, n_reworded = record_symptoms(product=product, symptoms=case.symptoms)
    n_metrics, n_redescribed = describe_metrics(product=product, definitions=case.metrics)
    incident, recorded = record_incident(
        product=product,
        source=source,
        slug=case_slug,
        record=case.incident,
        actor_id=actor.pk if actor is not None else None,
    )
    n_given = sum(len(row.values) for row in case.dimensions) + len(case.dimensions)
    n_given += len(case.symptoms) + len(case.metrics)
    n_new = n_values + n_symptoms + n_metrics
    n_changed = n_reworded + n_redescribed
    report = FileReport(
        file=CASE,
        created=recorded.created + n_new,
        updated=recorded.updated + n_changed,
        unchanged=recorded.unchanged + n_given - n_new - n_changed,
    )
    return Destination(product=product, source=source, incident=incident), report


def _product_for(actor: "User | None", *, slug: str, name: str | None, timezone_name: str, is_demo: bool) -> Product:
    """Return the product to import into, made if need be and permitted."""
    known = Product.objects.filter(slug=slug).first()
    if known is not None:
        if actor is not None:
            require(actor, Action.IMPORT, known)
        return known
    if actor is not None and not administers_all(actor):
        raise NotPermitted(
            "Only an administrator of all products may make a new one: choose a product that is there, or ask one."
        )
    words = slug.replace("-", " ")
    product, made = ensure_product(
        slug=slug, name=name or words[:1].upper() + words[1:], timezone_name=timezone_name, is_demo=is_demo
    )
    if made:
        record_audit(actor=actor, action="product made", subject=product, product_id=product.pk)
    return product


def _record_import(report: ImportReport, destination: Destination, actor: "User | None") -> None:
    counts = {file.file: [file.created, file.updated, file.unchanged, file.problems] for file in report.files}
    record_audit(
        actor=actor,
        action="case imported",
        subject=destination.incident,
        product_id=destination.product.pk,
        detail={"files": counts, "order": ["created", "updated", "unchanged", "problems"]},
    )
