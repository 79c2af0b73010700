"""Form fields that several pages share."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

_UTC = ZoneInfo("UTC")


class ZonedDateTimeField(forms.DateTimeField):
    """A date and time in a stated zone, as browsers' datetime-local inputs give it; the value is aware and in UTC.

    A time that the clocks skip or repeat is refused: the writer must say which one is meant by choosing another.
    """

    def __init__(self, *, zone: ZoneInfo = _UTC, **options: Any) -> None:
        """Keep the zone; it stands in the hint, so that nobody has to guess."""
        options.setdefault(
            "widget", forms.DateTimeInput(attrs={"type": "datetime-local", "step": "60"}, format="%Y-%m-%dT%H:%M")
        )
        super().__init__(**options)
        self.zone = zone

    def prepare_value(self, value: Any) -> Any:
        """Show a stored instant in the zone."""
        if isinstance(value, dt.datetime) and value.tzinfo:
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value

    def to_python(self, value: Any) -> Any:
        """Read the text as a time of the zone."""
        if value in self.empty_values:
            return None
        if isinstance(value, dt.datetime):
            naive = value
        else:
            try:
                naive = dt.datetime.fromisoformat(str(value).strip())
            except ValueError:
                raise forms.ValidationError("Give a date and a time, for example 2026-03-26 14:00.") from None
        if naive.tzinfo:
            return naive.astimezone(dt.UTC)
        early, late = (naive.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1))
        if early != late:
            raise forms.ValidationError(
                f"The clocks change at that time in {self.zone.key}: give a time at least an hour away."
            )
        return naive.replace(tzinfo=self.zone).astimezone(dt.UTC)
