"""Figures in a text: taken out as a token before Markdown sees them, put back after the cleaning.

Their HTML is made by the workbench itself with every text escaped; what people write never passes this way.
"""

import re
import secrets
from collections.abc import Mapping

_REFERENCE = re.compile(r"^[ \t]{0,3}!\[[^\]\n]*\]\(chart:[\w-]{1,20}\)[ \t]*$", re.MULTILINE)
_MISSING = '<p><mark class="prompt">This figure is not there (any more)</mark></p>'


def figures_out(body: str, figures: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the text with a token for each figure, and each token's HTML ("" for a figure that is not there)."""
    mark = f"figure{secrets.token_hex(12)}"
    places: dict[str, str] = {}

    def taken(found: re.Match[str]) -> str:
        token = f"{mark}x{len(places)}x"
        places[token] = figures.get(found.group(0).strip(), "")
        return f"\n{token}\n"

    return _REFERENCE.sub(taken, body), places


def figures_in(html: str, places: Mapping[str, str], *, public: bool) -> str:
    """Put the figures where their tokens stand; the public sees nothing of one that is not there."""
    for token, figure in places.items():
        shown = figure or ("" if public else _MISSING)
        html = html.replace(f"<p>{token}</p>", shown).replace(token, shown)
    return html
