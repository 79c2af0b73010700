"""Sections that other houses' templates ask for: status, lead-up, trigger, resolution, recovery, what went well."""

from incidents.documents import words
from incidents.documents.drafting.pen import Pen, prompt
from incidents.documents.facts import ChangeFact
from incidents.documents.intervals import overlaps
from incidents.documents.ledger import contradictions


def _factors(pen: Pen) -> list[ChangeFact]:
    return sorted(pen.facts.contributing(), key=lambda change: change.started.at)


def status_line(pen: Pen) -> str:
    """Say in a line whether it is over, and since when."""
    factors = _factors(pen)
    if not factors:
        return "The evidence names no contributing change yet."
    open_ones = [change for change in factors if change.ended is None]
    if open_ones:
        names = words.joined([f"“{pen.title(change)}”" for change in open_ones])
        return f"Not over: {names} {'is' if len(open_ones) == 1 else 'are'} still in force."
    last = max(factors, key=lambda change: change.ended.at if change.ended else change.started.at)
    return f"Over: the last of the contributing changes ended on {pen.cite(f'change-{last.ref}-ended')}."


def leadup_section(pen: Pen) -> str:
    """Tell which changes took effect, in order, before people began to complain."""
    return "\n".join(
        f"- On {pen.cite(f'change-{change.ref}-started')}, “{pen.title(change)}” took effect "
        f"({pen.kind(change)}), for {pen.who(change)}."
        for change in _factors(pen)
    )


def trigger_section(pen: Pen) -> str:
    """Name the first contributing change; a slow case has no single trigger, and the text says so."""
    factors = _factors(pen)
    if not factors:
        return ""
    first = factors[0]
    began = f"“{pen.title(first)}” took effect on {pen.cite(f'change-{first.ref}-started')}"
    if len(factors) == 1:
        return f"{began}."
    number = pen.cite("case-factors", words.small_number(len(factors)))
    return f"There was no single one: {number} changes acted in turn or together. The first, {began}."


def resolution_section(pen: Pen) -> str:
    """Tell how each contributing change ended."""
    lines = []
    for change in _factors(pen):
        if change.ended is None:
            lines.append(f"- “{pen.title(change)}” is still in force. {prompt('what happens to this change next')}")
            continue
        fixed = pen.cite(f"change-{change.ref}-fixed")
        version = f" with version {fixed}" if fixed else ""
        lasted = pen.cite(f"change-{change.ref}-duration")
        ended = pen.cite(f"change-{change.ref}-ended")
        lines.append(f"- “{pen.title(change)}” was {pen.end_verb(change)} on {ended}{version}, after {lasted}.")
    return "\n".join(lines)


def recovery_section(pen: Pen) -> str:
    """Tell how fast people got better: at once where a change was taken back, with updates where a version fixed it."""
    lines = []
    for change in _factors(pen):
        fixed = pen.cite(f"change-{change.ref}-fixed")
        if fixed:
            lines.append(
                f"- “{pen.title(change)}”: the remedy travels with version {fixed}, "
                "so people recovered as they updated."
            )
        for number, item in enumerate(_checks(pen, change), start=1):
            if item.get("kind") == "revert" and item.get("direction") != "neutral":
                cited = pen.cite(f"run-{change.ref}-why-{number}")
                lines += [f"- “{pen.title(change)}”: {cited}"] if cited else []
    return "\n".join(lines)


def _checks(pen: Pen, change: ChangeFact) -> list[dict[str, object]]:
    run = pen.facts.run
    return list(run.changes.get(change.key, {}).get("evidence") or []) if run else []


def went_well_section(pen: Pen) -> str:
    """List what helped, as far as the evidence shows it; people add the rest."""
    factors = _factors(pen)
    lines = []
    for run in pen.facts.evals:
        subject = pen.facts.change(run.subject)
        saw = run.drop is not None and run.detectable is not None and run.drop >= run.detectable
        if saw and subject in factors:
            lines.append(
                f"- “{words.plain(run.suite)}” had enough tasks ({pen.cite(f'eval-{run.ref}-n')}) and showed a drop of "
                f"{pen.cite(f'eval-{run.ref}-drop')}."
            )
    lines.append(f"- {prompt('what helped: people, tools, decisions')}")
    return "\n".join(lines)


def went_wrong_section(pen: Pen) -> str:
    """List what made it worse, as far as the evidence shows it."""
    factors = _factors(pen)
    keys = {change.key for change in factors}
    lines = []
    against = {found.statement.key for found in contradictions(pen.facts)}
    if against:
        lines.append("- We said things in public that do not agree with what we know now.")
    if any(keys & set(other.masks) for other in pen.facts.changes):
        lines.append("- Other changes and builds of our own hid the effect from us.")
    if any(True for _ in overlaps(factors, until=pen.facts.ends.at)):
        lines.append("- Changes to the same people overlapped in time, so none could be judged by itself.")
    untold = [change for change in factors if change.user_facing and change.announced is None]
    lines += [f"- Users were not told of “{pen.title(change)}” when it took effect." for change in untold]
    lines.append(f"- {prompt('what else went wrong')}")
    return "\n".join(lines)


def lucky_section(pen: Pen) -> str:
    """Ask for what could have been worse: no evidence of a case records luck."""
    return f"- {prompt('where we were lucky, or delete this section')}"
