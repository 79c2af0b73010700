"""The read API that widgets of Statuspage know (`/api/v2/…`): for all products, and for one.

Products are the components; one is degraded while an incident of it was told and its end was not.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from incidents.publishing.queries import Product, Publication, public_product, public_products
from incidents.publishing.status import PublicIncident, public_incidents
from incidents.web.public.caching import public
from incidents.web.public.feeds import address_of
from incidents.web.public.syndication import utc

DOCUMENTS = ("summary", "status", "components", "incidents", "incidents/unresolved", "scheduled-maintenances")
_OPERATIONAL, _DEGRADED = "operational", "degraded_performance"


@public
def answer(request: HttpRequest, what: str, product_slug: str = "") -> HttpResponse:
    """Return one of the API's documents."""
    products = [public_product(product_slug)] if product_slug else list(public_products())
    incidents = public_incidents(products)
    still_open = [row for row in incidents if row.is_open]
    page = _page(request, products, product_slug, incidents)
    pieces: dict[str, dict[str, Any]] = {
        "summary": {
            "components": _components(products, still_open),
            "incidents": [_incident(request, row, page["id"]) for row in still_open],
            "scheduled_maintenances": [],
            "status": _status(still_open),
        },
        "status": {"status": _status(still_open)},
        "components": {"components": _components(products, still_open)},
        "incidents": {"incidents": [_incident(request, row, page["id"]) for row in incidents]},
        "incidents/unresolved": {"incidents": [_incident(request, row, page["id"]) for row in still_open]},
        "scheduled-maintenances": {"scheduled_maintenances": []},
    }
    response = HttpResponse(orjson.dumps({"page": page, **pieces[what]}), content_type="application/json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _page(
    request: HttpRequest, products: Sequence[Product], product_slug: str, incidents: Sequence[PublicIncident]
) -> dict[str, Any]:
    one = products[0] if product_slug else None
    path = reverse("public-changelog", kwargs={"product_slug": one.slug}) if one else reverse("public-home")
    updated = max((row.told_at for row in incidents), default=None)
    return {
        "id": f"product-{one.slug}" if one else "all-products",
        "name": one.name if one else "Changes and postmortems",
        "url": request.build_absolute_uri(path),
        "time_zone": one.timezone if one else "Etc/UTC",
        "updated_at": utc(updated) if updated else None,
    }


def _status(still_open: Sequence[PublicIncident]) -> dict[str, str]:
    if not still_open:
        return {"indicator": "none", "description": "No known incident"}
    return {"indicator": "minor", "description": "Degraded performance"}


def _components(products: Sequence[Product], still_open: Sequence[PublicIncident]) -> list[dict[str, Any]]:
    degraded = {row.product.pk for row in still_open}
    return [
        {
            "id": f"product-{product.slug}",
            "name": product.name,
            "status": _DEGRADED if product.pk in degraded else _OPERATIONAL,
            "position": place,
            "description": None,
            "group": False,
            "group_id": None,
            "showcase": True,
            "only_show_if_degraded": False,
        }
        for place, product in enumerate(products, 1)
    ]


def _incident(request: HttpRequest, row: PublicIncident, page_id: str) -> dict[str, Any]:
    resolved = row.resolved_at
    return {
        "id": row.key.hex,
        "name": row.name,
        "status": row.step,
        "impact": "minor",
        "created_at": utc(row.began_at),
        "started_at": utc(row.began_at),
        "updated_at": utc(row.told_at),
        "monitoring_at": None,
        "resolved_at": utc(resolved) if resolved else None,
        "shortlink": request.build_absolute_uri(address_of(row.updates[0])),
        "page_id": page_id,
        "incident_updates": [_update(request, text, row) for text in row.updates],
        "components": _components([row.product], [row] if row.is_open else []),
    }


def _update(request: HttpRequest, text: Publication, row: PublicIncident) -> dict[str, Any]:
    return {
        "id": f"{row.key.hex}-{text.kind}-{text.slug}",
        "incident_id": row.key.hex,
        "status": text.incident_step,
        "body": f"{text.title}. {text.summary}\n\n{request.build_absolute_uri(address_of(text))}",
        "created_at": utc(text.published_at),
        "updated_at": utc(text.published_at),
        "display_at": utc(text.published_at),
        "affected_components": None,
        "deliver_notifications": True,
    }
