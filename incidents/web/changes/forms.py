"""The form for entering or correcting a change."""

import datetime as dt
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from incidents.catalog.queries import dimensions_of
from incidents.changes.editing import ChangeRecord
from incidents.changes.enums import ChangeKind, EndKind, RolloutShape, Visibility
from incidents.web.fields import ZonedDateTimeField

SCOPE = "scope."


class ChangeForm(forms.Form):
    """What changed, when, for whom, how far, how it ended, and who was told."""

    title = forms.CharField(max_length=300)
    kind = forms.ChoiceField(choices=ChangeKind.choices)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 4}))
    rollout_shape = forms.ChoiceField(choices=RolloutShape.choices, initial=RolloutShape.STEP, label="Between steps")
    rollout = forms.CharField(
        required=False,
        label="Rollout steps",
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "placeholder": "2026-03-26 09:00  10 %"}),
        help_text="One step a line: time, then the share that has it from then on. Empty: everyone at once.",
    )
    end_kind = forms.ChoiceField(
        choices=[("", "Still in force"), *EndKind.choices], required=False, label="How it ended"
    )
    carried_by_version = forms.CharField(required=False, max_length=80, help_text="The client version that brings it.")
    fixed_in_version = forms.CharField(
        required=False, max_length=80, help_text="Recovery then follows the upgrades to this version."
    )
    user_facing = forms.BooleanField(required=False, label="Users can notice it")
    visibility = forms.ChoiceField(choices=Visibility.choices, initial=Visibility.PUBLIC, label="Builds")
    owner = forms.CharField(
        required=False,
        max_length=80,
        help_text="The team that can say more about it; the overlay groups by it.",
        widget=forms.TextInput(attrs={"list": "owners"}),
    )
    url = forms.URLField(required=False, max_length=1000, label="Link", assume_scheme="https")
    artifact_name = forms.CharField(required=False, max_length=200, label="Prompt or configuration")
    artifact_before = forms.CharField(required=False, label="Before", widget=forms.Textarea(attrs={"class": "mono"}))
    artifact_after = forms.CharField(required=False, label="After", widget=forms.Textarea(attrs={"class": "mono"}))

    def __init__(self, *args: Any, product: Any, **options: Any) -> None:
        """Read times in the product's zone and offer its dimensions as scope."""
        super().__init__(*args, **options)
        self.zone = ZoneInfo(product.timezone)
        times = {
            "started_at": ("Took effect", True, ""),
            "ended_at": ("Ended", False, "Empty while it is in force."),
            "discovered_at": ("Found out", False, "If it was noticed later than it took effect."),
            "announced_at": ("Users were told", False, "Empty if they never were."),
        }
        for name, (label, required, hint) in times.items():
            self.fields[name] = ZonedDateTimeField(
                zone=self.zone, label=label, required=required, help_text=f"{hint} In {self.zone.key}.".strip()
            )
        self.dimensions = list(dimensions_of(product))
        for dimension in self.dimensions:
            values = [value.key for value in dimension.values.all()]
            self.fields[SCOPE + dimension.key] = forms.MultipleChoiceField(
                required=False,
                label=dimension.name,
                choices=[(value, value) for value in values],
                widget=forms.SelectMultiple(attrs={"size": min(max(len(values), 2), 6)}),
            )

    def scope_fields(self) -> list[Any]:
        """Return the bound fields of the scope, for the template."""
        return [self[SCOPE + dimension.key] for dimension in self.dimensions]

    def clean_rollout(self) -> tuple[tuple[dt.datetime, float], ...]:
        """Read one step a line; each error names its line."""
        steps = []
        for number, line in enumerate(self.cleaned_data["rollout"].splitlines(), 1):
            text = line.strip()
            if not text:
                continue
            when, _, share = text.rstrip("% ").rpartition(" ")
            try:
                at = ZonedDateTimeField(zone=self.zone).to_python(when.strip())
                percent = float(share.replace(",", "."))
            except (forms.ValidationError, ValueError):
                raise forms.ValidationError(
                    f"Line {number}: write a time and a share, like “2026-03-26 09:00  10 %”."
                ) from None
            if at is None or not 0 <= percent <= 100:
                raise forms.ValidationError(f"Line {number}: the share must lie between 0 and 100 %.")
            steps.append((at, percent / 100))
        if len({at for at, _ in steps}) < len(steps):
            raise forms.ValidationError("Two steps have the same time: keep one of them.")
        return tuple(sorted(steps))

    def clean(self) -> dict[str, Any]:
        """Times must be in order, and an end has a kind."""
        values = super().clean() or {}
        start, end = values.get("started_at"), values.get("ended_at")
        if start and end and end < start:
            self.add_error("ended_at", "It ends before it took effect: set the end later.")
        if values.get("end_kind") and not end and not values.get("fixed_in_version"):
            self.add_error("ended_at", "Say when it ended, or which version carries the fix.")
        if end and not values.get("end_kind"):
            self.add_error("end_kind", "Say how it ended.")
        return values

    def record(self) -> ChangeRecord:
        """Return what was said, for the service."""
        values = self.cleaned_data
        scope = {dimension.key: sorted(values[SCOPE + dimension.key]) for dimension in self.dimensions}
        plain = {name: value for name, value in values.items() if not name.startswith(SCOPE)}
        plain["kind"] = ChangeKind(plain["kind"])
        plain["rollout_shape"] = RolloutShape(plain["rollout_shape"])
        plain["visibility"] = Visibility(plain["visibility"])
        return ChangeRecord(**plain, scope={key: chosen for key, chosen in scope.items() if chosen})


def initial_of(change: Any, zone: ZoneInfo) -> dict[str, Any]:
    """Return what the form shows of a stored change."""
    initial = {name: getattr(change, name) for name in ChangeForm.base_fields if hasattr(change, name)}
    initial |= {name: getattr(change, name) for name in ("started_at", "ended_at", "discovered_at", "announced_at")}
    initial["rollout"] = "\n".join(
        f"{step.at.astimezone(zone):%Y-%m-%d %H:%M}  {step.share * 100:g} %" for step in change.rollout_steps.all()
    )
    initial |= {SCOPE + key: chosen for key, chosen in change.scope.items()}
    artifact = change.artifacts.first()
    if artifact:
        initial |= {
            "artifact_name": artifact.name,
            "artifact_before": artifact.before,
            "artifact_after": artifact.after,
        }
    return initial


def started_with(query: QueryDict, product: Any) -> dict[str, Any]:
    """Return what an address says of a change that is to be recorded: `started_at`, and `scope.<dimension>` values."""
    initial: dict[str, Any] = {}
    # an address without a time, or with one that is none, begins an empty form
    with suppress(ValueError):
        at = dt.datetime.fromisoformat(query.get("started_at", ""))
        initial["started_at"] = at.astimezone(ZoneInfo(product.timezone))
    for dimension in dimensions_of(product):
        known = {value.key for value in dimension.values.all()}
        chosen = [value for value in query.getlist(SCOPE + dimension.key) if value in known]
        if chosen:
            initial[SCOPE + dimension.key] = chosen
    return initial
