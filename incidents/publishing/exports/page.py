"""A snapshot as one HTML file that needs nothing else: its style within, no script, no address asked."""

from functools import cache
from pathlib import Path

from django.template.loader import render_to_string

from incidents.publishing.exports.sheet import Sheet

_STYLE = Path(__file__).with_name("page.css")


def to_page(sheet: Sheet, *, html: str) -> str:
    """Return the file; `html` is the snapshot's own sanitised HTML."""
    return render_to_string("sent/file.html", {"sheet": sheet, "html": html, "style": _style()})


@cache
def _style() -> str:
    return _STYLE.read_text(encoding="utf-8")
