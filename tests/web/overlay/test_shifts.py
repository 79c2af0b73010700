"""Where a metric's level shifted."""

import pytest
from django.test import Client

from incidents.response.models import Incident
from tests.factories import at, make_points
from tests.web.overlay.asking import answer

pytestmark = pytest.mark.django_db


def test_a_level_shift_is_found_whatever_the_zoom(reader: Client, incident: Incident) -> None:
    values = {at(day, 12): (5.0 if day < 15 else 9.0) + 0.2 * ((day * 7) % 5) for day in range(1, 32)}
    make_points(incident.product, "latency", values)
    (shift,) = answer(reader, incident)["metrics"]["rows"][0]["shifts"]
    assert shift["low"] <= 14 * 24 <= shift["high"]
    assert abs(shift["at"] - 14 * 24) <= 24
    assert shift["after"] - shift["before"] == pytest.approx(4, abs=0.3)
    zoomed = answer(reader, incident, **{"from": "2026-03-12T00:00Z", "to": "2026-03-20T00:00Z"})
    assert zoomed["metrics"]["rows"][0]["shifts"] == [shift]
