"""Classifiers learned in the product: from decisions alone, replaced when better, taken back, never over a person."""

import datetime as dt

import pytest

import incidents.tasks  # noqa: F401 - registers the handlers
from incidents.catalog.models import Product, Symptom
from incidents.core.access import Role
from incidents.core.errors import NotPermitted, NotReady
from incidents.jobs.models import Job
from incidents.jobs.runner import run
from incidents.tickets import versions
from incidents.tickets.enums import LabelSource
from incidents.tickets.inbox import decide_symptoms
from incidents.tickets.models import ClassifierVersion, Ticket, TicketSymptom
from tests.factories import at, make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db


def taught_product(n: int = 12) -> Product:
    """Return a product where people called "gluey" slow and "blank" forgetful, words that no term names."""
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    keys = {one.key: one for one in Symptom.objects.filter(product=product)}
    for number in range(n):
        for word, key in (("gluey", "slow"), ("blank", "forgetful")):
            row = make_ticket(product, title=f"Answers are {word} again {number}", text="")
            decide_symptoms(actor=person, ticket=row, symptoms=[keys[key]])
    return product


def labels_of(ticket: Ticket) -> list[tuple[str, str]]:
    rows = TicketSymptom.objects.filter(ticket=ticket, confidence__gte=0.5).select_related("symptom")
    return [(row.symptom.key, row.source) for row in rows]


def quiet(*_: object) -> None:
    """Hear no progress."""


def test_learning_needs_decisions_and_a_right() -> None:
    product = make_product()
    person = make_user(Role.SUPPORT, product=product)
    with pytest.raises(NotReady, match="learning starts at 20"):
        versions.ask_for_training(actor=person, product=product)
    with pytest.raises(NotPermitted):
        versions.ask_for_training(actor=make_user(Role.COMMS, product=product), product=product)
    assert versions.ask_for_training(actor=person, product=product, only_if_due=True) is None


def test_a_job_learns_and_another_labels() -> None:
    product = taught_product()
    plain = make_ticket(product, title="Answers are gluey again, sorry", text="")
    given = make_ticket(product, "forgetful", title="It went gluey on me", text="")
    person = make_user(Role.SUPPORT, product=product)
    decided = make_ticket(product, title="Thanks for the fish", text="")
    decide_symptoms(actor=person, ticket=decided, symptoms=[])
    job = versions.ask_for_training(actor=person, product=product, only_if_due=True)
    assert job is not None
    assert versions.ask_for_training(actor=person, product=product) == job
    run(job.pk, background=False)
    job.refresh_from_db()
    assert (job.state, job.error) == ("succeeded", "")
    version = ClassifierVersion.objects.get()
    assert (version.is_active, version.n_labels, version.created_by) == (True, 25, person)
    assert version.metrics["micro_f1"] > version.metrics["micro_f1_without_labels"]
    assert not versions.training_is_due(product)
    run(Job.objects.get(kind=versions.CLASSIFY_JOB).pk, background=False)
    assert labels_of(plain) == [("slow", LabelSource.MODEL)]
    assert labels_of(given) == [("forgetful", LabelSource.BUNDLE)]
    assert labels_of(decided) == []


def test_one_can_go_back() -> None:
    product = taught_product()
    person = make_user(Role.SUPPORT, product=product)
    trained = versions.train(product=product, progress=quiet)
    first = versions.store_version(product=product, trained=trained, actor=person)
    second = versions.store_version(product=product, trained=trained, actor=person)
    assert versions.active_version(product) == second
    versions.use_version(actor=person, version=first, product=product)
    assert versions.active_version(product) == first
    versions.use_version(actor=person, version=None, product=product)
    assert versions.active_version(product) is None
    assert versions.active_classifier(product).weights is None
    with pytest.raises(NotPermitted):
        versions.use_version(actor=make_user(Role.COMMS, product=product), version=first, product=product)


def test_a_worse_version_is_kept_but_not_used() -> None:
    product = taught_product()
    good = versions.train(product=product, progress=quiet)
    worse = versions.Trained(
        artefact=good.artefact,
        taxonomy=good.taxonomy,
        n_labels=good.n_labels,
        quality=good.without_labels,
        without_labels=good.without_labels,
        before=good.quality,
    )
    first = versions.store_version(product=product, trained=good, actor=None)
    second = versions.store_version(product=product, trained=worse, actor=None)
    assert (second.is_active, versions.active_version(product)) == (False, first)


def test_another_taxonomy_falls_back_to_the_terms() -> None:
    product = taught_product()
    versions.store_version(product=product, trained=versions.train(product=product, progress=quiet), actor=None)
    assert versions.active_classifier(product).weights is not None
    Symptom.objects.create(product=product, key="new", name="New", position=9)
    assert versions.active_classifier(product).weights is None


def test_a_doubled_share_is_a_shift() -> None:
    product = make_product()
    for day in range(60):
        make_ticket(product, "slow" if day % 10 == 0 else "forgetful", reported_at=at(1) + dt.timedelta(hours=day))
    assert versions.shifts(product) == []
    for day in range(60):
        make_ticket(product, "slow", reported_at=at(1, month=4) + dt.timedelta(hours=day))
    found = {one.name: one for one in versions.shifts(product)}
    assert found["Slow"].share_before == pytest.approx(0.1)
    assert found["Slow"].share_now == pytest.approx(1.0)
