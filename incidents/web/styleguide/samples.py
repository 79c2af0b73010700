"""Made-up values for the style guide; nothing here is read from the database."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

from incidents.charts.palette import N_CHANGE_COLOURS
from incidents.web.presenters.statuses import LOOKS

PROMPT_BEFORE = """You are a careful assistant for the terminal.
Think for as long as the task needs.
Answer in full sentences.
When you edit a file, say which lines changed.
Never delete files without asking.
Prefer small steps.
Show the command before you run it."""
PROMPT_AFTER = """You are a careful assistant for the terminal.
Think for as long as the task needs.
Answer in at most 40 words.
When you edit a file, say which lines changed and why.
Never delete files without asking.
Prefer small steps.
Show the command before you run it.
Do not repeat the question."""


class SampleForm(forms.Form):
    """One field of each sort."""

    title = forms.CharField(help_text="What users see, not what you suspect.")
    started = forms.CharField(label="Took effect", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    kind = forms.ChoiceField(choices=[("prompt", "Prompt"), ("cache", "Cache")])
    words = forms.CharField(required=False, label="Description", widget=forms.Textarea(attrs={"rows": 3}))
    seen = forms.BooleanField(required=False, label="Users can notice it", help_text="Such changes get a notice.")
    scope = forms.MultipleChoiceField(
        required=False,
        label="Surface",
        choices=[("cli", "Terminal"), ("web", "Web"), ("api", "API")],
        widget=forms.CheckboxSelectMultiple,
    )


def _changes() -> list[dict[str, Any]]:
    titles = (
        "Lower default effort",
        "Idle sessions drop their cache",
        "Answers of at most 40 words",
        "New router weights",
    )
    figures = ((412, 355, 470, 0.31), (238, 160, 330, 0.18), (61, -12, 140, 0.05), (4.2, -40, 55, 0.01))
    verdicts = ("contributing", "contributing", "ambiguous", "not_supported")
    rows = zip(titles, figures, verdicts, strict=True)
    return [
        {
            "position": position,
            "title": title,
            "excess": figure[0],
            "low": figure[1],
            "high": figure[2],
            "share": figure[3],
            "share_low": max(0.0, figure[3] - 0.08),
            "share_high": figure[3] + 0.09,
            "verdict": verdict,
            "daily": [(day * 7 + position * 5) % (11 + day) for day in range(24)],
            "started_at": datetime(2026, 3, 4 + position, 21, tzinfo=UTC),
        }
        for position, (title, figure, verdict) in enumerate(rows)
    ]


def samples() -> dict[str, Any]:
    """Return the style guide's context."""
    bad = SampleForm({"title": "", "kind": "effort"}, auto_id="bad_%s")
    items = [("Overlay", None), ("Attribution", 4), ("Tickets", 12_037), ("Timeline", None)]
    return {
        "positions": range(2 * N_CHANGE_COLOURS),
        "states": list(LOOKS),
        "rows": _changes(),
        "form": SampleForm(auto_id="good_%s"),
        "bad_form": bad,
        "tab_items": [{"label": n, "url": "#", "count": c, "is_current": i == 0} for i, (n, c) in enumerate(items)],
        "view_items": [
            {"label": "Stacked", "url": "#", "icon": "layers", "is_current": True},
            {"label": "Apart", "url": "#", "icon": "table"},
        ],
        "before": PROMPT_BEFORE,
        "after": PROMPT_AFTER,
        "at": datetime(2026, 3, 26, 21, tzinfo=UTC),
        "until": datetime(2026, 4, 10, 18, 30, tzinfo=UTC),
        "lag": timedelta(hours=3, minutes=20),
        "gaps": [3, 4, None, None, 8, 12, 11, 14, 9, 7],
    }
