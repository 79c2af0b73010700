"""A small case in which one change raised complaints; times in hours since its start."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from incidents.catalog.models import Product, Symptom
from incidents.changes.models import Change
from incidents.response.models import Incident
from incidents.tickets.models import Ticket, TicketSymptom
from tests.factories import make_change, make_exposure, make_incident, make_product, make_segment, make_source

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
DAYS = 28
SEGMENTS = ({"surface": "cli"}, {"surface": "web"}, {})


def at(hours: float) -> dt.datetime:
    """Return the instant so many hours after the window's start."""
    return START + dt.timedelta(hours=hours)


@dataclass(frozen=True)
class Case:
    """The case with its changes: `harmful` hit surface=cli from day 10 to day 20, `harmless` web from day 5."""

    product: Product
    incident: Incident
    harmful: Change
    harmless: Change


def make_case(*, per_day: int = 30, seed: int = 7, bucket: str = "day") -> Case:
    """Make the case: a steady flow of complaints, tripled on the command line while the harmful change was in force."""
    rng = np.random.default_rng(seed)
    product = make_product()
    incident = make_incident(product, starts_at=START, ends_at=at(DAYS * 24), bucket=bucket)
    harmful = make_change(
        product,
        title="Shorter answers by default",
        started_at=at(10 * 24),
        ended_at=at(20 * 24),
        end_kind="revert",
        scope={"surface": ["cli"]},
        user_facing=True,
    )
    harmless = make_change(product, title="New sign-in page", started_at=at(5 * 24), scope={"surface": ["web"]})
    segments = [make_segment(product, **values) for values in SEGMENTS]
    symptoms = list(Symptom.objects.filter(product=product))
    source = make_source(product)
    rows, labels = [], []
    for day in range(DAYS):
        for where, segment in enumerate(segments):
            lift = 3.0 if where == 0 and 10 <= day < 20 else 1.0
            for _ in range(rng.poisson(per_day / 3 * lift)):
                rows.append(
                    Ticket(
                        product=product,
                        source=source,
                        external_id=f"t{len(rows)}",
                        reported_at=at(day * 24 + rng.uniform(0, 24)),
                        segment=segment,
                        title=f"Complaint {len(rows)}",
                    )
                )
                labels.append(symptoms[int(rng.random() < (0.3 if lift > 1 else 0.6))])
    Ticket.objects.bulk_create(rows)
    TicketSymptom.objects.bulk_create(
        TicketSymptom(ticket=ticket, symptom=symptom, source="bundle")
        for ticket, symptom in zip(rows, labels, strict=True)
    )
    for value in ("cli", "web"):
        make_exposure(product, 500.0, surface=value)
    return Case(product=product, incident=incident, harmful=harmful, harmless=harmless)
