"""Could complaints tell these changes apart? Planned and new ones, or any that the reader chooses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents.attribution.planning import Separability, planned_and_new, separability
from incidents.changes.log import among, newest
from incidents.charts import labels
from incidents.stats.attribution.evidence import Dimension
from incidents.stats.attribution.separation import SEEN, PairDesign, Separator
from incidents.web.presenters.ways import way
from incidents.web.products import product_context

if TYPE_CHECKING:
    from incidents.changes.models import Change

RISES = ((10, "10 %"), (30, "30 %"), (100, "twice as many"))
USUAL_RISE = 30
OFFERED = 40
MOST_RISE = 10.0  # more than ten times the complaints is no plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PairWords:
    """A pair that could not be told apart, and what would do it."""

    first: "Change"
    second: "Change"
    ways: tuple[str, ...]
    advice: str


@require_safe
@login_required
def changes_apart(request: HttpRequest) -> HttpResponse:
    """Show which of the chosen changes complaints could not tell apart, and what would separate them."""
    context = _context(request)
    product = context["product"]
    if product is not None:
        context["offered"] = _offered(newest(request.user, product, OFFERED), context["chosen"])
    return render(request, "changes/apart.html", context)


@require_safe
@login_required
def changes_apart_soon(request: HttpRequest) -> HttpResponse:
    """Show, above the change log, the planned and new changes that could not be told apart, if there are any."""
    return render(request, "changes/apart_soon.html", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    context: dict[str, Any] = {"section": "changes", "rises": RISES, **product_context(request)}
    product = context["product"]
    told = request.GET.get("rise", "")
    context["rise"] = int(told) if told.isdigit() and 1 <= int(told) <= 1000 else USUAL_RISE
    if product is None:
        return context
    now = timezone.now()
    ids = [int(one) for one in request.GET.getlist("change") if one.isdigit()]
    chosen = among(request.user, product, ids) if ids else planned_and_new(product, now)
    found = separability(product, chosen, rise=context["rise"] / 100, now=now)
    context |= {"chosen": chosen, "by_hand": bool(ids), "found": found, "now": now}
    if found is not None:
        context |= words(found)
    return context


def _offered(rows: Sequence["Change"], chosen: Iterable["Change"]) -> list[tuple["Change", bool]]:
    """Return the changes to choose from, each with whether it is chosen; those come first."""
    first = list(chosen)
    ids = {change.pk for change in first}
    return [*((change, True) for change in first), *((change, False) for change in rows if change.pk not in ids)]


def words(found: Separability) -> dict[str, Any]:
    """Return the pairs that are confused, how many are not, and the changes whose effect would not show at all."""
    by_key = {str(change.pk): change for change in found.changes}
    signal = {str(change.pk): float(z) for change, z in zip(found.changes, found.report.signal, strict=True)}
    hidden = {key for key, z in signal.items() if z < SEEN}
    shown = [pair for pair in found.report.pairs if not {pair.first, pair.second} & hidden]
    return {
        "pairs": [_pair(pair, by_key, found.dimensions) for pair in shown if pair.confused],
        "n_apart": sum(not pair.confused for pair in shown),
        "hidden": [
            (by_key[key], _shows_from(found.rise, signal[key]))
            for key in sorted(hidden, key=lambda key: (-signal[key], int(key)))
        ],
    }


def _shows_from(rise: float, signal: float) -> str:
    """Return the least rise that would show: the signal grows in proportion to it."""
    if signal * MOST_RISE < SEEN * rise:
        return "at no rise that could be"
    return f"from about {labels.percent(rise * SEEN / signal)}"


def _pair(pair: PairDesign, by_key: dict[str, "Change"], dimensions: Sequence[Dimension]) -> PairWords:
    first, second = by_key[pair.first], by_key[pair.second]
    titles = {key: change.title for key, change in by_key.items()}
    ways = tuple(
        way(one.kind, one.amount, titles.get(one.change or "", ""), _segment(one, dimensions))
        for one in pair.separators
    )
    return PairWords(first=first, second=second, ways=ways, advice="" if ways else NO_WAY)


NO_WAY = (
    "Nothing that was tried separates them: no segment that complaints state, no later start within the window, no "
    "50 times as many complaints, no 90 more days."
)


def _segment(one: Separator, dimensions: Sequence[Dimension]) -> str:
    if one.dimension is None or one.value is None:
        return ""
    return f"{dimensions[one.dimension].name}={dimensions[one.dimension].values[one.value]}"
