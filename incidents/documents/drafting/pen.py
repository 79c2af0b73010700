"""What every section writes with: the facts, the evidence to cite, and a few turns of phrase."""

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.documents import words
from incidents.documents.facts import CaseFacts, ChangeFact
from incidents.documents.findings import Catalogue

_KIND = {
    "deploy": "a deploy",
    "client_release": "a client release",
    "prompt": "a change of the system prompt",
    "effort": "a change of the default reasoning effort",
    "cache": "a change of caching",
    "routing": "a change of routing",
    "model": "a model change",
    "flag": "a feature flag",
    "config": "a change of configuration",
    "pricing": "a change of prices or limits",
    "experiment": "an experiment",
    "infra": "a change of the infrastructure",
}
_END = {"revert": "reverted", "fix": "fixed", "mitigation": "mitigated", "superseded": "superseded"}


def prompt(question: str) -> str:
    """Return a gap that a person must fill; it blocks approval."""
    return f"[[to be written: {question}]]"


def _values(values: Sequence[str]) -> str:
    return words.joined([words.plain(value.replace("_", " ")) for value in values], "or")


@dataclass(frozen=True, slots=True)
class Pen:
    """Facts and catalogue of one case."""

    facts: CaseFacts
    catalogue: Catalogue

    def cite(self, key: str, text: str = "", *, otherwise: str = "") -> str:
        """Return a claim's Markdown, or `otherwise` where there is no such evidence."""
        return self.catalogue.cite(key, text) if self.catalogue.has(key) else otherwise

    def capital(self, key: str, text: str = "") -> str:
        """Return a claim that begins a sentence, "" where there is no such evidence."""
        finding = self.catalogue.get(key)
        if finding is None:
            return ""
        told = text or finding.text
        return self.catalogue.cite(key, told[0].upper() + told[1:])

    def brief(self, key: str, *, otherwise: str = "not estimated") -> str:
        """Return the estimate of a finding in table form, "410 [350 to 480]"."""
        finding = self.catalogue.get(key)
        if finding is None:
            return otherwise
        return self.catalogue.cite(
            key, (finding.also[0] if finding.also else finding.text).replace("[", "\\[").replace("]", "\\]")
        )

    def title(self, change: ChangeFact) -> str:
        """Return a change's title; one that the public never had is named by its kind alone."""
        return words.plain(change.public_title)

    def kind(self, change: ChangeFact) -> str:
        """Return the change's kind as a phrase: "a change of caching"."""
        return _KIND.get(change.kind, "a change")

    def span(self, change: ChangeFact) -> str:
        """Return "from A to B (34 days)" or "since A", each time a claim."""
        start = self.cite(f"change-{change.ref}-started")
        if change.ended is None:
            return f"since {start}, and still"
        end = self.cite(f"change-{change.ref}-ended")
        return f"from {start} to {end} ({self.cite(f'change-{change.ref}-duration')})"

    def end_verb(self, change: ChangeFact) -> str:
        """Return how a change ended as a participle."""
        return _END.get(change.end_kind, "ended")

    def who(self, change: ChangeFact) -> str:
        """Return whom the change reached, from its scope."""
        parts = [
            f"{dimension.replace('_', ' ')} {_values(values)}"
            for dimension, values in change.scope.items()
            if dimension != "session"
        ]
        who = f"people with {words.joined(parts)}" if parts else "everyone who used the product"
        if "session" in change.scope:
            who += f", in sessions in the state “{_values(change.scope['session'])}”"
        return who

    def symptoms(self, change: ChangeFact, most: int = 4) -> list[tuple[str, str]]:
        """Return (ref, name) of the symptoms whose rise is attributed to the change, the largest first."""
        if self.facts.run is None:
            return []
        found = self.facts.run.changes.get(change.key, {}).get("symptoms") or {}
        ranked = sorted(found.items(), key=lambda item: -float(item[1]["excess"]["estimate"]))
        clear = [key for key, item in ranked if float(item["excess"]["low"]) > 0.5]
        keys = clear or [key for key, item in ranked[:1] if float(item["excess"]["estimate"]) >= 1]
        names = {symptom.key: symptom for symptom in self.facts.symptoms}
        return [
            (names[key].ref, names[key].name) if key in names else (words.slug_piece(key)[:20], key)
            for key in keys[:most]
        ]

    def symptom_names(self) -> list[str]:
        """Return the names of all symptoms that are attributed to a contributing change, without repeats."""
        named: dict[str, None] = {}
        for change in self.facts.contributing():
            for _, name in self.symptoms(change):
                named.setdefault(name.lower() if name[1:2].islower() else name)
        return list(named)
