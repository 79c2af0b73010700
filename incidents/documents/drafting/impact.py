"""Summary, impact and timeline."""

import datetime as dt
from collections.abc import Mapping

from incidents.documents import words
from incidents.documents.drafting.pen import Pen, prompt
from incidents.documents.facts import ChangeFact, overlap_key
from incidents.documents.intervals import clean_windows, overlaps
from incidents.documents.ledger import contradictions, relevant_statements


def summary_section(pen: Pen) -> str:
    """Say in a few sentences what happened, to whom, from when to when, and by which changes."""
    facts = pen.facts
    factors = sorted(facts.contributing(), key=lambda change: change.started.at)
    product = words.plain(facts.product)
    if not factors:
        return (
            f"Between {pen.cite('case-start')} and {pen.cite('case-end')} we received {pen.cite('tickets-all')} "
            f"complaints about {product}. So far the evidence names no change behind them.\n\n"
            + prompt("what we know and what we do next")
        )
    first, last = factors[0], max(factors, key=lambda change: change.ended.at if change.ended else facts.ends.at)
    began = pen.cite(f"change-{first.ref}-started")
    if last.ended is not None:
        when = f"From {began} to {pen.cite(f'change-{last.ref}-ended')}, {product} worked worse than before"
        still = ""
    else:
        when = f"Since {began}, {product} has worked worse than before"
        still = " At least one of the changes is still in force."
    symptoms = words.joined([f"“{words.plain(name)}”" for name in pen.symptom_names()])
    complained = f" People reported above all {symptoms}." if symptoms else ""
    lines = [
        f"{when} for a part of its users.{complained}{still} {_attributed(pen, factors)}:",
        "\n".join(_factor_line(pen, change) for change in factors),
    ]
    lines.append(_relation(pen, factors))
    lines.append(prompt("what we want to say to the people who were affected"))
    return "\n\n".join(line for line in lines if line)


def _attributed(pen: Pen, factors: list[ChangeFact]) -> str:
    """Tell what people decided apart from what the run attributes: only people call a change a factor."""
    number = pen.cite("case-factors", words.small_number(len(factors)))
    noun = words.plural(len(factors), "change")
    held = [change for change in factors if pen.facts.promoted(change)]
    factor = words.plural(len(held), "a contributing factor", "contributing factors")
    if len(held) == len(factors):
        return f"We hold {number} {noun} to be {factor}"
    if not held:
        return f"The complaints are attributed to {number} {noun}"
    names = words.joined([f"“{pen.title(change)}”" for change in held])
    return f"We hold {names} to be {factor}. The complaints are attributed to {number} {noun}"


def _factor_line(pen: Pen, change: ChangeFact) -> str:
    attributed = pen.capital(f"run-{change.ref}-excess")
    tail = f" {attributed} complaints are attributed to it." if attributed else ""
    return f"- **{pen.title(change)}**, {pen.kind(change)}, in force {pen.span(change)}.{tail}"


def _relation(pen: Pen, factors: list[ChangeFact]) -> str:
    """Say which of them overlapped, and when none was in force."""
    out = []
    for first, second, _, _ in overlaps(factors, until=pen.facts.ends.at):
        key = overlap_key(first.ref, second.ref)
        out.append(f"“{pen.title(first)}” and “{pen.title(second)}” were in force together for {pen.cite(key)}.")
    for number, _ in enumerate(clean_windows(factors), start=1):
        out.append(f"{pen.capital(f'clean-{number}')}, none of them was in force.")
    return " ".join(out)


def impact_section(pen: Pen) -> str:
    """Say who was affected, by which symptoms, how much, with intervals rounded for the public."""
    facts = pen.facts
    factors = facts.contributing()
    text = [
        f"Between {pen.cite('case-start')} and {pen.cite('case-end')} we received {pen.cite('tickets-all')} complaints "
        "of all kinds. A complaint is one report; most people who meet a problem never write one, so these are counts "
        "of reports, not of people."
    ]
    rows = [
        f"| {pen.title(change)} | {words.plain(name)} | {pen.brief(f'run-{change.ref}-{ref}-excess')} "
        f"| {pen.cite(f'run-{change.ref}-{ref}-ratio', otherwise='not estimated')} |"
        for change in factors
        for ref, name in pen.symptoms(change)
    ]
    if rows:
        head = "| Change | What people reported | Complaints attributed | Against the level without it |"
        text.append("\n".join([head, "|---|---|--:|---|", *rows]))
    reached = [f"- **{pen.title(change)}** reached {pen.who(change)}." for change in factors]
    if reached:
        text.append("Who was exposed:\n\n" + "\n".join(reached))
    if facts.run is not None and facts.run.unattributed:
        text.append(_rest(pen, facts.run.unattributed, has_factors=bool(factors)))
    return "\n\n".join(text)


def _rest(pen: Pen, unattributed: Mapping[str, float], *, has_factors: bool) -> str:
    rest = pen.cite("run-unattributed")
    if not has_factors:
        clear = float(unattributed["low"]) > 0.5
        return (
            f"The complaints show a rise of {rest} that no change we know of explains."
            if clear
            else f"Over the whole time the complaints show no clear rise: {rest} more than the ordinary level."
        )
    if float(unattributed["low"]) > 0.5:
        return f"A further rise of {rest} complaints is explained by none of the changes we know of."
    if float(unattributed["high"]) < 0.5:
        return f"Beyond these changes the complaints show {pen.cite('run-unattributed', 'no further rise')}."
    return f"Beyond these changes the complaints show no clear further rise: {rest}."


def timeline_section(pen: Pen) -> str:
    """List what happened in order: effects, rollout, announcements, discoveries, ends, and what was said."""
    entries: list[tuple[dt.datetime, str, str]] = []
    factors = pen.facts.contributing()
    for change in factors:
        entries += _change_entries(pen, change)
    factor_keys = {change.key for change in factors}
    for other in pen.facts.changes:
        if factor_keys & set(other.masks) and other.key not in factor_keys:
            hidden = words.joined([f"“{pen.title(c)}”" for c in factors if c.key in other.masks])
            when = pen.cite(f"change-{other.ref}-started")
            entries.append((other.started.at, when, f"{pen.subject(other)} begins; it hides {hidden} from us."))
    notes = {
        "denied": " **This does not agree with what we know now.**",
        "doubted": " **It was there.**",
        "over": " **It was not over.**",
    }
    against = {found.statement.key: notes[found.kind] for found in reversed(contradictions(pen.facts))}
    for said in relevant_statements(pen.facts):
        note = against.get(said.key, "")
        told = f"We say ({words.plain(said.channel or 'in public')}): “{words.plain(said.text, 160)}”"
        entries.append((said.at.at, pen.cite(f"said-{said.ref}"), pen.cite(f"said-{said.ref}", told) + note))
    if not entries:
        return ""
    rows = [f"| {when} | {what} |" for _, when, what in sorted(entries, key=lambda entry: entry[0])]
    return "\n".join(["| When | What happened |", "|---|---|", *rows])


def _change_entries(pen: Pen, change: ChangeFact) -> list[tuple[dt.datetime, str, str]]:
    title, ref = pen.title(change), change.ref
    entries = [(change.started.at, pen.cite(f"change-{ref}-started"), f"“{title}” takes effect.")]
    for number, (at, share) in list(enumerate(change.steps, start=1))[-1:]:
        # The steps stand in the change's own section; a reader of the timeline wants to know when it was complete.
        if at > change.started.at:
            when = pen.cite(f"change-{ref}-step-{number}", words.day(at, pen.facts.zone))
            told = pen.cite(f"change-{ref}-step-{number}", words.percent(share))
            entries.append((at, when, f"“{title}” reaches {told} of those in its scope."))
    said_at = {said.at.at for said in relevant_statements(pen.facts)}
    if change.announced is not None and change.announced.at not in said_at:
        entries.append((change.announced.at, pen.cite(f"change-{ref}-announced"), f"“{title}” is announced."))
    if change.discovered is not None:
        entries.append(
            (change.discovered.at, pen.cite(f"change-{ref}-discovered"), f"We find out what “{title}” does.")
        )
    if change.ended is not None:
        fixed = pen.cite(f"change-{ref}-fixed")
        version = f" in version {fixed}" if fixed else ""
        entries.append(
            (change.ended.at, pen.cite(f"change-{ref}-ended"), f"“{title}” is {pen.end_verb(change)}{version}.")
        )
    return entries
