"""The page of symptoms: it shows, asks before it moves, and does what its buttons say."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.catalog.models import Product, Symptom, SymptomChange
from incidents.core.access import Role
from incidents.tickets.models import TicketSymptom
from tests.factories import make_product, make_ticket, make_user

pytestmark = pytest.mark.django_db


def act(client: Client, symptom: Symptom, **fields: Any) -> str:
    response = client.post(reverse("triage-symptom-act", args=[symptom.pk]), fields, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def symptom(product: Product, key: str) -> Symptom:
    return Symptom.objects.get(product=product, key=key)


def test_symptoms_are_added_reworded_merged_and_taken_back(client: Client) -> None:
    product = make_product()
    make_ticket(product, "slow")
    client.force_login(make_user(Role.SUPPORT, product=product, username="sol"))
    page = client.get(reverse("triage-symptoms")).content.decode()
    assert "Slow" in page
    assert "Nothing was changed yet" in page
    added = {"name": "Loses files", "description": "Files are gone.", "terms": "lost file\nfile is gone\n\n"}
    client.post(reverse("triage-symptom-add", args=[product.slug]), added)
    assert symptom(product, "loses_files").terms == ["lost file", "file is gone"]
    slow = symptom(product, "slow")
    page = act(client, slow, do="reword", name="Sluggish", description="", terms="slow")
    assert "labels stay where they are" in page
    assert "“Slow” renamed “Sluggish”" in page
    assert "There is a symptom “Forgetful” already" in act(client, slow, do="reword", name="Forgetful")
    page = act(client, slow, do="merge", into=symptom(product, "forgetful").pk)
    assert "1 label moved to “Forgetful”" in page
    assert "Merged into" in page
    step = SymptomChange.objects.get(step="merged")
    page = client.post(reverse("triage-symptom-undo", args=[step.pk]), follow=True).content.decode()
    assert "1 label went back" in page
    assert "Taken back by sol" in page
    assert "Out of use" in act(client, slow, do="retire")
    assert "In use again" in act(client, slow, do="bring_back")
    assert "There is no such step" in act(client, slow, do="delete")


def test_a_split_is_looked_at_before_it_is_made(client: Client) -> None:
    product = make_product()
    rows = [make_ticket(product, "slow", text=f"stuck in the queue of ann@example.org, {place}") for place in range(3)]
    make_ticket(product, "slow", text="typing lags")
    client.force_login(make_user(Role.SUPPORT, product=product))
    slow = symptom(product, "slow")
    page = client.get(reverse("triage-symptom", args=[slow.pk]), {"words": "queue"}).content.decode()
    assert "<strong>3</strong> of 4 labels would move" in page
    assert "ann@example.org" not in page
    assert TicketSymptom.objects.filter(symptom=slow).count() == 4
    fields: dict[str, Any] = {"do": "split", "words": "queue", "name": "Queues", "terms": "queue"}
    act(client, slow, **fields, which="ticked", ticket=[rows[0].pk])
    assert TicketSymptom.objects.get(symptom=symptom(product, "queues")).ticket == rows[0]
    assert "2 labels moved" in act(client, slow, **(fields | {"name": "More queues"}), which="all")


def test_who_only_reads_changes_nothing_and_strangers_see_nothing(client: Client) -> None:
    product, foreign = make_product(), make_product()
    slow = symptom(product, "slow")
    client.force_login(make_user(Role.COMMS, product=product))
    page = client.get(reverse("triage-symptom", args=[slow.pk])).content.decode()
    assert "Save the wording" not in page
    add = reverse("triage-symptom-add", args=[product.slug])
    assert client.post(reverse("triage-symptom-act", args=[slow.pk]), {"do": "retire"}).status_code == 403
    assert client.post(add, {"name": "New"}).status_code == 403
    client.force_login(make_user(Role.SUPPORT, product=foreign))
    assert client.get(reverse("triage-symptom", args=[slow.pk])).status_code == 404
    assert client.post(reverse("triage-symptom-act", args=[slow.pk]), {"do": "retire"}).status_code == 404
    assert client.post(add, {"name": "New"}).status_code == 404
    # A symptom of another product is no target.
    own = symptom(foreign, "slow")
    response = client.post(reverse("triage-symptom-act", args=[own.pk]), {"do": "merge", "into": slow.pk})
    assert response.status_code == 404
    assert Symptom.objects.filter(retired_at=None).count() == 4


def test_the_pages_cost_the_same_for_many_symptoms(client: Client, django_assert_max_num_queries: Any) -> None:
    product = make_product()
    client.force_login(make_user(Role.SUPPORT, product=product))
    for number in range(8):
        client.post(reverse("triage-symptom-add", args=[product.slug]), {"name": f"Symptom {number}"})
    with django_assert_max_num_queries(20):
        client.get(reverse("triage-symptoms"))
    with django_assert_max_num_queries(24):
        client.get(reverse("triage-symptom", args=[symptom(product, "slow").pk]), {"words": "slow"})
