"""All evidence of a case as findings under short keys. Pure: facts in, catalogue out.

Keys: `case-…`, `tickets-SYMPTOM`, `change-REF-started`, `run-REF-excess`, `run-REF-SYMPTOM-excess`, `run-REF-cause`,
`eval-REF-…`, `said-REF`, `overlap-REF-REF`, `clean-N`, `silent-REF`. docs/concepts/claims.md lists them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from incidents.documents import words
from incidents.documents.checks import check_sentence
from incidents.documents.facts import CaseFacts, ChangeFact, EvalFact, overlap_key
from incidents.documents.findings import Catalogue, Finding
from incidents.documents.intervals import clean_windows, overlaps
from incidents.documents.words import Moment

_DESCRIPTION = 500  # characters of outside text in a draft
_MOMENTS = {
    "started": "took effect",
    "ended": "ended",
    "discovered": "was found out",
    "announced": "was announced",
}


def catalogue_of(facts: CaseFacts) -> Catalogue:
    """Return everything that a text about this case may cite."""
    catalogue = Catalogue()
    catalogue.extend(_case(facts))
    for change in facts.changes:
        catalogue.extend(_change(facts, change))
        catalogue.extend(_attribution(facts, change))
    for run in facts.evals:
        catalogue.extend(_evaluation(facts, run))
    for said in facts.statements:
        catalogue.add(
            Finding(
                key=f"said-{said.ref}",
                label=f"Statement: {said.channel or 'public'}, {words.moment_day(said.at, facts.zone)}",
                text=words.moment(said.at, facts.zone),
                also=(words.moment_day(said.at, facts.zone), said.text),
                evidence={"kind": "statement", "ref": said.key, "pk": said.pk},
            )
        )
    catalogue.extend(_intervals(facts))
    return catalogue


def moment_finding(key: str, label: str, value: Moment, facts: CaseFacts, evidence: Mapping[str, Any]) -> Finding:
    """Return a finding of a time, which may also be told by its day alone."""
    return Finding(
        key=key,
        label=label,
        text=words.moment(value, facts.zone),
        also=(words.moment_day(value, facts.zone),),
        evidence=evidence,
    )


def _case(facts: CaseFacts) -> Iterator[Finding]:
    here = {"kind": "case"}
    yield moment_finding("case-start", "The case's window begins", facts.starts, facts, {**here, "field": "starts_at"})
    yield moment_finding("case-end", "The case's window ends", facts.ends, facts, {**here, "field": "ends_at"})
    yield Finding(
        key="tickets-all",
        label="Complaints in the window",
        text=f"{facts.n_tickets:,.0f}",
        evidence={"kind": "tickets"},
    )
    for symptom in facts.symptoms:
        yield Finding(
            key=f"tickets-{symptom.ref}",
            label=f"Complaints that show “{symptom.name}”",
            text=f"{symptom.n_tickets:,.0f}",
            evidence={"kind": "tickets", "symptom": symptom.key},
        )
    yield Finding(
        key="case-others",
        label="Tested changes that are not named one by one",
        text=words.small_number(facts.n_others),
        also=(str(facts.n_others),),
        evidence={"kind": "run", "field": "others"},
    )
    number = len(facts.contributing())
    yield Finding(
        key="case-factors",
        label="Number of contributing changes",
        text=words.small_number(number),
        also=(str(number),),
        evidence={"kind": "run", "field": "factors"},
    )
    for silence in facts.silences:
        yield Finding(
            key=f"silent-{silence.ref}",
            label=f"{silence.name} sent nothing",
            text=f"from {words.day(silence.start, facts.zone)} to {words.day(silence.end, facts.zone)}",
            also=(words.duration(silence.start, silence.end),),
            evidence={"kind": "metric", "ref": silence.ref},
        )
    if facts.run is not None:
        yield Finding(
            key="run-level",
            label="Level of the intervals",
            text=words.percent(facts.run.level),
            evidence={"kind": "run", "field": "level"},
        )
        if facts.run.unattributed:
            yield _estimate("run-unattributed", "Rise that no known change explains", facts.run.unattributed, {})


def _change(facts: CaseFacts, change: ChangeFact) -> Iterator[Finding]:
    where = {"kind": "change", "ref": change.key, "pk": change.pk}
    for name, told in _MOMENTS.items():
        value: Moment | None = getattr(change, name)
        if value is not None:
            label = f"{change.title} {told}"
            yield moment_finding(f"change-{change.ref}-{name}", label, value, facts, {**where, "field": name})
    if change.description:
        yield Finding(
            key=f"change-{change.ref}-described",
            label=f"{change.title}: description in the change log",
            text=words.plain(words.sentence(change.description), _DESCRIPTION),
            also=(change.description,),
            evidence={**where, "field": "description"},
        )
    for position, (name, before, after) in enumerate(change.artifacts, start=1):
        yield from _artifact(change, f"change-{change.ref}-text-{position}", name, (before, after), where)
    if change.ended is not None:
        yield Finding(
            key=f"change-{change.ref}-duration",
            label=f"{change.title}: time in force",
            text=words.duration(change.started.at, change.ended.at),
            evidence={**where, "field": "duration"},
        )
    for name, later in (("discovered", change.discovered), ("announced", change.announced)):
        if later is not None and later.at > change.started.at:
            yield Finding(
                key=f"change-{change.ref}-{name}-after",
                label=f"{change.title}: time until it {_MOMENTS[name]}",
                text=words.duration(change.started.at, later.at),
                evidence={**where, "field": f"{name}_after"},
            )
    for name, version in (("carried", change.carried_by), ("fixed", change.fixed_in)):
        if version:
            yield Finding(
                key=f"change-{change.ref}-{name}",
                label=f"{change.title}: version that {'carries' if name == 'carried' else 'fixes'} it",
                text=version,
                evidence={**where, "field": name},
            )
    for number, (at, share) in enumerate(change.steps, start=1):
        yield Finding(
            key=f"change-{change.ref}-step-{number}",
            label=f"{change.title}: rollout step {number}",
            text=f"{words.percent(share)} from {words.moment(Moment(at=at), facts.zone)}",
            also=(words.day(at, facts.zone),),
            evidence={**where, "field": f"step {number}"},
        )


def _artifact(
    change: ChangeFact, key: str, name: str, texts: tuple[str, str], where: Mapping[str, Any]
) -> Iterator[Finding]:
    """Yield what a text lost and what it gained, line by line."""
    for side, lines, whole in zip(("before", "after"), words.changed_lines(*texts), texts, strict=True):
        if lines:
            yield Finding(
                key=f"{key}-{side}",
                label=f"{change.title}: {name} {side}",
                text=f"“{words.plain(' / '.join(lines), _DESCRIPTION)}”",
                also=(whole,),
                evidence={**where, "field": f"{key} {side}"},
            )


def _estimate(key: str, label: str, found: Mapping[str, float], evidence: Mapping[str, Any]) -> Finding:
    value, low, high = (float(found[name]) for name in ("estimate", "low", "high"))
    return Finding(
        key=key,
        label=label,
        text=words.estimate_text(value, low, high),
        also=(words.estimate_short(value, low, high), f"{value:.0f} ({max(low, 0):.0f} to {high:.0f})"),
        evidence={"kind": "run", **evidence},
    )


def _attribution(facts: CaseFacts, change: ChangeFact) -> Iterator[Finding]:
    if facts.run is None or change.key not in facts.run.changes:
        return
    result = facts.run.changes[change.key]
    where = {"kind": "run", "ref": change.key, "pk": change.pk}
    yield from _verdicts(facts, change, str(result.get("verdict", "")), where)
    if result.get("excess"):
        label = f"{change.title}: attributed complaints"
        yield _estimate(f"run-{change.ref}-excess", label, result["excess"], {**where, "field": "excess"})
    names = {symptom.key: symptom for symptom in facts.symptoms}
    for key, found in (result.get("symptoms") or {}).items():
        ref = names[key].ref if key in names else words.slug_piece(key)[:20]
        name = names[key].name if key in names else key
        label = f"{change.title}: attributed complaints of “{name}”"
        yield _estimate(f"run-{change.ref}-{ref}-excess", label, found["excess"], {**where, "symptom": key})
        ratio = found.get("rate_ratio") or {}
        if all(ratio.get(name) is not None for name in ("estimate", "low", "high")):
            yield Finding(
                key=f"run-{change.ref}-{ref}-ratio",
                label=f"{change.title}: “{name}” against the level without it",
                text=words.ratio_text(float(ratio["estimate"]), float(ratio["low"]), float(ratio["high"])),
                evidence={**where, "symptom": key, "field": "rate_ratio"},
            )
    lag = result.get("lag_hours")
    if lag is not None:
        yield Finding(
            key=f"run-{change.ref}-lag",
            label=f"{change.title}: typical delay from exposure to complaint",
            text=f"{lag / 24:.0f} days" if lag >= 48 else f"{lag:.0f} hours",
            evidence={**where, "field": "lag"},
        )
    titles = {str(other.pk): other.public_title for other in facts.changes} | dict(facts.metrics)
    for number, item in enumerate(result.get("evidence") or (), start=1):
        told = check_sentence(item, titles)
        if told:
            yield Finding(
                key=f"run-{change.ref}-why-{number}",
                label=f"{change.title}: {item.get('kind', 'evidence')}, {item.get('direction', '')}",
                text=words.plain(told),
                evidence={**where, "field": f"evidence {number}", "check": item.get("kind", "")},
            )


def _verdicts(facts: CaseFacts, change: ChangeFact, verdict: str, where: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what may be said of a change's part: that it contributed, that it cannot be told, that it did not."""
    is_factor = change.status == "contributing" or (change.status != "rejected" and verdict == "contributing")
    told = f"the run's verdict is “{verdict}”"
    if change.status == "rejected":
        told = "a person rejected it as a contributing factor"
    yield Finding(
        key=f"run-{change.ref}-cause",
        label=f"{change.title}: contributed to the complaints",
        text="attributed",
        evidence={**where, "field": "cause"},
        holds=is_factor,
        why="" if is_factor else f"{change.title}: {told}",
        causal=True,
    )
    not_held = change.status == "rejected" or (change.status != "contributing" and verdict == "not supported")
    yield Finding(
        key=f"run-{change.ref}-cleared",
        label=f"{change.title}: tested, the complaints do not support it",
        text="not supported by the complaints",
        evidence={**where, "field": "cleared"},
        holds=not_held,
        why="" if not_held else f"{change.title}: the run's verdict is “{verdict}”",
        causal=True,
    )
    unsure = verdict == "ambiguous" and change.status == "candidate"
    yield Finding(
        key=f"run-{change.ref}-unsure",
        label=f"{change.title}: cannot be told apart from others",
        text="cannot be told apart",
        evidence={**where, "field": "unsure"},
        holds=unsure,
        why="" if unsure else f"{change.title}: {told}",
        causal=True,
    )


def _evaluation(facts: CaseFacts, run: EvalFact) -> Iterator[Finding]:
    where = {"kind": "eval", "ref": run.key}
    yield moment_finding(f"eval-{run.ref}-at", f"{run.suite} was run", run.at, facts, {**where, "field": "at"})
    if run.n is not None:
        yield Finding(
            key=f"eval-{run.ref}-n", label=f"{run.suite}: tasks", text=f"{run.n:,}", evidence={**where, "field": "n"}
        )
    if run.detectable is not None:
        yield Finding(
            key=f"eval-{run.ref}-power",
            label=f"{run.suite}: smallest drop it could have found",
            text=f"{run.detectable * 100:.1f} points",
            evidence={**where, "field": "detectable"},
        )
    if run.drop is not None:
        yield Finding(
            key=f"eval-{run.ref}-drop",
            label=f"{run.suite}: measured drop",
            text=f"{run.drop * 100:.1f} points",
            evidence={**where, "field": "drop"},
        )


def _intervals(facts: CaseFacts) -> Iterator[Finding]:
    factors = facts.contributing()
    for first, second, start, end in overlaps(factors, until=facts.ends.at):
        yield Finding(
            key=overlap_key(first.ref, second.ref),
            label=f"{first.title} and {second.title} in force together",
            text=words.duration(start, end),
            also=(f"{words.day(start, facts.zone)} to {words.day(end, facts.zone)}",),
            evidence={"kind": "overlap", "refs": [first.key, second.key]},
        )
    for number, (start, end) in enumerate(clean_windows(factors), start=1):
        began, over = Moment(at=start, day_only=True), Moment(at=end, day_only=True, is_end=True)
        yield Finding(
            key=f"clean-{number}",
            label="Between them, none of the contributing changes in force",
            text=f"from {words.moment(began, facts.zone)} to {words.moment(over, facts.zone)}",
            also=(words.duration(start, end),),
            evidence={"kind": "overlap", "refs": [change.key for change in factors]},
        )
