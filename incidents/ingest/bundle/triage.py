"""What triage needs of a bundle, without importing it: the taxonomy, the dimensions, the tickets' words, and labels."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from incidents.changes.enums import ChangeKind
from incidents.changes.queries import version_in
from incidents.core.errors import InputError, Problem
from incidents.ingest.bundle import reading
from incidents.ingest.bundle.client import CHANGES, TICKETS, Bundle
from incidents.ingest.bundle.problems import ProblemLog
from incidents.tickets.classifier.prior import Symptom


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWords:
    """A ticket's words and what its own fields say of its segment."""

    id: str
    title: str
    text: str
    segment: Mapping[str, str]
    reported_at: dt.datetime
    has_onset: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageBundle:
    """The parts of a bundle that triage reads; `problems` are rows that were left out."""

    taxonomy: list[Symptom]
    names: dict[str, str]
    dimensions: dict[str, tuple[str, ...]]
    tickets: list[TicketWords]
    zone: ZoneInfo
    releases: dict[str, dt.datetime]
    problems: list[Problem]


def read_triage_bundle(bundle: Bundle) -> TriageBundle:
    """Read the tickets; symptoms that they come with are not looked at."""
    case = reading.read_case(bundle)
    file = bundle.one_of(TICKETS)
    log, context = ProblemLog(), case.context()
    records = reading.read_tickets(file, context, log, lambda title, text: ()) if file is not None else iter(())
    # What is wrong with a change is for `attribute` to say.
    changes = reading.read_changes(bundle.files[CHANGES], context, ProblemLog())
    return TriageBundle(
        taxonomy=[
            Symptom(key=row.key, name=row.name, description=row.description, terms=row.terms) for row in case.symptoms
        ],
        names={row.key: row.name for row in case.symptoms},
        dimensions={row.key: tuple(row.values) for row in case.dimensions},
        tickets=[
            TicketWords(
                id=row.external_id,
                title=row.title,
                text=row.text,
                segment=row.segment,
                reported_at=row.reported_at,
                has_onset=row.onset_at is not None,
            )
            for row in records
        ],
        zone=context.zone,
        releases={
            version: change.started_at
            for change in changes
            if change.kind == ChangeKind.CLIENT_RELEASE
            and (version := change.carried_by_version or version_in(change.title))
        },
        problems=list(log.problems),
    )


def read_labels(path: Path, bundle: TriageBundle) -> dict[str, frozenset[str]]:
    """Return {ticket id: symptom keys} of a file with one {"id", "symptoms"} a line; raise InputError on a bad line.

    Labels of tickets that are not in the bundle are passed over: one file may serve several bundles.
    """
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        raise InputError(
            [Problem(file=path.name, message=f"cannot be read ({error.strerror})", remedy="check the path")]
        ) from None
    known = {row.id for row in bundle.tickets}
    labels: dict[str, frozenset[str]] = {}
    problems: list[Problem] = []
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            key, symptoms = _label(raw)
        except ValueError as error:
            problems.append(
                Problem(file=path.name, line=number, message=str(error), remedy='write {"id": "…", "symptoms": ["…"]}')
            )
            continue
        strange = sorted(set(symptoms) - set(bundle.names))
        if key in known and strange:
            problems.append(
                Problem(
                    file=path.name,
                    line=number,
                    field="symptoms",
                    message=f"{strange[0]!r} is not known",
                    remedy="use keys of case.json's symptoms",
                )
            )
        elif key in known:
            labels[key] = frozenset(symptoms)
    if problems:
        raise InputError(problems)
    return labels


def _label(raw: bytes) -> tuple[str, list[str]]:
    row = orjson.loads(raw)
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise ValueError("is no object with an id")  # noqa: TRY004 - the caller tells one kind of error
    symptoms = row.get("symptoms")
    if not isinstance(symptoms, list) or not all(isinstance(one, str) for one in symptoms):
        raise ValueError("has no list of symptoms")
    return row["id"], symptoms
