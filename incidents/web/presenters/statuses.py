"""How each state looks: words, tone and icon, so that colour never says it alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """A pill's words, tone ("", ok, warn, bad, info) and icon."""

    label: str
    tone: str = ""
    icon: str = ""


LOOKS = {
    # Cases.
    "open": Look("Open", "warn", "circle-dot"),
    "triage": Look("Triage", "warn", "scan-search"),
    "investigating": Look("Investigating", "warn", "scan-search"),
    "identified": Look("Identified", "info", "target"),
    "mitigated": Look("Mitigated", "info", "shield-check"),
    "monitoring": Look("Monitoring", "info", "activity"),
    "resolved": Look("Resolved", "ok", "circle-check"),
    "closed": Look("Closed", "", "archive"),
    # Documents.
    "draft": Look("Draft", "", "pencil"),
    "in_review": Look("In review", "warn", "eye"),
    "changes_requested": Look("Changes requested", "warn", "undo-2"),
    "approved": Look("Approved", "info", "badge-check"),
    "published": Look("Published", "ok", "globe"),
    "scheduled": Look("Scheduled", "info", "calendar-clock"),
    "corrected": Look("Corrected", "ok", "file-pen"),
    "withdrawn": Look("Retracted", "bad", "eye-off"),
    "superseded": Look("Superseded", "", "history"),
    # Jobs.
    "queued": Look("Waiting", "", "clock"),
    "waiting": Look("Waiting", "", "clock"),
    "running": Look("Running", "info", "loader-circle"),
    "done": Look("Done", "ok", "check"),
    "succeeded": Look("Done", "ok", "check"),
    "failed": Look("Failed", "bad", "circle-x"),
    "cancelled": Look("Cancelled", "", "ban"),
    "cancelling": Look("Cancelling", "warn", "ban"),
    "out_of_date": Look("Out of date", "warn", "history"),
    "dead": Look("Given up", "bad", "circle-x"),
    # Claims and their evidence.
    "supported": Look("Supported", "ok", "link"),
    "stale": Look("Stale", "warn", "history"),
    "unsupported": Look("Unsupported", "bad", "triangle-alert"),
    "contradicted": Look("Contradicted", "bad", "circle-x"),
    # Tickets.
    "new": Look("New", "info", "circle-dot"),
    "triaged": Look("Triaged", "ok", "check"),
    "dismissed": Look("Dismissed", "", "x"),
    # Severities.
    "critical": Look("Critical", "bad", "triangle-alert"),
    "major": Look("Major", "warn", "circle-alert"),
    "minor": Look("Minor", "", "info"),
    "unknown": Look("Not yet known", "", "circle-question-mark"),
    # A case's view of a change.
    "candidate": Look("Candidate", "", "circle"),
    "rejected": Look("Tested and rejected", "", "circle-x"),
    # Verdicts of an attribution.
    "contributing": Look("Contributing", "bad", "git-commit-vertical"),
    "ambiguous": Look("Cannot tell", "warn", "split"),
    "not supported": Look("Not supported", "", "circle-dashed"),
    "not_supported": Look("Not supported", "", "circle-dashed"),
    # How a change ended, and whether it still holds.
    "in_force": Look("In force", "info", "play"),
    "revert": Look("Reverted", "", "undo-2"),
    "fix": Look("Fixed", "", "check"),
    "mitigation": Look("Mitigated", "", "shield-check"),
}


def look_of(key: str) -> Look:
    """Return the look of a state; an unknown one is shown plainly, in its own words."""
    return LOOKS.get(key) or Look(key.replace("_", " ").capitalize())
