"""The notice to users about one change, under its heading of the changelog (Keep a Changelog)."""

import datetime as dt
from dataclasses import dataclass

from incidents.documents import words
from incidents.documents.catalogue import catalogue_of
from incidents.documents.drafting.pen import Pen, prompt
from incidents.documents.drafting.sources import NOTICE
from incidents.documents.facts import CaseFacts, ChangeFact
from incidents.documents.ledger import opposing
from incidents.documents.templating import fill

_TITLE = {"revert": "Reverted: ", "fix": "Fixed: ", "mitigation": "Mitigated: "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A drafted notice; `effective_at` is when what it tells took effect."""

    title: str
    heading: str
    body: str
    effective_at: dt.datetime


NOTICE_SLOTS = {
    "title": "the change's title",
    "changed": "what changed, and when",
    "affected": "who is affected",
    "noticed": "what they may notice",
    "todo": "what to do, how to go back",
    "ended": "how it ended; empty while the change is in force",
    "next": "what happens next; empty once it ended",
    "said": "earlier statements that this notice corrects",
}


def build_notice(facts: CaseFacts, change: ChangeFact, source: str = NOTICE) -> Notice:
    """Return the draft: what changed, who is affected, what they may notice, what to do, how it ended."""
    pen = Pen(facts, catalogue_of(facts))
    over = change.ended is not None and change.end_kind in ("revert", "fix", "mitigation")
    slots = {
        "title": lambda: pen.title(change),
        "changed": lambda: _changed(pen, change, over=over),
        "affected": lambda: words.sentence(pen.who(change)),
        "noticed": lambda: _noticed(pen, change),
        "todo": lambda: _todo(pen, change),
        "ended": lambda: _ended(pen, change) if change.ended else "",
        "next": lambda: "" if change.ended else _ended(pen, change),
        "said": lambda: _corrected(pen, change),
    }
    return Notice(
        title=_TITLE.get(change.end_kind, "") + change.title if over else change.title,
        heading="fixed" if over else _heading(change),
        body=fill(source, slots),
        effective_at=change.ended.at if over and change.ended else change.started.at,
    )


def _heading(change: ChangeFact) -> str:
    return "added" if change.kind == "model" else "changed"


def _changed(pen: Pen, change: ChangeFact, *, over: bool) -> str:
    told = pen.cite(f"change-{change.ref}-described") or prompt("what changed, in plain words")
    began = pen.cite(f"change-{change.ref}-started")
    text = pen.text_change(change)
    if over:
        # Lists and feeds show the first paragraph: it must say that the change is gone.
        lead = (
            f"On {pen.cite(f'change-{change.ref}-ended')} we {pen.end_verb(change)} a change of {began}. What it was:"
        )
        return f"{lead} {told}" + (f"\n\n{text}" if text else "")
    return f"{told} This took effect on {began}." + (f"\n\n{text}" if text else "")


def _noticed(pen: Pen, change: ChangeFact) -> str:
    symptoms = pen.symptoms(change)
    is_factor = any(factor.key == change.key for factor in pen.facts.contributing())
    if not symptoms or not is_factor:
        return prompt("what people affected by this change will notice")
    names = words.joined([f"“{words.plain(name)}”" for _, name in symptoms])
    cause = pen.cite(f"run-{change.ref}-cause", "attributed to this change")
    excess = pen.capital(f"run-{change.ref}-excess", "")
    return f"People reported {names}. {excess} of the complaints we received are {cause}."


def _todo(pen: Pen, change: ChangeFact) -> str:
    fixed = pen.cite(f"change-{change.ref}-fixed")
    if fixed:
        return f"Update to version {fixed} or a later one."
    if change.ended is not None:
        return f"Nothing: it was {pen.end_verb(change)} for everyone."
    return prompt("what people can do: a setting, a way back, or nothing")


def _ended(pen: Pen, change: ChangeFact) -> str:
    if change.ended is None:
        return "It is in force. " + prompt("what happens next, or delete this section")
    ended = pen.cite(f"change-{change.ref}-ended")
    lasted = pen.cite(f"change-{change.ref}-duration")
    return f"It was {pen.end_verb(change)} on {ended}, after {lasted}."


_CORRECTION = {
    "denied": "This does not agree with what we know now.",
    "doubted": "The effect was there and we did not see it.",
    "over": "For a part of the people affected it was not over yet.",
}


def _corrected(pen: Pen, change: ChangeFact) -> str:
    """Name the earlier statements that this notice contradicts."""
    lines = []
    for found in opposing(pen.facts, change):
        said = found.statement
        quoted = pen.cite(f"said-{said.ref}", f"“{words.plain(said.text, 240)}”")
        where = words.plain(said.channel or "in public")
        lines.append(f"On {pen.cite(f'said-{said.ref}')} we said ({where}): {quoted} {_CORRECTION[found.kind]}")
    return "\n\n".join(lines)
