"""What a run cannot know, told from what its evidence lacked."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from incidents.charts import labels

# Below this many complaints the benchmark's recall of effects falls visibly.
FEW_COMPLAINTS = 1500
# Below this share of complaints that state a dimension, changes scoped by it are hard to judge.
RARELY_STATED = 0.2
RARELY_LABELLED = 0.7
# A change that starts this soon after the window leaves nothing to compare with.
SHORT_BEFORE = dt.timedelta(days=3)


def limits(inputs: Mapping[str, Any], result: Mapping[str, Any]) -> list[str]:
    """Return what limits a run's answer, in sentences."""
    told = []
    changes = list(inputs["changes"].values())
    if not result["diagnostics"]["usage_known"]:
        told.append(
            "Nobody counted use by segment. How users spread was learnt from the complaints themselves, so shares and "
            "rates in scope are less sure than their intervals say."
        )
    n = inputs["tickets"]["weight"]
    if n < FEW_COMPLAINTS:
        told.append(f"There are only {labels.plural(n, 'complaint')}: small effects cannot be seen.")
    coverage = result["coverage"]
    told += _silent_dimensions(changes, coverage["stated"])
    if coverage["labelled"] < RARELY_LABELLED:
        without = labels.percent(1 - coverage["labelled"])
        told.append(
            f"{without} of the complaints name no known symptom: changes are told apart by their mix less well."
        )
    told += _early_and_everywhere(changes, inputs["window"])
    return told


def _silent_dimensions(changes: list[Mapping[str, Any]], stated: Mapping[str, float]) -> list[str]:
    told = []
    for name, share in sorted(stated.items(), key=lambda pair: pair[1]):
        scoped = sum(name in change["scope"] for change in changes)
        if scoped and share < RARELY_STATED:
            what = "the change that reached" if scoped == 1 else f"the {labels.count(scoped)} changes that reached"
            told.append(
                f"{labels.percent(share)} of the complaints state their {name.replace('_', ' ')}: {what} only some of "
                "its values can hardly be judged."
            )
    return told


def _early_and_everywhere(changes: list[Mapping[str, Any]], window: Mapping[str, Any]) -> list[str]:
    told = []
    start, end = (dt.datetime.fromisoformat(window[name]) for name in ("starts_at", "ends_at"))
    moments = [dt.datetime.fromisoformat(change["started_at"]) for change in changes]
    early = sum(moment < start + SHORT_BEFORE for moment in moments)
    if early:
        told.append(
            f"{labels.plural(early, 'change')} took effect before the window or within its first three days: there is "
            "little to compare with."
        )
    everywhere = sum(
        not change["scope"]
        and not change["carried_by_version"]
        and (change["ended_at"] is None or dt.datetime.fromisoformat(change["ended_at"]) >= end)
        for change, moment in zip(changes, moments, strict=True)
        if start + SHORT_BEFORE <= moment < end
    )
    if everywhere:
        told.append(
            f"{labels.plural(everywhere, 'change')} reached everybody and never ended: growth or a wave of attention "
            "at the same time would look the same."
        )
    return told
