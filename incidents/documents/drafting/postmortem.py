"""The postmortem: a template filled from the evidence."""

from collections.abc import Callable

from incidents.documents import words
from incidents.documents.catalogue import catalogue_of
from incidents.documents.drafting import phases
from incidents.documents.drafting.factors import factors_section, rejected_section, unsure_section
from incidents.documents.drafting.impact import impact_section, summary_section, timeline_section
from incidents.documents.drafting.lessons import detection_section, method_section, remedies_section, said_section
from incidents.documents.drafting.pen import Pen
from incidents.documents.drafting.sources import OURS
from incidents.documents.facts import CaseFacts
from incidents.documents.templating import fill


def figure(pen: Pen) -> str:
    """Refer to the picture of the whole case, where there is anything to see."""
    return "![Complaints, and the contributing changes in force](chart:case)" if pen.facts.n_tickets else ""


# What each slot of a template becomes; the description stands beside the template's editor.
POSTMORTEM_SLOTS: dict[str, tuple[str, Callable[[Pen], str]]] = {
    "title": ("the case's title", lambda pen: words.plain(pen.facts.title)),
    "product": ("the product's name", lambda pen: words.plain(pen.facts.product)),
    "window": ("the case's window", lambda pen: f"{pen.cite('case-start')} to {pen.cite('case-end')}"),
    "status": ("whether it is over, in a line", phases.status_line),
    "summary": ("what happened, to whom, from when to when, by which changes", summary_section),
    "impact": ("who was affected, by which symptoms, how much", impact_section),
    "figure": ("complaints by day over the contributing changes, as a picture", figure),
    "timeline": ("a table of effects, announcements, discoveries, ends, statements", timeline_section),
    "leadup": ("the contributing changes in the order they took effect", phases.leadup_section),
    "trigger": ("the first contributing change", phases.trigger_section),
    "factors": ("one part per contributing change: intent, exposure, harm, end, evidence", factors_section),
    "rejected": ("what was tested and is not held responsible", rejected_section),
    "unsure": ("what the data cannot tell apart", unsure_section),
    "detection": ("why it took long to see", detection_section),
    "resolution": ("how each change ended", phases.resolution_section),
    "recovery": ("how fast people got better", phases.recovery_section),
    "said": ("what was said in public, contradictions named", said_section),
    "remedies": ("a table of what is done, with owners and due dates", remedies_section),
    "went-well": ("what helped", phases.went_well_section),
    "went-wrong": ("what made it worse", phases.went_wrong_section),
    "lucky": ("a place for luck", phases.lucky_section),
    "method": ("where the figures come from and what they are not", method_section),
}


def build_postmortem(facts: CaseFacts, source: str = OURS) -> str:
    """Return the draft's Markdown; a section about which the evidence says nothing is left out."""
    pen = Pen(facts, catalogue_of(facts))
    slots = {name: (lambda build=build: build(pen)) for name, (_, build) in POSTMORTEM_SLOTS.items()}
    return fill(source, slots)
