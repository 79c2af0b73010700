"""evals.jsonl, statements.jsonl and sources.jsonl: what was tested, what was said, and where facts come from."""

import datetime as dt
from collections.abc import Container, Mapping
from typing import Any

from incidents.ingest.bundle.mapping.fields import MAX_ID, Reader, shown
from incidents.metrics.records import EvalRecord
from incidents.response.records import ReferenceRecord, StatementRecord

MAX_COUNT = 2_147_483_647
_EVAL = frozenset({"id", "suite", "at", "n", "paired", "score", "baseline_score", "discordant", "subject", "verdict"})
_STATEMENT = frozenset({"id", "at", "channel", "audience", "text", "claims"})
_REFERENCE = frozenset({"id", "url", "title", "used_for"})


def map_eval(reader: Reader, line: int, row: Mapping[str, Any], changes: Container[str]) -> EvalRecord | None:
    """Return the evaluation run, or None where the row has a problem; `changes` holds the ids that it may name."""
    reader.start(line, row)
    at, days = _at(reader)
    subject = reader.text("subject", most=MAX_ID)
    if subject and subject not in changes:
        _refuse_change(reader, "subject", subject)
    run = EvalRecord(
        line=line,
        external_id=reader.identity(),
        suite=reader.text("suite", most=200, needed=True),
        at=at,
        n=_count(reader, "n"),
        paired=reader.flag("paired"),
        score=reader.optional_number("score"),
        baseline_score=reader.optional_number("baseline_score"),
        discordant=reader.optional_number("discordant", least=0, most=1),
        subject=subject,
        verdict=reader.text("verdict"),
        day_fields=days,
        extra=reader.others(_EVAL),
    )
    return run if reader.good else None


def _at(reader: Reader) -> tuple[dt.datetime, tuple[str, ...]]:
    read = reader.moment("at", reader.row.get("at"))
    if read is None:
        return dt.datetime.min.replace(tzinfo=dt.UTC), ()
    return read[0], ("at",) if read[1] else ()


def _count(reader: Reader, field: str) -> int | None:
    value = reader.row.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_COUNT:
        reader.refuse(field, f"{shown(value)} is no whole number above 0", "give the number of tasks, or leave it out")
        return None
    return value


def _refuse_change(reader: Reader, field: str, name: str) -> None:
    reader.refuse(field, f"{shown(name)} is no change of this case", "name the id of a change in changes.jsonl")


def map_statement(reader: Reader, line: int, row: Mapping[str, Any], changes: Container[str]) -> StatementRecord | None:
    """Return the statement, or None where the row has a problem; `changes` holds the ids that claims may be about."""
    reader.start(line, row)
    at, days = _at(reader)
    claims = row.get("claims") or []
    if not isinstance(claims, list):
        reader.refuse("claims", f"{shown(claims)} is no list", "write a list of {“about”: …, “says”: …}")
        claims = []
    for index, claim in enumerate(claims):
        _check_claim(reader, f"claims[{index}]", claim, changes)
    statement = StatementRecord(
        line=line,
        external_id=reader.identity(),
        at=at,
        channel=reader.text("channel", most=80),
        audience=reader.text("audience", most=120),
        text=reader.text("text", needed=True),
        claims=tuple(claims),
        day_fields=days,
        extra=reader.others(_STATEMENT),
    )
    return statement if reader.good else None


def _check_claim(reader: Reader, place: str, claim: object, changes: Container[str]) -> None:
    if not isinstance(claim, dict) or not isinstance(claim.get("says"), str) or not claim["says"].strip():
        reader.refuse(place, "does not tell what was said", "write {“about”: id of a change or null, “says”: …}")
        return
    about = claim.get("about")
    if about is not None and (not isinstance(about, str) or about not in changes):
        _refuse_change(reader, f"{place}.about", about)


def map_reference(reader: Reader, line: int, row: Mapping[str, Any]) -> ReferenceRecord | None:
    """Return the source, or None where the row has a problem."""
    reader.start(line, row)
    reference = ReferenceRecord(
        line=line,
        external_id=reader.identity(),
        url=reader.address() if row.get("url") else "",
        title=reader.text("title", most=10_000),
        used_for=reader.text("used_for", most=10_000),
        extra=reader.others(_REFERENCE),
    )
    return reference if reader.good else None
