"""The public postmortem: its sections in order."""

from collections.abc import Callable

from incidents.documents.catalogue import catalogue_of
from incidents.documents.drafting.factors import factors_section, rejected_section, unsure_section
from incidents.documents.drafting.impact import impact_section, summary_section, timeline_section
from incidents.documents.drafting.lessons import detection_section, method_section, remedies_section, said_section
from incidents.documents.drafting.pen import Pen
from incidents.documents.facts import CaseFacts

_SECTIONS: list[tuple[str, Callable[[Pen], str]]] = [
    ("Summary", summary_section),
    ("Impact", impact_section),
    ("Timeline", timeline_section),
    ("Contributing factors", factors_section),
    ("What we tested and rejected", rejected_section),
    ("What cannot be told apart", unsure_section),
    ("Why it took so long to see", detection_section),
    ("What we said, and when", said_section),
    ("What we are doing about it", remedies_section),
    ("About the numbers", method_section),
]


def build_postmortem(facts: CaseFacts) -> str:
    """Return the draft's Markdown; a section about which the evidence says nothing is left out."""
    pen = Pen(facts, catalogue_of(facts))
    parts = [(heading, build(pen).strip()) for heading, build in _SECTIONS]
    return "\n\n".join(f"## {heading}\n\n{text}" for heading, text in parts if text) + "\n"
