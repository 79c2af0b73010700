"""Asking for what the overlay draws."""

from typing import Any

from django.test import Client
from django.urls import reverse

from incidents.charts.typed import Numbers, from_float32
from incidents.response.models import Incident


def answer(client: Client, incident: Incident, **query: Any) -> dict[str, Any]:
    response = client.get(reverse("overlay-data", args=[incident.pk]), query)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def counts(body: dict[str, Any]) -> dict[str, Numbers]:
    return {one["key"]: from_float32(one["y"]) for one in body["complaints"]["series"]}
