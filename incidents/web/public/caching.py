"""How public answers are cached: anyone may keep them, everyone asks again, what did not change costs no bytes.

A withdrawn page is gone at once: nothing is served without asking, and "not modified" is only said of a page that is
still there, because the tag is made from the answer itself (`answers.py`).
"""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents.publishing.queries import Gone

# For files named by a mark that changes with them.
FOREVER = "public, max-age=31536000, immutable"
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """Make a view public: reading only, the same for everyone, cached as told above; what was withdrawn answers 410."""

    @wraps(view)
    def wrapped(request: HttpRequest, **arguments: str) -> HttpResponse:
        try:
            response = view(request, **arguments)
        except Gone as gone:
            response = render(
                request, "public/gone.html", {"publication": gone.publication, **_frame(gone)}, status=410
            )
        # A file whose name changes with it says so itself.
        response.headers.setdefault("Cache-Control", "public, max-age=0, must-revalidate")
        return response

    checked: View = require_safe(wrapped)
    return checked


def _frame(gone: Gone) -> dict[str, object]:
    return {"product_name": gone.publication.product.name}
