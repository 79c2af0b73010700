"""Forms of the case pages."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth import get_user_model

from incidents.response.enums import IncidentDuty, IncidentStatus, Severity
from incidents.web.fields import ZonedDateTimeField


def _date(label: str) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}))


class CaseForm(forms.Form):
    """Open a case."""

    product = forms.ChoiceField()
    title = forms.CharField(max_length=300, help_text="What users see, not what you suspect: “Answers got shallower”.")
    starts_on = _date("First day")
    ends_on = _date("Last day")
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.UNKNOWN)
    summary = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, products: list[tuple[str, str]], **options: Any) -> None:
        """Offer the products for which the person may open cases."""
        super().__init__(*args, **options)
        self.fields["product"].choices = products  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The window must hold at least one day."""
        values = super().clean() or {}
        first, last = values.get("starts_on"), values.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", "The last day lies before the first: set it on or after the first day.")
        return values


class CaseEditForm(forms.Form):
    """Say how bad the case is and where it stands."""

    title = forms.CharField(max_length=300)
    status = forms.ChoiceField(choices=IncidentStatus.choices)
    severity = forms.ChoiceField(choices=Severity.choices)
    summary = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 4}))
    restricted = forms.BooleanField(
        required=False,
        label="Restricted",
        help_text="Only people with a duty in this case, and administrators, see it.",
    )


class DutyForm(forms.Form):
    """Give a person a duty."""

    user = forms.ModelChoiceField(queryset=get_user_model().objects.none(), label="Person")
    duty = forms.ChoiceField(choices=IncidentDuty.choices)

    def __init__(self, *args: Any, **options: Any) -> None:
        """Offer everyone who can sign in."""
        super().__init__(*args, **options)
        people = get_user_model().objects.filter(is_active=True).order_by("username")
        self.fields["user"].queryset = people  # type: ignore[attr-defined]


class FreezeForm(forms.Form):
    """Whole days in which nothing was to be rolled out."""

    first = _date("First day")
    last = _date("Last day")
    title = forms.CharField(required=False, max_length=200, label="What it was called")


class TimelineForm(forms.Form):
    """Write down what happened."""

    at = ZonedDateTimeField(label="When")
    text = forms.CharField(label="What happened", widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, zone: ZoneInfo, **options: Any) -> None:
        """Read the time in the case's zone."""
        super().__init__(*args, **options)
        self.fields["at"] = ZonedDateTimeField(zone=zone, label="When", help_text=f"In {zone.key}.")
