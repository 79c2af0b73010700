"""evals.jsonl, statements.jsonl and sources.jsonl."""

from collections.abc import Iterator
from typing import Any

from incidents.ingest.bundle.writing.scope import BY_IDENTITY, IDENTITY, ExportScope, line, number, stored, within

# A run of another source names a change of that source.
_SUBJECT = f"CASE WHEN t.subject = '' THEN '' ELSE {IDENTITY.replace('external_id', 'subject')} END"
_EVALS = f"""
SELECT {IDENTITY}, t.suite, t.at, t.n, t.paired, t.score, t.baseline_score, t.discordant, {_SUBJECT},
       t.verdict, t.day_fields, t.extra::text
FROM incidents_evalrun t JOIN incidents_source o ON o.id = t.source_id
WHERE {within("at")}
ORDER BY t.at, {BY_IDENTITY}
"""  # noqa: S608 - constants alone

_STATEMENTS = """
SELECT external_id, at, channel, audience, text, claims::text, day_fields, extra::text
FROM incidents_statement WHERE incident_id = %(incident)s ORDER BY at, external_id COLLATE "C"
"""

_REFERENCES = """
SELECT external_id, url, title, used_for, extra::text
FROM incidents_reference WHERE incident_id = %(incident)s ORDER BY position, external_id COLLATE "C"
"""


def eval_lines(scope: ExportScope) -> Iterator[bytes]:
    """Yield the evaluation runs, in order of time."""
    for identity, suite, at, n, paired, *rest in scope.rows(_EVALS):
        score, baseline, discordant, subject, verdict, days, extra = rest
        row: dict[str, Any] = {
            "id": identity,
            "suite": suite,
            "at": scope.time(at, day_only="at" in days),
        }
        if n is not None:
            row["n"] = n
        row["paired"] = paired
        numbers = {"score": score, "baseline_score": baseline, "discordant": discordant}
        row |= {name: number(value) for name, value in numbers.items() if value is not None}
        row |= {name: value for name, value in {"subject": subject, "verdict": verdict}.items() if value}
        yield line(row | stored(extra))


def statement_lines(scope: ExportScope) -> Iterator[bytes]:
    """Yield what was said in public, in order of time."""
    for external_id, at, channel, audience, text, claims, days, extra in scope.rows(_STATEMENTS):
        row: dict[str, Any] = {"id": external_id, "at": scope.time(at, day_only="at" in days)}
        row |= {name: value for name, value in {"channel": channel, "audience": audience}.items() if value}
        row |= {"text": text, "claims": stored(claims)}
        yield line(row | stored(extra))


def reference_lines(scope: ExportScope) -> Iterator[bytes]:
    """Yield where facts come from, in the order in which they came in."""
    for external_id, url, title, used_for, extra in scope.rows(_REFERENCES):
        row: dict[str, Any] = {"id": external_id}
        row |= {name: value for name, value in {"url": url, "title": title, "used_for": used_for}.items() if value}
        yield line(row | stored(extra))
