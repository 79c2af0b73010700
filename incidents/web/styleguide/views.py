"""The style guide: every part of the design system on one page, in both themes; for staff."""

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.views.decorators.http import require_safe

from incidents.web.accounts.preferences import THEMES
from incidents.web.styleguide.samples import samples


@require_safe
@staff_member_required(login_url=reverse_lazy("sign-in"))  # type: ignore[untyped-decorator]
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every component with made-up values; `?side=light` or `dark` shows one theme alone."""
    chosen = request.GET.get("side", "")
    sides = [key for key, _, _ in THEMES if key != "system" and chosen in ("", key)] or ["light"]
    choices = [("", "Both"), *((key, label) for key, label, _ in THEMES if key != "system")]
    context = {
        "sides": sides,
        "side_items": [
            {"label": label, "url": f"?side={key}" if key else "?", "is_current": key == chosen}
            for key, label in choices
        ],
        **samples(),
    }
    return render(request, "styleguide/page.html", context)
