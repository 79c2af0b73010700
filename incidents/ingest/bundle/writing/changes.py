"""changes.jsonl."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import Case, F, QuerySet, TextField, Value, When
from django.db.models.functions import Collate, Concat, Right

from incidents.changes.enums import LinkKind, RolloutShape
from incidents.changes.models import Change, ChangeLink
from incidents.ingest.bundle.writing.scope import ExportScope, line, number
from incidents.response.queries import changes_of

_CHUNK = 500
_NESTED = frozenset({"rollout", "artifact"})


def change_lines(scope: ExportScope) -> Iterator[bytes]:
    """Yield the changes of the case, in order of start."""
    rows = _identified(changes_of(scope.incident), scope).prefetch_related("rollout_steps", "artifacts")
    links = _links(scope)
    for change in rows.order_by("started_at", Collate("identity", "C")).iterator(chunk_size=_CHUNK):
        yield line(_change(scope, change, links[change.pk]))


def _identified(rows: QuerySet[Change], scope: ExportScope) -> Any:
    """Add the id under which each change goes out."""
    theirs = Right(Concat("source__key", Value(":"), "external_id"), 200)
    own = When(source_id=scope.source_id, then=F("external_id"))
    return rows.annotate(identity=Case(own, default=theirs, output_field=TextField()))


def _links(scope: ExportScope) -> dict[int, dict[str, list[str]]]:
    """Return {change: {kind: ids of the others}}; others that are not in the case are left out."""
    inside = changes_of(scope.incident).values("pk")
    rows = ChangeLink.objects.filter(change__in=inside, other__in=inside)
    others = _identified(Change.objects.filter(pk__in=rows.values("other")), scope)
    names = dict(others.values_list("pk", "identity"))
    found: dict[int, dict[str, list[str]]] = defaultdict(dict)
    for row in rows:
        found[row.change_id].setdefault(row.kind, []).append(names[row.other_id])
    return found


def _change(scope: ExportScope, change: Any, links: dict[str, list[str]]) -> dict[str, Any]:
    days = set(change.day_fields)
    row: dict[str, Any] = {
        "id": change.identity,
        "kind": change.kind,
        "title": change.title,
    }
    if change.description:
        row["description"] = change.description
    row["started_at"] = scope.time(change.started_at, day_only="started_at" in days)
    if steps := _rollout(scope, change, days):
        row["rollout"] = steps
        if change.rollout_shape == RolloutShape.LINEAR:
            row["rollout_shape"] = "linear"
    if change.ended_at is not None:
        row["ended_at"] = scope.end(change.ended_at, day_only="ended_at" in days)
    row |= {name: value for name in ("end_kind", "scope") if (value := getattr(change, name))}
    row |= {name: value for name in ("carried_by_version", "fixed_in_version") if (value := getattr(change, name))}
    for name in ("discovered_at", "announced_at"):
        if (at := getattr(change, name)) is not None:
            row[name] = scope.time(at, day_only=name in days)
    row |= {"user_facing": change.user_facing, "visibility": change.visibility}
    row |= _artifacts(change)
    row |= {kind: sorted(links[kind]) for kind in LinkKind.values if kind in links}
    if change.url:
        row["url"] = change.url
    return row | {name: value for name, value in change.extra.items() if name not in _NESTED}


def _rollout(scope: ExportScope, change: Change, days: set[str]) -> list[dict[str, Any]]:
    extra = change.extra.get("rollout", {})
    return [
        {
            "at": scope.time(step.at, day_only=f"rollout.{index}" in days),
            "share": number(step.share),
            **extra.get(str(index), {}),
        }
        for index, step in enumerate(change.rollout_steps.all())
    ]


def _artifacts(change: Change) -> dict[str, Any]:
    extra = change.extra.get("artifact", {})
    found = [
        {"name": part.name, "before": part.before, "after": part.after, **extra.get(part.name, {})}
        for part in sorted(change.artifacts.all(), key=lambda part: part.name)
    ]
    if not found:
        return {}
    return {"artifact": found[0], **({"artifacts": found[1:]} if len(found) > 1 else {})}
