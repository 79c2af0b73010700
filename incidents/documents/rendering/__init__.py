"""Markdown of staff to safe HTML: a chosen set of extensions, a tight allow-list after it, a limit of size and time.

Nothing that a customer wrote goes through here: tickets are shown as plain text.
"""

from incidents.documents.rendering.guard import MAX_BYTES, check_source
from incidents.documents.rendering.pool import render_markdown

__all__ = ["MAX_BYTES", "check_source", "render_markdown"]
