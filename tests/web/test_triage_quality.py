"""The page of the classifier."""

import pytest
from django.test import Client
from django.urls import reverse

import incidents.tasks  # noqa: F401 - registers the handlers
from incidents.core.access import Role
from incidents.jobs.models import Job
from incidents.jobs.runner import run
from incidents.tickets import versions
from incidents.tickets.models import ClassifierVersion
from tests.factories import make_product, make_user
from tests.tickets.test_versions import taught_product

pytestmark = pytest.mark.django_db


def test_before_any_decision_it_says_what_to_do(client: Client) -> None:
    product = make_product()
    client.force_login(make_user(Role.SUPPORT, product=product))
    page = client.get(reverse("triage-quality")).content.decode()
    assert "labelled by the taxonomy" in page
    assert "Nothing learned yet" in page
    assert "Learn now" not in page
    page = client.post(reverse("triage-train", args=[product.slug]), follow=True).content.decode()
    assert "learning starts at 20" in page
    assert not Job.objects.filter(kind=versions.TRAIN_JOB).exists()


def test_learning_choosing_and_going_back(client: Client) -> None:
    product = taught_product()
    client.force_login(make_user(Role.SUPPORT, product=product))
    assert "Learn now" in client.get(reverse("triage-quality"), {"product": product.slug}).content.decode()
    client.post(reverse("triage-train", args=[product.slug]))
    run(Job.objects.get(kind=versions.TRAIN_JOB).pk, background=False)
    version = ClassifierVersion.objects.get()
    page = client.get(reverse("triage-quality"), {"product": product.slug}).content.decode()
    assert f"labelled by version {version.pk}" in page
    assert "Use the terms alone" in page
    client.post(reverse("triage-use", args=[product.slug]), {"version": ""})
    assert versions.active_version(product) is None
    client.post(reverse("triage-use", args=[product.slug]), {"version": version.pk})
    assert versions.active_version(product) == version


def test_only_those_who_triage_may_change_it(client: Client) -> None:
    product = taught_product()
    client.force_login(make_user(Role.COMMS, product=product))
    page = client.get(reverse("triage-quality"), {"product": product.slug})
    assert page.status_code == 200
    assert "Learn now" not in page.content.decode()
    for name in ("triage-train", "triage-classify", "triage-use"):
        assert client.post(reverse(name, args=[product.slug])).status_code == 403
    client.force_login(make_user(Role.SUPPORT, product=make_product()))
    assert client.post(reverse("triage-train", args=[product.slug])).status_code == 404


def test_the_page_costs_the_same_for_three_versions_as_for_one(client: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    product = taught_product()
    client.force_login(make_user(Role.SUPPORT, product=product))
    trained = versions.train(product=product, progress=lambda *_: None)
    counts = []
    for n in (1, 2):
        for _ in range(n):
            versions.store_version(product=product, trained=trained, actor=None)
        with django_assert_max_num_queries(22) as seen:
            client.get(reverse("triage-quality"))
        counts.append(len(seen))
    assert counts[0] == counts[1]
