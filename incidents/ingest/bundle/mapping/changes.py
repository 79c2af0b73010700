"""changes.jsonl: one change a line.

Unknown members of nested objects are kept in `extra` under the member that held them: `extra["rollout"][number]`,
`extra["artifact"][name]`. A change with several artifacts carries the others in `artifacts`, a list.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from incidents.changes.enums import ChangeKind, EndKind, LinkKind, RolloutShape, Visibility
from incidents.changes.records import ArtifactRecord, ChangeRow
from incidents.ingest.bundle.mapping.fields import MAX_ID, Reader, shown

MAX_STEPS = 1000
_SHAPES = {"steps": RolloutShape.STEP, "step": RolloutShape.STEP, "linear": RolloutShape.LINEAR}
_KNOWN = frozenset(
    {
        *("id", "kind", "title", "description", "started_at", "rollout", "rollout_shape", "ended_at", "end_kind"),
        *("scope", "carried_by_version", "fixed_in_version", "discovered_at", "announced_at", "user_facing"),
        *("visibility", "artifact", "artifacts", "masks", "interacts_with", "url"),
    }
)
Steps = tuple[tuple[dt.datetime, float], ...]


def map_change(reader: Reader, line: int, row: Mapping[str, Any]) -> ChangeRow | None:
    """Return the change, or None where the row has a problem."""
    reader.start(line, row)
    days: list[str] = []
    nested: dict[str, Any] = {}
    started_at = _time(reader, "started_at", days) or dt.datetime.min.replace(tzinfo=dt.UTC)
    ended_at, end_kind = _end(reader, started_at, days)
    rollout, shape = _rollout(reader, started_at, days, nested)
    change = ChangeRow(
        line=line,
        external_id=reader.identity(),
        kind=reader.choice("kind", ChangeKind.values),
        title=reader.text("title", most=300, needed=True),
        description=reader.text("description"),
        scope=reader.scope(row.get("scope")),
        started_at=started_at,
        rollout=rollout,
        rollout_shape=shape,
        ended_at=ended_at,
        end_kind=end_kind,
        carried_by_version=reader.text("carried_by_version", most=80),
        fixed_in_version=reader.text("fixed_in_version", most=80),
        discovered_at=_optional_time(reader, "discovered_at", days),
        announced_at=_optional_time(reader, "announced_at", days),
        user_facing=reader.flag("user_facing"),
        visibility=reader.choice("visibility", Visibility.values, Visibility.PUBLIC.value),
        url=reader.address(most=1000),
        artifacts=_artifacts(reader, nested),
        links=_links(reader),
        day_fields=tuple(days),
        extra=reader.others(_KNOWN) | nested,
    )
    return change if reader.good else None


def _time(reader: Reader, field: str, days: list[str]) -> dt.datetime | None:
    read = reader.moment(field, reader.row.get(field))
    if read is None:
        return None
    if read[1]:
        days.append(field)
    return read[0]


def _optional_time(reader: Reader, field: str, days: list[str]) -> dt.datetime | None:
    return None if reader.row.get(field) is None else _time(reader, field, days)


def _end(reader: Reader, started_at: dt.datetime, days: list[str]) -> tuple[dt.datetime | None, str]:
    kind = reader.choice("end_kind", ("", *EndKind.values))
    given = reader.row.get("ended_at")
    if given is None:
        if kind and not reader.row.get("fixed_in_version"):
            reader.refuse("end_kind", "tells how it ended, but not when", "give ended_at, or fixed_in_version")
        return None, kind
    read = reader.end("ended_at", given)
    if read is None:
        return None, kind
    if read[0] < started_at:
        reader.refuse("ended_at", f"{shown(given)} is before started_at", "set ended_at after started_at")
    if read[1]:
        days.append("ended_at")
    return read[0], kind


def _rollout(reader: Reader, started_at: dt.datetime, days: list[str], nested: dict[str, Any]) -> tuple[Steps, str]:
    steps = reader.row.get("rollout")
    shape = reader.row.get("rollout_shape")
    if shape is not None and (not isinstance(shape, str) or shape not in _SHAPES):
        reader.refuse("rollout_shape", f"{shown(shape)} is not known", "write “linear”, or leave it out for steps")
        shape = None
    if steps is None or steps == []:
        return (), RolloutShape.STEP
    if not isinstance(steps, list) or len(steps) > MAX_STEPS:
        reader.refuse("rollout", "is no list of steps", f"write up to {MAX_STEPS:,} objects {{“at”: …, “share”: …}}")
        return (), RolloutShape.STEP
    found: list[tuple[dt.datetime, float]] = []
    for index, step in enumerate(steps):
        read = _step(reader, f"rollout[{index}]", step, started_at)
        if read is None:
            continue
        at, day_only, share = read
        if found and at <= found[-1][0]:
            reader.refuse(f"rollout[{index}].at", "is not after the step before it", "put the steps in order of time")
        if day_only:
            days.append(f"rollout.{index}")
        extra = {name: value for name, value in step.items() if name not in {"at", "share"}}
        if extra:
            nested.setdefault("rollout", {})[str(index)] = extra
        found.append((at, share))
    return tuple(found), _SHAPES[shape or "steps"]


def _step(reader: Reader, place: str, step: object, started_at: dt.datetime) -> tuple[dt.datetime, bool, float] | None:
    if not isinstance(step, dict):
        reader.refuse(place, f"{shown(step)} is no step", "write {“at”: …, “share”: …}")
        return None
    share = reader.number(f"{place}.share", step.get("share"), least=0, most=1)
    read = reader.moment(f"{place}.at", step.get("at"))
    if share is None or read is None:
        return None
    at, day_only = read
    if at < started_at and reader.last_instant(at, day_only=day_only) <= started_at:
        reader.refuse(f"{place}.at", "is before started_at", "set started_at to the first step, or correct the step")
    return at, day_only, share


def _artifacts(reader: Reader, nested: dict[str, Any]) -> tuple[ArtifactRecord, ...]:
    first = reader.row.get("artifact")
    more = reader.row.get("artifacts") or []
    if not isinstance(more, list):
        reader.refuse("artifacts", f"{shown(more)} is no list", "write a list of objects with name, before and after")
        return ()
    found: dict[str, ArtifactRecord] = {}
    for row in [*([] if first is None else [first]), *more]:
        artifact = _artifact(row)
        if artifact is None:
            reader.refuse("artifact", "is no text with a name", "write {“name”: …, “before”: …, “after”: …}")
        elif artifact.name in found:
            reader.refuse("artifacts", f"{shown(artifact.name)} was named before", "name each artifact once")
        else:
            found[artifact.name] = artifact
            extra = {name: value for name, value in row.items() if name not in {"name", "before", "after"}}
            if extra:
                nested.setdefault("artifact", {})[artifact.name] = extra
    return tuple(found.values())


def _artifact(row: object) -> ArtifactRecord | None:
    if not isinstance(row, dict):
        return None
    name, before, after = (row.get(part) or "" for part in ("name", "before", "after"))
    if not isinstance(name, str) or not isinstance(before, str) or not isinstance(after, str):
        return None
    return ArtifactRecord(name=name, before=before, after=after) if name.strip() and len(name) <= 200 else None


def _links(reader: Reader) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}
    for kind in LinkKind.values:
        given = reader.row.get(kind) or []
        if not isinstance(given, list) or not all(isinstance(one, str) and len(one) <= MAX_ID for one in given):
            reader.refuse(kind, f"{shown(given)} is no list of ids", "write a list of the ids of other changes")
            continue
        for other in given:
            if other == reader.row.get("id"):
                reader.refuse(kind, "names the change itself", "name other changes only")
            found[kind, other] = None
    return tuple(found)
