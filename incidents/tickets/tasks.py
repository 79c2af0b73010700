"""Triage as jobs: learning, labelling, duplicates, topics, old texts; what is due each day; counts kept current."""

from typing import Any

from celery import shared_task
from django.contrib.auth import get_user_model
from django.utils import timezone

from incidents.catalog.models import Product
from incidents.core.errors import NotThere
from incidents.jobs.handlers import JobContext, handles
from incidents.jobs.queries import waiting_job
from incidents.tickets import duplicates, readings, reporters, topics, versions
from incidents.tickets.rollups import refresh_ticket_counts


def _product(context: JobContext) -> Product:
    product = Product.objects.filter(pk=context.payload["product"]).first()
    if product is None:
        raise NotThere("The product is gone.")
    return product


@handles(versions.TRAIN_JOB, patient=True)
def train(context: JobContext) -> None:
    """Learn a version and store it with the job's end; then the tickets are labelled by a job of its own.

    Where the taxonomy was changed since the job was asked for, that step asked for a job of its own.
    """
    product = _product(context)
    if context.payload.get("taxonomy", versions.taxonomy_mark(product)) != versions.taxonomy_mark(product):
        with context.finishing() as outcome:
            outcome["superseded"] = True
        return
    trained = versions.train(product=product, progress=context.progress)
    actor = get_user_model().objects.filter(pk__in=[context.created_by_id or 0]).first()
    with context.finishing() as outcome:
        version = versions.store_version(product=product, trained=trained, actor=actor)
        outcome["version"] = version.pk
        outcome["in_use"] = version.is_active
        if version.is_active or context.payload.get("relabel"):
            versions.ask_for_classification(actor=None, product=product)


@handles(versions.CLASSIFY_JOB, patient=True)
def classify(context: JobContext) -> None:
    """Label the tickets that nobody decided; what no symptom fits then is gathered into topics."""
    product = _product(context)
    n = versions.classify_tickets(product=product, progress=context.progress)
    with context.finishing() as outcome:
        outcome["n_tickets"] = n
        if waiting_job(kind=topics.TOPICS_JOB, product=product.pk) is None:
            topics.ask_for_topics(actor=None, product=product)


@shared_task(name="incidents.refresh_ticket_counts")
def refresh() -> None:
    """Count the hours whose tickets changed; until then readers count these tickets themselves."""
    refresh_ticket_counts()


@handles(duplicates.DUPLICATES_JOB, patient=True)
def propose_duplicates(context: JobContext) -> dict[str, Any]:
    """Propose tickets that may be one complaint."""
    return {"n_proposals": duplicates.find_duplicates(product=_product(context), progress=context.progress)}


@handles(topics.TOPICS_JOB, patient=True)
def gather_topics(context: JobContext) -> dict[str, Any]:
    """Bring the emerging topics up to date."""
    return {"n_topics": topics.update_topics(product=_product(context), progress=context.progress)}


@handles(reporters.RETENTION_JOB, patient=True)
def forget_texts(context: JobContext) -> dict[str, Any]:
    """Erase texts that are older than the product keeps them."""
    return {"n_erased": reporters.apply_retention(product=_product(context), now=timezone.now())}


@shared_task(name="incidents.daily_triage")
def daily_triage() -> None:
    """Ask for what is due today, once a day whenever it is called: what words state, topics, duplicates, old texts."""
    today = timezone.now().date()
    for product in Product.objects.all():
        reporters.ask_for_retention(product=product, on=today)
        readings.ask_for_reading(actor=None, product=product, on=today)
        topics.ask_for_topics(actor=None, product=product, on=today)
        duplicates.ask_for_duplicates(actor=None, product=product, on=today)
