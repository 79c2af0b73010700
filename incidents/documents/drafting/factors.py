"""One section per contributing change, what was tested and rejected, and what cannot be told apart."""

from incidents.documents import words
from incidents.documents.drafting.pen import Pen, prompt
from incidents.documents.facts import ChangeFact


def factors_section(pen: Pen) -> str:
    """Write each contributing change: intent, what happened, who was exposed, why it hurt, how it ended, evidence."""
    factors = sorted(pen.facts.contributing(), key=lambda change: change.started.at)
    if not factors:
        return "The evidence names no change as contributing."
    return "\n\n".join(_factor(pen, number, change) for number, change in enumerate(factors, start=1))


def _factor(pen: Pen, number: int, change: ChangeFact) -> str:
    parts = [
        f"### {number}. {pen.title(change)}",
        f"**What we changed and why.** {_intent(pen, change)}",
        f"**When.** It {'was' if change.ended else 'has been'} in force {pen.span(change)}.{_ramp(pen, change)}",
        f"**Who was exposed.** {words.sentence(pen.who(change))}{_state(change)}",
        f"**Why it hurt.** {_harm(pen, change)}",
        f"**How it ended.** {_ending(pen, change)}",
        _evidence(pen, change),
    ]
    return "\n\n".join(part for part in parts if part)


def _intent(pen: Pen, change: ChangeFact) -> str:
    told = pen.cite(f"change-{change.ref}-described")
    parts = [told] if told else []
    parts.append(pen.text_change(change))
    question = "why we made this change, where the words before do not say it" if told else "what was changed and why"
    parts.append(prompt(question))
    return " ".join(part for part in parts if part)


def _ramp(pen: Pen, change: ChangeFact) -> str:
    steps = [pen.cite(f"change-{change.ref}-step-{number}") for number, _ in enumerate(change.steps, start=1)]
    if len(steps) < 2:
        return ""
    return f" It was rolled out in steps: {words.joined(steps[:6])}."


def _state(change: ChangeFact) -> str:
    if "session" not in change.scope:
        return ""
    return " Exposure depended on the state of a session, not on the kind of user, so totals dilute it."


def _harm(pen: Pen, change: ChangeFact) -> str:
    excess = pen.capital(f"run-{change.ref}-excess")
    if not excess:
        return prompt("how this change did harm; the attribution says nothing about it")
    lead = f"{excess} complaints are {pen.cite(f'run-{change.ref}-cause', 'attributed to this change')}."
    symptoms = pen.symptoms(change)
    told = [
        f"“{words.plain(name)}”: {pen.cite(f'run-{change.ref}-{ref}-excess')}"
        + (f", {ratio} the level without it" if (ratio := pen.cite(f"run-{change.ref}-{ref}-ratio")) else "")
        for ref, name in symptoms
    ]
    lag = pen.cite(f"run-{change.ref}-lag")
    after = f" A complaint typically came {lag} after the first exposure." if lag else ""
    listed = "\n\n" + "\n".join(f"- {line}" for line in told) if told else ""
    with_others = [pen.facts.change(key) for key in change.interacts_with]
    names = words.joined([f"“{pen.title(other)}”" for other in with_others if other is not None])
    joint = f" It is recorded as acting together with {names}." if names else ""
    return f"{lead}{after}{joint}{listed}"


def _ending(pen: Pen, change: ChangeFact) -> str:
    if change.ended is None:
        return "It is still in force. " + prompt("what happens to this change next")
    fixed = pen.cite(f"change-{change.ref}-fixed")
    version = (
        f" The remedy travels with version {fixed}, so people recovered as they updated, not on that day."
        if fixed
        else ""
    )
    return f"It was {pen.end_verb(change)} on {pen.cite(f'change-{change.ref}-ended')}.{version}"


_UNDECIDED = ("A further check says nothing either way.", "Further checks say nothing either way.")


def _evidence(pen: Pen, change: ChangeFact) -> str:
    """List the checks the run made, those that speak against it too."""
    if pen.facts.run is None:
        return ""
    items = pen.facts.run.changes.get(change.key, {}).get("evidence") or []
    lines: list[str] = []
    undecided = 0
    for number, item in enumerate(items, start=1):
        cited = pen.cite(f"run-{change.ref}-why-{number}")
        if cited and item.get("direction") in ("supports", "contradicts"):
            lead = "Against it: " if item.get("direction") == "contradicts" else ""
            lines.append(f"- {lead}{cited}")
        elif cited:
            undecided += 1
    if not lines:
        return ""
    if undecided:
        lines.append(f"- {_UNDECIDED[undecided > 1]}")
    held = (
        "We hold this change to be a contributing factor. These checks were made:"
        if pen.facts.promoted(change)
        else "These checks were made:"
    )
    return f"**The evidence.** {held}\n\n" + "\n".join(lines)


def _against(pen: Pen, change: ChangeFact) -> str:
    """Return the first check that speaks against a change, as a sentence after its verdict."""
    items = pen.facts.run.changes.get(change.key, {}).get("evidence") or [] if pen.facts.run else []
    for number, item in enumerate(items, start=1):
        cited = pen.cite(f"run-{change.ref}-why-{number}")
        low = item.get("low")
        # A rate of nothing against nothing, or one measurement among many, would be no reason to a reader.
        clear = item.get("kind") in ("onset", "scope", "prior") and low is not None and float(low) > 0
        if cited and clear and item.get("direction") == "contradicts":
            return f" {cited}"
    return ""


def rejected_section(pen: Pen) -> str:
    """Name what was tested and is not held responsible."""
    named = pen.facts.rejected_by_name()
    rest = pen.facts.n_others
    lines = [
        f"- **{pen.title(change)}** (from {pen.cite(f'change-{change.ref}-started')}): "
        f"{pen.cite(f'run-{change.ref}-cleared', otherwise='examined and rejected')}.{_against(pen, change)}"
        for change in named
    ]
    text = "These changes were in force at the time and were tested too:\n\n" + "\n".join(lines) if lines else ""
    if rest:
        number = words.small_number(rest)
        also = "other " if lines else ""
        told = pen.capital("case-others", number)
        verb = "was" if rest == 1 else "were"
        text += (
            f"\n\n{told} {also}{words.plural(rest, 'change')} of that time {verb} tested in the same way; "
            "the complaints do not support a part in this."
        )
    return text


def unsure_section(pen: Pen) -> str:
    """Say what the data cannot tell apart, splitting nothing silently."""
    if pen.facts.run is None:
        return ""
    seen: set[frozenset[str]] = set()
    lines = []
    for change in pen.facts.ambiguous():
        keys = pen.facts.run.changes[change.key].get("indistinguishable_from") or []
        others = [other for key in keys if (other := pen.facts.change(key)) is not None]
        group = frozenset([change.key, *(other.key for other in others)])
        if group in seen:
            continue
        seen.add(group)
        unsure = pen.cite(f"run-{change.ref}-unsure")
        excess = pen.cite(f"run-{change.ref}-excess", otherwise="some")
        names = words.joined([f"“{pen.title(other)}”" for other in others], "or")
        with_what = f"{unsure} from {names}" if names else f"{unsure} from the background"
        lines.append(
            f"- **{pen.title(change)}** {with_what}: it may explain {excess} complaints, or none. "
            "The data at hand do not decide it, and we do not split the number between them."
        )
    return "\n".join(lines)
