"""A product's data has another version after each write that an answer could show, and after nothing else."""

import threading

import pytest
from django.apps import apps
from django.db import connection, transaction

from incidents.catalog.models import DataMark, Dimension, Symptom
from incidents.catalog.versions import data_version, merge_marks
from incidents.changes.models import RolloutStep
from incidents.metrics.models import MetricPoint
from tests.factories import at, make_change, make_incident, make_points, make_product, make_statement, make_ticket

# The rooms whose rows the overlay shows; those of their tables of which it shows nothing, or that follow from others.
SHOWN_ROOMS = ("catalog", "changes", "tickets", "metrics", "response", "attribution")
UNMARKED = {
    "classifierversion",
    "datamark",
    "duplicateproposal",
    "dismissedrise",
    "incidentrole",
    "membership",
    "metricrollup",
    "metricstale",
    "movedlabel",
    "product",
    "reference",
    "savedscenario",
    "savedview",
    "segment",
    "segmentrules",
    "source",
    "supportanswer",
    "symptomchange",
    "textretention",
    "ticketreading",
    "ticketrollup",
    "ticketstale",
    "timelineentry",
}


@pytest.mark.django_db
def test_every_table_is_marked_or_named_as_shown_nowhere() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select tgrelid::regclass::text, count(*) from pg_trigger where tgname like 'data\\_%' group by 1"
        )
        marked = dict(cursor.fetchall())
    assert set(marked.values()) == {3}, "each table has a trigger for inserts, updates and deletes"
    tables = {
        model._meta.db_table
        for model in apps.get_app_config("incidents").get_models()
        if model.__module__.split(".")[1] in SHOWN_ROOMS
    }
    assert tables == marked.keys() | {f"incidents_{name}" for name in UNMARKED}


@pytest.mark.django_db
def test_each_write_makes_another_version_and_reading_makes_none() -> None:
    product, other = make_product(), make_product()
    versions = [data_version(product)]
    before = data_version(other)

    def moved() -> bool:
        versions.append(data_version(product))
        return versions[-1] > versions[-2]

    ticket = make_ticket(product, "slow")
    assert moved()
    ticket.labels.all().delete()
    assert moved()
    ticket.delete()
    assert moved()
    incident = make_incident(product)
    assert moved()
    change = make_change(product)
    assert moved()
    RolloutStep.objects.create(change=change, at=at(11), share=0.5)
    assert moved()
    make_statement(incident)
    assert moved()
    make_points(product, "m", {at(3): 1.0})
    assert moved()
    MetricPoint.objects.update(value=2.0)
    assert moved()
    Dimension.objects.get(product=product, key="surface").values.create(key="mobile")
    assert moved()
    Symptom.objects.filter(product=product).update(name="Other")
    assert moved()
    list(Symptom.objects.filter(product=product))
    assert not moved()
    assert data_version(other) == before


@pytest.mark.django_db(transaction=True)
def test_merging_marks_keeps_versions_and_commits_of_others_still_count() -> None:
    product = make_product()
    make_ticket(product)
    make_ticket(product)
    seen = data_version(product)
    written, merged = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                make_ticket(product)
                written.set()
                merged.wait(10)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(10)
    merge_marks()
    assert data_version(product) == seen, "what is not committed does not count"
    assert DataMark.objects.filter(product_id=product.pk).count() == 1
    merged.set()
    writer.join()
    after = data_version(product)
    assert after > seen
    merge_marks()
    assert data_version(product) == after
