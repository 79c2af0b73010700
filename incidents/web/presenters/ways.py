"""What would tell two changes apart, as instructions."""

from incidents.charts import labels


def way(kind: str, amount: float, title: str, segment: str = "") -> str:
    """Return one remedy; `title` is the change that would move, `segment` what it would be held back from."""
    if kind == "hold_back":
        return f"Hold “{title}” back from {segment} for {labels.plural(amount, 'day')}."
    if kind == "stagger":
        return f"Start “{title}” {_hours(amount)} later."
    if kind == "tickets":
        return f"Wait for {labels.decimal(amount, 1 if amount < 10 else 0)} times as many complaints."
    return f"Watch for {labels.plural(amount, 'more day', 'more days')}."


def _hours(hours: float) -> str:
    return labels.plural(round(hours), "hour") if hours < 72 else labels.plural(round(hours / 24, 1), "day")
