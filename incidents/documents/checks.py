"""One check of an attribution run as a sentence that a reader can follow. Pure."""

from collections.abc import Mapping
from typing import Any

from incidents.documents import words


def check_sentence(item: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return a sentence for one evidence item; `names` gives the titles of changes and metrics it may be about.

    An item that brings its own words (`detail`) keeps them.
    """
    if item.get("detail"):
        return words.sentence(str(item["detail"]))
    estimate, low, high = item.get("estimate"), item.get("low"), item.get("high")
    if estimate is None:
        return ""
    numbers = (float(estimate), None if low is None else float(low), None if high is None else float(high))
    other = names.get(str(item.get("other") or ""), "")
    build = _SENTENCES.get(str(item.get("kind", "")))
    return build(*numbers, str(item.get("direction", "")), other) if build else ""


def _times(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"{value:.1f} times"
    return words.ratio_text(value, low, high)


def _share(value: float, low: float | None, high: float | None) -> str:
    told = words.percent(max(value, 0.0))
    if low is None or high is None:
        return told
    return f"{told} (between {max(low, 0.0) * 100:.0f} and {max(high, 0.0) * 100:.0f} %)"


def _onset(value: float, low: float | None, high: float | None, direction: str, other: str) -> str:
    told = f"After it took effect, complaints from those it reached ran at {_times(value, low, high)} the rate before"
    return f"{told}, the ordinary level taken out." if direction != "neutral" else f"{told}: no clear difference."


def _scope(value: float, low: float | None, high: float | None, direction: str, other: str) -> str:
    told = (
        f"Those it reached complained {_times(value, low, high)} as much as those it did not reach over the same time"
    )
    return f"{told}." if direction != "neutral" else f"{told}: no clear difference."


def _dose(value: float, low: float | None, high: float | None, direction: str, other: str) -> str:
    span = f" (between {low:.1f} and {high:.1f})" if low is not None and high is not None else ""
    how = {"supports": "followed", "contradicts": "did not follow"}.get(direction, "neither clearly followed nor left")
    return f"As the rollout went up, complaints {how} its steps: {value:.1f}{span}, where 1 is exactly in step."


def _revert(value: float, low: float | None, high: float | None, direction: str, other: str) -> str:
    tail = {"supports": "the rise went away with it", "contradicts": "the rise stayed"}.get(direction, "not decisive")
    return f"After it ended, {_share(value, low, high)} of the rise was left: {tail}."


def _return(value: float, low: float | None, high: float | None, direction: str, other: str) -> str:
    return f"When it was switched on again, complaints ran at {_times(value, low, high)} the rate without it."


def _prior(value: float, low: float | None, high: float | None, direction: str, other: str) -> str:
    told = f"In the days before it took effect, complaints ran at {_times(value, low, high)} their ordinary rate"
    return f"{told}: the rise was there first." if direction == "contradicts" else f"{told}: no rise came before it."


def _alternative(value: float, low: float | None, high: float | None, direction: str, other: str) -> str:
    who = f"“{other}”" if other else "other changes"
    return f"Of the same rise, {_share(value, low, high)} could as well belong to {who}."


def _metric(value: float, low: float | None, high: float | None, direction: str, other: str) -> str:
    name = other or "a measurement"
    how = {"supports": "moved the wrong way", "contradicts": "got no worse"}.get(direction, "hardly moved")
    return f"Among those it reached, “{name}” {how} ({abs(value):.1f} standard errors)."


_SENTENCES = {
    "onset": _onset,
    "scope": _scope,
    "dose": _dose,
    "revert": _revert,
    "return": _return,
    "prior": _prior,
    "alternative": _alternative,
    "metric": _metric,
}
