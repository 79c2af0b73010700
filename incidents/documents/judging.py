"""Whether the evidence carries what a text claims: supported, stale, unsupported, contradicted. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from incidents.documents import words
from incidents.documents.catalogue import catalogue_of
from incidents.documents.citations import Citation, Gap, citations, gaps
from incidents.documents.detector import Loose, Looseness, loose_statements
from incidents.documents.enums import ClaimState
from incidents.documents.facts import CaseFacts
from incidents.documents.findings import Catalogue, Finding, figures_in
from incidents.documents.ledger import denial_in, opposing

StoredClaims = Mapping[str, Mapping[str, Any]]

# Worst first: what a mark in the preview shows where one key is cited several times.
_RANK = [ClaimState.CONTRADICTED, ClaimState.UNSUPPORTED, ClaimState.STALE, ClaimState.SUPPORTED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One claim of a text and what the evidence says to it; `line` is where it stands."""

    state: ClaimState
    key: str
    words: str
    line: int
    label: str = ""
    why: str = ""
    old: str = ""
    new: str = ""
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """All claims and gaps of one text."""

    claims: tuple[Judgement, ...]
    gaps: tuple[Gap, ...]

    def of(self, state: ClaimState) -> list[Judgement]:
        """Return the claims in one state."""
        return [claim for claim in self.claims if claim.state == state]

    @property
    def sound(self) -> bool:
        """Tell whether the text may be approved without a sign-off."""
        return not self.gaps and all(claim.state == ClaimState.SUPPORTED for claim in self.claims)

    def states(self) -> dict[str, str]:
        """Return the worst state by key, for the marks in the preview."""
        worst: dict[str, ClaimState] = {}
        for claim in self.claims:
            if claim.key and (claim.key not in worst or _RANK.index(claim.state) < _RANK.index(worst[claim.key])):
                worst[claim.key] = claim.state
        return {key: state.value for key, state in worst.items()}

    def counts(self) -> dict[str, int]:
        """Return how many claims are in each state, and how many gaps there are."""
        return {**{state.value: len(self.of(state)) for state in ClaimState}, "gaps": len(self.gaps)}


def judge(body: str, facts: CaseFacts, stored: StoredClaims, catalogue: Catalogue | None = None) -> Judged:
    """Judge every claim of a text; `stored` holds, by key, what the evidence said when the claim was written."""
    catalogue = catalogue or catalogue_of(facts)
    cited = citations(body)
    keys = {citation.key for citation in cited}
    claims = [_judge_citation(citation, catalogue, stored, facts, keys) for citation in cited]
    claims += [_judge_loose(loose) for loose in loose_statements(body, facts.names)]
    claims += _denials(body, facts)
    claims.sort(key=lambda claim: claim.line)
    return Judged(claims=tuple(claims), gaps=tuple(gaps(body)))


def _judge_citation(
    citation: Citation, catalogue: Catalogue, stored: StoredClaims, facts: CaseFacts, keys: set[str]
) -> Judgement:
    then = stored.get(citation.key)
    now = catalogue.get(citation.key)
    if then is not None and then.get("kind") == "person":
        return _vouched(citation, then)
    if now is None:
        why = "there is no such evidence in this case (any more)"
        return Judgement(
            state=ClaimState.UNSUPPORTED, key=citation.key, words=citation.words, line=citation.line, why=why
        )
    state, why = _state(citation, now, then, facts, keys)
    was = str(then.get("text", "")) if then else ""
    return Judgement(
        state=state,
        key=citation.key,
        words=citation.words,
        line=citation.line,
        label=now.label,
        why=why,
        old=was if state == ClaimState.STALE else "",
        new=now.text if state in (ClaimState.STALE, ClaimState.CONTRADICTED) and not now.causal else "",
        evidence=now.evidence,
    )


def _vouched(citation: Citation, then: Mapping[str, Any]) -> Judgement:
    same = figures_in(citation.words) <= figures_in(str(then.get("text", "")))
    return Judgement(
        state=ClaimState.SUPPORTED if same else ClaimState.CONTRADICTED,
        key=citation.key,
        words=citation.words,
        line=citation.line,
        label=f"Vouched for by {then.get('by', 'a person')}: {then.get('note', '')}",
        why="" if same else f"what was vouched for is “{then.get('text', '')}”",
        evidence={"kind": "person"},
    )


def _state(
    citation: Citation, now: Finding, then: Mapping[str, Any] | None, facts: CaseFacts, keys: set[str]
) -> tuple[ClaimState, str]:
    if not now.holds:
        return ClaimState.CONTRADICTED, now.why
    if now.causal:
        return _against_statements(now, facts, keys)
    said = figures_in(citation.words)
    if any(said <= figures_in(text) for text in (now.text, *now.also)):
        return ClaimState.SUPPORTED, ""
    earlier = (str(then.get("text", "")), *map(str, then.get("also", ()))) if then else ()
    if any(said <= figures_in(text) for text in earlier):
        return ClaimState.STALE, "the evidence moved since this was written"
    return ClaimState.CONTRADICTED, f"the evidence says “{now.text}”"


def _against_statements(now: Finding, facts: CaseFacts, keys: set[str]) -> tuple[ClaimState, str]:
    """Check a causal claim against what was said in public before: a denial must be named in the text."""
    if now.evidence.get("field") != "cause":
        return ClaimState.SUPPORTED, ""
    change = facts.change(str(now.evidence.get("ref", "")))
    for found in opposing(facts, change) if change else ():
        said = found.statement
        if f"said-{said.ref}" not in keys:
            when = words.moment_day(said.at, facts.zone)
            where = said.channel or "in public"
            return ClaimState.CONTRADICTED, (
                f"on {when} we said the opposite ({where}: “{found.words[:120]}”); name that statement in the text: "
                f"[{when}](ev:said-{said.ref})"
            )
    return ClaimState.SUPPORTED, ""


_LOOSE = {
    Looseness.NUMBER: "a number without evidence: bind it to some, vouch for it, or take it out",
    Looseness.DATE: "a date without evidence: bind it to some, vouch for it, or take it out",
    Looseness.CAUSE: "a causal statement without evidence: cite what carries it, or say less",
}


def _judge_loose(loose: Loose) -> Judgement:
    return Judgement(
        state=ClaimState.UNSUPPORTED,
        key="",
        words=loose.words,
        line=loose.line,
        label=loose.sentence,
        why=_LOOSE[loose.kind],
        evidence={"kind": "loose", "start": loose.start, "end": loose.end},
    )


# How a denial begins that leaves no room: "nothing changed", "unaffected", "changed nothing".
_FLAT = {"nothing", "unaffected", "unchanged", "never", "changed", "altered"}


def _denials(body: str, facts: CaseFacts) -> list[Judgement]:
    """Find sentences that deny any change or harm although changes are named as contributing."""
    factors = facts.contributing()
    if not factors:
        return []
    found = []
    for number, line in enumerate(body.splitlines(), start=1):
        # A denial that is quoted from a statement is bound to it and not the text's own.
        own = line
        for citation in reversed(citations(line)):
            own = own[: citation.start] + own[citation.end :]
        denied = denial_in(own)
        if denied and denied.split()[0].lower() in _FLAT:
            names = words.joined([f"“{change.title}”" for change in factors])
            found.append(
                Judgement(
                    state=ClaimState.CONTRADICTED,
                    key="",
                    words=denied,
                    line=number,
                    label=own.strip()[:300],
                    why=f"the evidence names {names} as contributing",
                )
            )
    return found
