"""Importing as a job: each file of the bundle is one transaction, so a second attempt finds the first one's rows."""

from django.contrib.auth import get_user_model

from incidents.catalog.models import Product
from incidents.changes.queries import release_times
from incidents.core.errors import NotPermitted, NotThere
from incidents.ingest.bundle.services import import_bundle
from incidents.ingest.bundle.uploads import IMPORT_JOB, forget_upload, upload_limits, upload_path
from incidents.jobs.handlers import JobContext, handles
from incidents.tickets.readings import READ_JOB, read_tickets

_PER_CENT = 100


@handles(IMPORT_JOB)
def import_case(context: JobContext) -> None:
    """Import an uploaded bundle in the name of whoever uploaded it; the result is the report."""
    payload = context.payload
    actor = get_user_model().objects.filter(pk=context.created_by_id or 0, is_active=True).first()
    if actor is None:
        raise NotPermitted("Whoever asked for this import has no account any more: upload the bundle again.")

    def progress(n_done: int, n_total: int | None, message: str) -> None:
        context.progress(_PER_CENT * n_done // (n_total or 1), _PER_CENT, message)

    report = import_bundle(
        path=upload_path(payload["upload"]),
        product_slug=payload["product"],
        product_name=payload["product_name"] or None,
        all_or_nothing=payload["all_or_nothing"],
        actor=actor,
        progress=progress,
        limits=upload_limits(),
        is_repeated=context.attempt > 1,
    )
    with context.finishing() as outcome:
        outcome.update(report.as_json())
    forget_upload(payload["upload"])


@handles(READ_JOB, patient=True)
def read(context: JobContext) -> dict[str, int]:
    """Read what the words of a product's tickets state; here, since versions are dated by the change log."""
    product = Product.objects.filter(pk=context.payload["product"]).first()
    if product is None:
        raise NotThere("The product is gone.")
    n = read_tickets(product=product, releases=release_times(product), progress=context.progress)
    return {"n_stated": n}
