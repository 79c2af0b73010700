"""Recording the changes of a source in bulk, each once, with rollout, artifacts and links between changes.

What a person corrected in the workbench stays as it was corrected, and a corrected change keeps its rollout.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from incidents.catalog.models import Product, Source
from incidents.catalog.recording import hold_vocabulary
from incidents.catalog.upsert import LISTED, Progress, Recorded, Repeated, batched, same_json
from incidents.changes.models import ArtifactVersion, Change, ChangeLink, RolloutStep
from incidents.changes.records import ChangeRow
from incidents.core.models import AuditEntry

_CHUNK = 500
_COLUMNS = (
    *("kind", "title", "description", "scope", "started_at", "rollout_shape", "ended_at", "end_kind"),
    *("carried_by_version", "fixed_in_version", "discovered_at", "announced_at", "user_facing", "visibility", "url"),
    *("day_fields", "extra"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesRecorded(Recorded):
    """What became of the changes; `unresolved` lists (line, kind, id) of links to changes that are not there."""

    unresolved: tuple[tuple[int, str, str], ...] = ()


@dataclass(slots=True)
class _Work:
    """What is known while the rows pass."""

    product: Product
    source: Source
    corrected: dict[str, set[str]]
    lines: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    repeated: list[tuple[int, int]] = field(default_factory=list)
    links: list[tuple[int, str, str, str]] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    moved: set[int] = field(default_factory=set)


@transaction.atomic
def record_changes(
    *, product: Product, source: Source, rows: Iterable[ChangeRow], progress: Progress | None = None
) -> ChangesRecorded:
    """Record changes; links are drawn once all are in. The caller may roll back where it dislikes what came of it."""
    work = _Work(product=product, source=source, corrected=_corrected(product))
    for chunk in batched(rows, _CHUNK):
        fresh = _first_of_each(work, chunk)
        _record_chunk(work, fresh)
    unresolved = _link(work)
    _colour(work)
    if progress is not None:
        progress(1.0)
    return ChangesRecorded(
        created=len(work.new),
        updated=len(work.moved),
        unchanged=len(work.lines) - len(work.new) - len(work.moved),
        repeated=Repeated(n=len(work.repeated), lines=tuple(work.repeated[:LISTED])),
        unresolved=tuple(unresolved),
    )


def change_ids(*, source: Source) -> frozenset[str]:
    """Return the ids by which rows of the source may name changes: its own, and others after their source's name."""
    own = Change.objects.filter(source=source).values_list("external_id", flat=True)
    return frozenset(own) | _neighbours(source, Change.objects.all()).keys()


def _neighbours(source: Source, changes: QuerySet[Change]) -> dict[str, int]:
    """Return {source's short name:id there -> id here} for those of the changes that came from the product's others."""
    rows = changes.filter(product=source.product_id).exclude(source=source)
    return {f"{key}:{name}": pk for key, name, pk in rows.values_list("source__key", "external_id", "id")}


def _corrected(product: Product) -> dict[str, set[str]]:
    """Return {change id: names of the members that a person corrected}."""
    entries = AuditEntry.objects.filter(product_id=product.pk, object_type="change", action="change corrected")
    found: dict[str, set[str]] = {}
    for number, detail in entries.values_list("object_id", "detail"):
        found.setdefault(number, set()).update(detail.get("moved", {}))
    return found


def _first_of_each(work: _Work, chunk: list[ChangeRow]) -> list[ChangeRow]:
    fresh = []
    for row in chunk:
        first = work.lines.setdefault(row.external_id, row.line)
        if first == row.line:
            fresh.append(row)
            work.links.extend((row.line, row.external_id, kind, other) for kind, other in row.links)
        else:
            work.repeated.append((row.line, first))
    return fresh


def _record_chunk(work: _Work, rows: list[ChangeRow]) -> None:
    known = Change.objects.filter(source=work.source, external_id__in=[row.external_id for row in rows])
    there = {change.external_id: change for change in known.prefetch_related("rollout_steps", "artifacts")}
    new = [row for row in rows if row.external_id not in there]
    made = Change.objects.bulk_create(
        Change(product=work.product, source=work.source, external_id=row.external_id, **_said(row)) for row in new
    )
    work.new.extend(change.pk for change in made)
    work.ids |= {change.external_id: change.pk for change in [*made, *there.values()]}
    _write_parts(list(zip(made, new, strict=True)))
    renewed = [(there[row.external_id], row) for row in rows if row.external_id in there]
    moved = [change for change, row in renewed if _renew(work, change, row)]
    Change.objects.bulk_update(moved, [*_COLUMNS, "updated_at"])
    parts = [
        (change, row) for change, row in renewed if str(change.pk) not in work.corrected and _parts_differ(change, row)
    ]
    RolloutStep.objects.filter(change__in=[change for change, _ in parts]).delete()
    ArtifactVersion.objects.filter(change__in=[change for change, _ in parts]).delete()
    _write_parts(parts)
    work.moved.update(change.pk for change in moved)
    work.moved.update(change.pk for change, _ in parts)


def _said(row: ChangeRow) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in _COLUMNS}
    return {**said, "scope": dict(row.scope), "day_fields": list(row.day_fields), "extra": dict(row.extra)}


def _write_parts(pairs: list[tuple[Change, ChangeRow]]) -> None:
    RolloutStep.objects.bulk_create(
        RolloutStep(change=change, at=at, share=share) for change, row in pairs for at, share in row.rollout
    )
    ArtifactVersion.objects.bulk_create(
        ArtifactVersion(change=change, name=part.name, before=part.before, after=part.after)
        for change, row in pairs
        for part in row.artifacts
    )


def _renew(work: _Work, change: Change, row: ChangeRow) -> bool:
    """Set what differs on the change; return whether anything did."""
    kept = work.corrected.get(str(change.pk), set())
    said = {name: value for name, value in _said(row).items() if name not in kept}
    if kept:
        # A time that was corrected is known to the minute, whatever the file says.
        said["day_fields"] = [
            name for name in said["day_fields"] if name not in kept and not name.startswith("rollout")
        ]
        said["day_fields"] += [name for name in change.day_fields if name.startswith("rollout")]
    moved = [name for name, value in said.items() if not same_json(getattr(change, name), value)]
    for name in moved:
        setattr(change, name, said[name])
    if moved:
        change.updated_at = timezone.now()
    return bool(moved)


def _parts_differ(change: Change, row: ChangeRow) -> bool:
    steps = sorted((step.at, step.share) for step in change.rollout_steps.all())
    texts = sorted((part.name, part.before, part.after) for part in change.artifacts.all())
    return steps != sorted(row.rollout) or texts != sorted((one.name, one.before, one.after) for one in row.artifacts)


def _link(work: _Work) -> list[tuple[int, str, str]]:
    """Draw the links that the rows name and drop those they no longer name; return those that lead nowhere."""
    missing = {other for _, _, _, other in work.links} - work.ids.keys()
    known = Change.objects.filter(source=work.source, external_id__in=missing)
    ids = work.ids | dict(known.values_list("external_id", "id"))
    foreign = {name.partition(":")[2] for name in missing - ids.keys()}
    ids |= _neighbours(work.source, Change.objects.filter(external_id__in=foreign))
    wanted = {(ids[name], ids[other], kind) for _, name, kind, other in work.links if other in ids}
    there: dict[tuple[int, int, str], int] = {}
    new = set(work.new)
    for batch in batched(pk for pk in work.ids.values() if pk not in new):
        links = ChangeLink.objects.filter(change__in=batch)
        there |= {(one, other, kind): pk for one, other, kind, pk in links.values_list("change", "other", "kind", "id")}
    gone = there.keys() - wanted
    ChangeLink.objects.filter(pk__in=[there[key] for key in gone]).delete()
    added = sorted(wanted - there.keys())
    ChangeLink.objects.bulk_create(ChangeLink(change_id=one, other_id=other, kind=kind) for one, other, kind in added)
    work.moved.update({one for one, _, _ in [*gone, *added]} - new)
    return [(line, kind, other) for line, _, kind, other in work.links if other not in ids]


def _colour(work: _Work) -> None:
    """Give new changes the next colours, once and for ever: first what is no client release, in order of start."""
    if not work.new:
        return
    hold_vocabulary(product=work.product)
    rest = Change.objects.filter(product=work.product).exclude(pk__in=work.new)
    highest = rest.aggregate(highest=Max("colour"))["highest"]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE incidents_change c SET colour = o.place FROM (
                SELECT id, %s - 1 + row_number() OVER (
                    ORDER BY kind = 'client_release', started_at, external_id
                ) AS place
                FROM incidents_change WHERE id = ANY(%s)
            ) o WHERE o.id = c.id
            """,
            [0 if highest is None else highest + 1, work.new],
        )
