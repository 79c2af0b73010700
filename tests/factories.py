"""Small makers of rows for tests: every argument has a default, so that a test states only what it is about."""

import datetime as dt
import itertools
from typing import Any

from django.contrib.auth.models import User

from incidents.catalog.models import Dimension, DimensionValue, Membership, Product, Segment, Source, Symptom
from incidents.catalog.services import segment_digest
from incidents.changes.models import Change
from incidents.core.access import Role
from incidents.metrics.models import ExposureCount, Metric, MetricPoint, MetricSeries
from incidents.response.models import Incident, Statement
from incidents.tickets.models import Ticket, TicketSymptom

_number = itertools.count(1)
PASSWORD = "a-long-enough-phrase"


def at(day: int, hour: int = 12, month: int = 3, year: int = 2026) -> dt.datetime:
    """Return an instant of March 2026 (UTC) unless told otherwise."""
    return dt.datetime(year, month, day, hour, tzinfo=dt.UTC)


def make_product(**fields: Any) -> Product:
    """Make a product with two dimensions (surface, version) and two symptoms (slow, forgetful)."""
    number = next(_number)
    product = Product.objects.create(**{"slug": f"product-{number}", "name": f"Product {number}", **fields})
    for position, (key, values) in enumerate({"surface": ["cli", "web"], "version": ["1.0", "1.1"]}.items()):
        dimension = Dimension.objects.create(product=product, key=key, name=key.capitalize(), position=position)
        for index, value in enumerate(values):
            DimensionValue.objects.create(dimension=dimension, key=value, position=index)
    for position, key in enumerate(["slow", "forgetful"]):
        Symptom.objects.create(
            product=product, key=key, name=key.capitalize(), terms=[key, f"{key}er"], position=position
        )
    return product


def make_user(*roles: Role, product: Product | None = None, **fields: Any) -> User:
    """Make a person with these roles, for one product or (None) for all."""
    user = User.objects.create_user(**{"username": f"person-{next(_number)}", "password": PASSWORD, **fields})
    for role in roles:
        Membership.objects.create(user=user, product=product, role=role)
    return user


def make_source(product: Product, key: str = "bundle") -> Source:
    """Return the product's source of that key."""
    source, _ = Source.objects.get_or_create(product=product, key=key, defaults={"kind": "bundle", "name": key})
    return source


def make_segment(product: Product, **values: str) -> Segment:
    """Return the interned pattern of these values."""
    segment, _ = Segment.objects.get_or_create(
        product=product, digest=segment_digest(values), defaults={"values": values}
    )
    return segment


def make_incident(product: Product | None = None, **fields: Any) -> Incident:
    """Make a case over March 2026 whose source is the product's bundle."""
    product = product or make_product()
    defaults: dict[str, Any] = {
        "product": product,
        "source": make_source(product),
        "slug": f"case-{next(_number)}",
        "title": "Answers got shallower",
        "starts_at": at(1, 0),
        "ends_at": at(1, 0, month=4),
    }
    return Incident.objects.create(**{**defaults, **fields})


def make_change(product: Product, **fields: Any) -> Change:
    """Make a change in force from 10 March 2026 on."""
    number = next(_number)
    defaults: dict[str, Any] = {
        "product": product,
        "source": make_source(product),
        "external_id": f"change-{number}",
        "kind": "prompt",
        "title": f"Change {number}",
        "started_at": at(10),
        "colour": Change.objects.filter(product=product).count(),
    }
    return Change.objects.create(**{**defaults, **fields})


def make_ticket(product: Product, *symptoms: str, segment: dict[str, str] | None = None, **fields: Any) -> Ticket:
    """Make a ticket of 15 March 2026 with these symptoms (by key, said by the bundle)."""
    number = next(_number)
    defaults: dict[str, Any] = {
        "product": product,
        "source": make_source(product),
        "external_id": f"ticket-{number}",
        "reported_at": at(15),
        "text": f"It is slow, says number {number}.",
        "segment": make_segment(product, **(segment or {})),
    }
    ticket = Ticket.objects.create(**{**defaults, **fields})
    for key in symptoms:
        TicketSymptom.objects.create(
            ticket=ticket, symptom=Symptom.objects.get(product=product, key=key), confidence=1.0, source="bundle"
        )
    return ticket


def make_points(product: Product, key: str, values: dict[dt.datetime, float], **segment: str) -> Metric:
    """Make a metric (or take it) and give one segment's series these points."""
    metric, _ = Metric.objects.get_or_create(product=product, key=key, defaults={"name": key.capitalize()})
    series, _ = MetricSeries.objects.get_or_create(
        metric=metric, segment=make_segment(product, **segment), source=make_source(product)
    )
    MetricPoint.objects.bulk_create(MetricPoint(series=series, at=when, value=value) for when, value in values.items())
    return metric


def make_exposure(product: Product, count: float, when: dt.datetime | None = None, **segment: str) -> ExposureCount:
    """Make one usage count; without a time it is a share over the whole window."""
    return ExposureCount.objects.create(
        product=product, source=make_source(product), segment=make_segment(product, **segment), at=when, count=count
    )


def make_statement(incident: Incident, text: str = "We changed nothing.", **fields: Any) -> Statement:
    """Make a public statement of 12 March 2026."""
    defaults: dict[str, Any] = {"external_id": f"statement-{next(_number)}", "at": at(12), "channel": "status page"}
    return Statement.objects.create(incident=incident, text=text, **{**defaults, **fields})
