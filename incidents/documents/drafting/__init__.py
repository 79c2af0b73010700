"""First texts from the evidence: facts in, Markdown with claims out. Pure: no database, no clock, nothing invented."""

from incidents.documents.drafting.notice import Notice, build_notice
from incidents.documents.drafting.postmortem import build_postmortem

__all__ = ["Notice", "build_notice", "build_postmortem"]
