"""case.json."""

from collections.abc import Iterator
from typing import Any

import orjson

from incidents.core.times import format_time
from incidents.ingest.bundle.mapping.case import FORMAT
from incidents.ingest.bundle.writing.scope import ExportScope, line
from incidents.metrics.models import Metric
from incidents.response.models import PublicityEvent

# Members of `extra` that hold the unknown members of nested objects; see mapping.case.
_NESTED = ("window", "symptoms", "publicity")


def case_lines(scope: ExportScope) -> Iterator[bytes]:
    """Yield the file."""
    incident = scope.incident
    extra = {name: value for name, value in incident.extra.items() if name not in _NESTED}
    nested = {name: incident.extra.get(name, {}) for name in _NESTED}
    case: dict[str, Any] = {
        "format": FORMAT,
        "title": incident.title,
        "timezone": incident.timezone,
        "window": {
            "start": scope.time(incident.starts_at, day_only="starts_at" in incident.day_fields),
            "end": scope.end(incident.ends_at, day_only="ends_at" in incident.day_fields),
            **nested["window"],
        },
        "bucket": incident.bucket,
        "dimensions": {row.key: [value.key for value in row.values.all()] for row in scope.dimensions},
        "symptoms": _symptoms(scope, nested["symptoms"]),
    }
    if publicity := _publicity(scope, nested["publicity"]):
        case["publicity"] = publicity
    if metrics := _metrics(scope):
        case["metrics"] = metrics
    yield line(case | extra, orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _symptoms(scope: ExportScope, extra: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "key": row.key,
            "name": row.name,
            "description": row.description,
            "terms": row.terms,
            **({"retired_at": format_time(row.retired_at, scope.zone, day_only=False)} if row.retired_at else {}),
            **extra.get(row.key, {}),
        }
        for row in scope.symptoms
    ]


def _publicity(scope: ExportScope, extra: dict[str, Any]) -> list[dict[str, Any]]:
    rows = PublicityEvent.objects.filter(incident=scope.incident).order_by("at", "title")
    return [
        {"at": scope.time(row.at, day_only=row.day_only), "title": row.title, **extra.get(row.title, {})}
        for row in rows
    ]


def _metrics(scope: ExportScope) -> list[dict[str, Any]]:
    return [
        {
            "key": row.key,
            "name": row.name,
            **({"unit": row.unit} if row.unit else {}),
            **({"better": row.better} if row.better else {}),
            **row.extra,
        }
        for row in Metric.objects.filter(product=scope.incident.product)
    ]
