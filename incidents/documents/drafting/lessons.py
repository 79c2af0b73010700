"""Why detection was slow, what was said and when, what is done about it, and how the numbers were made."""

from incidents.documents import words
from incidents.documents.drafting.pen import Pen, prompt
from incidents.documents.facts import ChangeFact, EvalFact, overlap_key
from incidents.documents.intervals import clean_windows, overlaps
from incidents.documents.ledger import Contradiction, contradictions, relevant_statements


def detection_section(pen: Pen) -> str:
    """List what kept the harm out of sight: weak evaluations, builds that differ, masks, overlap, state, silence."""
    factors = sorted(pen.facts.contributing(), key=lambda change: change.started.at)
    lines = [
        *_delays(pen, factors),
        *_evaluations(pen, factors),
        *_masks(pen, factors),
        *_overlap(pen, factors),
        *_states(pen, factors),
        *_silences(pen),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _delays(pen: Pen, factors: list[ChangeFact]) -> list[str]:
    lines = []
    for change in factors:
        after = pen.cite(f"change-{change.ref}-discovered-after")
        if after:
            found = pen.cite(f"change-{change.ref}-discovered")
            lines.append(
                f"**It was found late.** “{pen.title(change)}” was found out on {found}, {after} after it began."
            )
    return lines


def _evaluations(pen: Pen, factors: list[ChangeFact]) -> list[str]:
    """Say change by change what the evaluations before could not have seen, and what saw it in the end."""
    lines = []
    for change in factors:
        runs = [run for run in pen.facts.evals if run.subject == change.key]
        unknown = [run for run in runs if run.n is None or run.detectable is None]
        blind = [run for run in runs if run not in unknown and not _saw(run)]
        seen = [run for run in runs if run not in unknown and _saw(run)]
        if blind:
            told = "\n".join(f"    - {_blind(pen, run)}" for run in blind)
            lines.append(f"**Evaluations were too weak** to judge “{pen.title(change)}”:\n{told}")
        if unknown:
            told = "\n".join(f"    - {_blind(pen, run)}" for run in unknown)
            lines.append(f"**Evaluations left too little on record** about “{pen.title(change)}”:\n{told}")
        if seen:
            told = "\n".join(f"    - {_measured(pen, run)}" for run in seen)
            lines.append(f"**What showed it in the end,** for “{pen.title(change)}”:\n{told}")
    return lines


def _saw(run: EvalFact) -> bool:
    return run.drop is not None and run.detectable is not None and run.drop >= run.detectable


def _measured(pen: Pen, run: EvalFact) -> str:
    return (
        f"“{words.plain(run.suite)}” on {pen.cite(f'eval-{run.ref}-at')}, with {pen.cite(f'eval-{run.ref}-n')} tasks, "
        f"could have found a drop of {pen.cite(f'eval-{run.ref}-power')} and measured "
        f"{pen.cite(f'eval-{run.ref}-drop')}."
    )


def _blind(pen: Pen, run: EvalFact) -> str:
    lead = f"“{words.plain(run.suite)}” on {pen.cite(f'eval-{run.ref}-at')}"
    if run.n is None:
        return f"{lead}: the number of its tasks is not recorded, so what it could have seen is unknown."
    lead = f"{lead}, with {pen.cite(f'eval-{run.ref}-n')} tasks"
    power = pen.cite(f"eval-{run.ref}-power")
    if not power:
        return f"{lead}: what it could have seen cannot be computed from what was recorded."
    lead = f"{lead}, could only have found a drop of {power} or more"
    if run.drop is not None and run.drop > 0:
        return f"{lead}; it measured {pen.cite(f'eval-{run.ref}-drop')}, which says nothing either way."
    return f"{lead}; it measured none, and a smaller one would have passed unseen."


def _masks(pen: Pen, factors: list[ChangeFact]) -> list[str]:
    keys = {change.key: change for change in factors}
    lines = []
    for other in pen.facts.changes:
        hidden = [keys[key] for key in other.masks if key in keys]
        if not hidden:
            continue
        names = words.joined([f"“{pen.title(change)}”" for change in hidden])
        since = pen.cite(f"change-{other.ref}-started")
        if other.visibility == "public":
            lines.append(
                f"**It was masked.** “{pen.title(other)}”, in force since {since}, is recorded as hiding the effect of "
                f"{names}."
            )
        else:
            lines.append(
                f"**Our own builds differed from yours.** {pen.subject(other)}, in force since "
                f"{since} on builds that only staff used, is recorded as hiding the effect of {names} from us."
            )
    return lines


def _overlap(pen: Pen, factors: list[ChangeFact]) -> list[str]:
    lines = []
    for first, second, _, _ in overlaps(factors, until=pen.facts.ends.at):
        key = overlap_key(first.ref, second.ref)
        lines.append(
            f"**Changes overlapped.** “{pen.title(first)}” and “{pen.title(second)}” were in force together for "
            f"{pen.cite(key)}, so time alone does not tell them apart."
        )
    for number, _ in enumerate(clean_windows(factors), start=1):
        lines.append(
            f"**There is a period to compare with.** {pen.capital(f'clean-{number}')} none of these changes was in "
            "force; setting those days against the others separates them."
        )
    return lines


def _states(pen: Pen, factors: list[ChangeFact]) -> list[str]:
    lines = []
    for change in factors:
        if "session" in change.scope:
            states = words.joined([value.replace("_", " ") for value in change.scope["session"]], "or")
            lines.append(
                f"**Totals dilute it.** “{pen.title(change)}” reached only sessions in one state "
                f"({words.plain(states)}); in a count of all sessions such an effect is small."
            )
    return lines


def _silences(pen: Pen) -> list[str]:
    return [
        f"**A source fell silent.** {words.plain(silence.name)} sent nothing {pen.cite(f'silent-{silence.ref}')}; "
        "what happened in that time does not show in it."
        for silence in pen.facts.silences[:5]
    ]


def said_section(pen: Pen) -> str:
    """Set what was said in public against what is known now."""
    relevant = relevant_statements(pen.facts)
    if not relevant:
        return ""
    against: dict[str, list[Contradiction]] = {}
    for found in contradictions(pen.facts):
        against.setdefault(found.statement.key, []).append(found)
    rows = []
    for said in relevant:
        now = _known_now(pen, against.get(said.key, []))
        told = pen.cite(f"said-{said.ref}", f"“{words.plain(said.text, 240)}”")
        rows.append(f"| {pen.cite(f'said-{said.ref}')} | {words.plain(said.channel)} | {told} | {now} |")
    table = "\n".join(["| When | Where | What we said | What we know now |", "|---|---|---|---|", *rows])
    if not against:
        return table
    lead = (
        "Some of what we said in public does not agree with what we know now. Those lines are marked, and we correct "
        "them here."
    )
    return f"{lead}\n\n{table}"


_NOW = {
    "denied": "This does not agree with it: {names} {was} in force and {cause}.",
    "doubted": "We did not see it then: {names} {was} in force and {cause}.",
    "over": "It was not over for everyone: {names} {cause}, and not everybody had the remedy yet.",
}


def _known_now(pen: Pen, against: list[Contradiction]) -> str:
    if not against:
        return "Nothing to correct that we know of."
    out = []
    for kind, sentence in _NOW.items():
        changes = [found.change for found in against if found.kind == kind]
        if changes:
            names = words.joined([f"“{pen.title(change)}”" for change in changes])
            cause = pen.cite(f"run-{changes[0].ref}-cause", "contributed")
            out.append(sentence.format(names=names, was="was" if len(changes) == 1 else "were", cause=cause))
    return " ".join(out)


def remedies_section(pen: Pen) -> str:
    """Offer one line for each gap that the evidence shows; people put in owners, dates and what else is needed."""
    proposals = _proposals(pen)
    rows = [f"| {text} | {prompt('owner')} | {prompt('due date')} |" for text in proposals]
    rows.append(
        f"| {prompt('anything else we will do, or delete this line')} | {prompt('owner')} | {prompt('due date')} |"
    )
    return "\n".join(["| What we will do | Owner | Due |", "|---|---|---|", *rows])


def _proposals(pen: Pen) -> list[str]:
    facts = pen.facts
    factors = facts.contributing()
    keys = {change.key for change in factors}
    out = []
    if any(run.subject in keys for run in facts.evals):
        out.append(
            "Run evaluations with enough tasks to see the drops that users feel, and state what each could have missed"
        )
    if any(keys & set(other.masks) for other in facts.changes):
        out.append("Test on the builds that users run, and list the experiments that could hide an effect")
    if any("session" in change.scope for change in factors):
        out.append(
            "Split quality measures by session state, and keep a change apart until rare states were seen often enough"
        )
    if any(True for _ in overlaps(factors, until=facts.ends.at)):
        out.append("Keep changes to the same users apart in time, so that each can be judged by itself")
    if any(change.user_facing and change.announced is None for change in factors):
        out.append("Announce every change that users can notice on the day it takes effect")
    if contradictions(facts):
        out.append("Check public statements against the change log before they go out")
    if facts.silences:
        out.append("Raise an alarm when a source of measurements falls silent")
    return out


def method_section(pen: Pen) -> str:
    """Say where the figures come from and what they are not."""
    if pen.facts.run is None:
        return "No attribution has been run for this case yet; counts are plain counts of complaints."
    level = pen.cite("run-level")
    return (
        "Complaints are set against all changes of the time together, by segment and by day, with the ordinary level, "
        "its weekly rhythm and its growth taken out. “Attributed” means that the pattern in time, scope, rollout and "
        f"end fits a change; it is evidence, not proof. Numbers in brackets are {level} intervals. Rounded figures are "
        "never narrower than the computed ones."
    )
