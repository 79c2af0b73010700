"""The design system's tags and filters, loaded in every template; docs/concepts/design-system.md is their reference.

Words and numbers come from `incidents.charts.labels`, small figures from `incidents.web.presenters`; here they are only
given names, and marks that let style and screen readers tell an estimate from its interval.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from incidents.charts import labels, palette
from incidents.web.presenters import figures, statuses
from incidents.web.presenters.diff import Diff, text_diff

register = template.Library()
Context = template.Context
Number = float | int | None
HIDDEN = SafeString('aria-hidden="true"')


# Numbers and words ---------------------------------------------------------------------------------------------------


@register.filter
def count(value: Number) -> str:
    """`{{ 12345|count }}` gives 12,345."""
    return labels.count(value)


@register.filter
def decimal(value: Number, places: int = 1) -> str:
    """`{{ 0.257|decimal:2 }}` gives 0.26."""
    return labels.decimal(value, places)


@register.filter
def percent(fraction: Number, places: int = 0) -> str:
    """`{{ 0.614|percent }}` gives 61 %; the value is a fraction of 1."""
    return labels.percent(fraction, places)


@register.filter
def ratio(value: Number) -> str:
    """`{{ 2.41|ratio }}` gives 2.4×."""
    return labels.ratio(value)


@register.filter
def duration(value: timedelta | float | None) -> str:
    """`{{ lag|duration }}` gives 3 h 20 min; a timedelta or seconds."""
    return labels.duration(value)


@register.filter
def filesize(n_bytes: Number) -> str:
    """`{{ n|filesize }}` gives 4.1 MB."""
    return labels.size(n_bytes)


@register.filter
def plural(n: Number, noun: str) -> str:
    """`{{ n|plural:"ticket" }}` gives "1 ticket" or "12 tickets"; `"entry,entries"` names an irregular plural."""
    singular, _, many = noun.partition(",")
    return labels.plural(n, singular, many or None)


@register.simple_tag
def estimate(
    value: Number, low: Number = None, high: Number = None, unit: str = "", places: int | None = None
) -> SafeString:
    """`{% estimate 412 355 470 "tickets" %}`: the number, and its interval in lighter ink."""
    number = labels.count(value) if places is None else labels.decimal(value, places)
    interval = labels.bounds(low, high, places) if low is not None and high is not None else ""
    return _estimate(number, interval, unit)


@register.simple_tag
def ratio_estimate(value: Number, low: Number = None, high: Number = None) -> SafeString:
    """`{% ratio_estimate 2.4 1.9 3.0 %}` gives 2.4× [1.9 to 3.0]."""
    number, interval = labels.ratio_bounds(value, low, high)
    return _estimate(number, interval if low is not None and high is not None else "", "")


@register.simple_tag
def share(value: Number, low: Number = None, high: Number = None) -> SafeString:
    """`{% share 0.61 0.52 0.69 %}` gives "about 61 % (52 to 69 %)"; fractions of 1."""
    interval = labels.share_bounds(low, high) if low is not None and high is not None else ""
    return _estimate(f"about {labels.percent(value)}", interval, "")


def _estimate(number: str, interval: str, unit: str) -> SafeString:
    parts = [format_html('<span class="estimate__value">{}</span>', number)]
    if interval:
        parts.append(format_html('<span class="estimate__interval">{}</span>', interval))
    if unit:
        parts.append(format_html('<span class="estimate__unit">{}</span>', unit))
    return format_html('<span class="estimate">{}</span>', format_html_join(" ", "{}", ((p,) for p in parts)))


# Times ---------------------------------------------------------------------------------------------------------------


def _zone(context: Context, zone: tzinfo | str | None) -> tzinfo:
    """Return the zone to show: the reader's own wish, else the one given, else the page's (the case's), else UTC."""
    for wish in (context.get("preferred_zone"), zone, context.get("display_zone")):
        if wish:
            return ZoneInfo(wish) if isinstance(wish, str) else wish
    return UTC


@register.simple_tag(takes_context=True)
def when(
    context: Context, at: datetime | date | None, zone: tzinfo | str | None = None, style: str = "full"
) -> SafeString:
    """`{% when change.started_at %}` gives 26 Mar 2026, 14:00 PDT, with UTC and the distance from now on hover.

    style: "full"; "day" (26 Mar 2026); "time" (14:00 PDT); "seconds"; "relative" (3 hours ago, the full time on hover).
    """
    if at is None:
        return format_html('<span class="muted">{}</span>', labels.UNKNOWN)
    if not isinstance(at, datetime):
        return format_html('<time datetime="{}">{}</time>', at.isoformat(), labels.day(at))
    shown_in = _zone(context, zone)
    full = labels.moment(at, shown_in)
    ago = labels.relative(at, timezone.now())
    local = at.astimezone(shown_in)
    text = {
        "day": labels.day(local),
        "time": f"{local:%H:%M} {labels.zone_name(local)}",
        "seconds": labels.moment(at, shown_in, seconds=True),
        "relative": ago,
    }.get(style, full)
    hover = " · ".join(dict.fromkeys(part for part in (full, labels.moment(at, UTC), ago) if part != text))
    stamp = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp, hover, text)


@register.simple_tag(takes_context=True)
def period(
    context: Context, start: datetime | None, end: datetime | None, zone: tzinfo | str | None = None
) -> SafeString:
    """`{% period case.starts_at case.ends_at %}` gives "4 Feb to 10 May 2026"; without an end "since …"."""
    if start is None:
        return format_html('<span class="muted">{}</span>', labels.UNKNOWN)
    hover = f"{labels.moment(start, UTC)} to {labels.moment(end, UTC) if end else 'now'}"
    return format_html(
        '<span class="period" title="{}">{}</span>', hover, labels.period(start, end, _zone(context, zone))
    )


# Marks ---------------------------------------------------------------------------------------------------------------


def _attributes(extra: Mapping[str, Any]) -> SafeString:
    """Write `hx_get="/x"` as ` hx-get="/x"`; True is a bare attribute, None and False are left out."""
    kept = [(name.rstrip("_").replace("_", "-"), value) for name, value in extra.items() if value not in (None, False)]
    return format_html_join(
        "", "{}", ((format_html(" {}", n) if v is True else format_html(' {}="{}"', n, v),) for n, v in kept)
    )


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """`{% icon "pin" %}` draws a Lucide icon; hidden from screen readers unless it has a label. size: "", "s", "l"."""
    css = f"icon icon--{size}" if size else "icon"
    aria = format_html('role="img" aria-label="{}"', label) if label else HIDDEN
    return format_html(
        '<svg class="{}" {}><use href="{}#{}"/></svg>', css, aria, static("vendor/lucide/sprite.svg"), name
    )


@register.simple_tag
def button(label: str, kind: str = "", icon_name: str = "", href: str = "", size: str = "", **extra: Any) -> SafeString:
    """`{% button "Publish" kind="primary" icon_name="send" type="submit" hx_post=url %}`: a button; a link with href.

    kind: "" (plain), "primary" (one a page), "quiet" (no edge), "danger". A label that starts with "!" is kept for
    screen readers and the tip alone (an icon button). Other arguments become attributes, `_` written as `-`.
    """
    is_bare = label.startswith("!")
    label = label.removeprefix("!")
    css = " ".join(["button", *(f"button--{mod}" for mod in (kind, size, "icon" if is_bare else "") if mod)])
    if is_bare:
        extra.setdefault("title", label)
    words = format_html('<span class="{}">{}</span>', "sr-only" if is_bare else "button__label", label)
    inner = format_html("{}{}", icon(icon_name) if icon_name else "", words)
    if href:
        return format_html('<a class="{}" href="{}"{}>{}</a>', css, href, _attributes(extra), inner)
    extra.setdefault("type", "button")
    return format_html('<button class="{}"{}>{}</button>', css, _attributes(extra), inner)


@register.simple_tag
def badge(label: Any, tone: str = "", icon_name: str = "") -> SafeString:
    """`{% badge "In review" tone="warn" icon_name="clock" %}`; tone: "", ok, warn, bad, info. Never colour alone."""
    css = f"pill pill--{tone}" if tone else "pill"
    return format_html('<span class="{}">{}{}</span>', css, icon(icon_name, size="s") if icon_name else "", label)


@register.simple_tag
def status(key: str, label: str = "") -> SafeString:
    """`{% status incident.status %}`: the pill of a known state, with its own icon, tone and words."""
    look = statuses.look_of(key)
    return badge(label or look.label, look.tone, look.icon)


@register.simple_tag
def change_mark(position: int, label: str = "") -> SafeString:
    """`{% change_mark 2 %}`: the swatch of the third change of a case, in its colour and pattern."""
    aria = format_html('role="img" aria-label="{}"', label) if label else HIDDEN
    return format_html('<span class="swatch {}" {}></span>', palette.classes(position), aria)


@register.filter
def change_class(position: int) -> str:
    """`class="{{ row.position|change_class }}"` gives an element `--change`, the colour of that change."""
    return palette.classes(position)


# Small figures -------------------------------------------------------------------------------------------------------


@register.simple_tag
def interval_bar(  # noqa: PLR0917
    value: float,
    low: float,
    high: float,
    scale_low: float,
    scale_high: float,
    reference: float | None = None,
    position: int | None = None,
    unit: str = "",
    width: int = figures.BAR_WIDTH,
) -> SafeString:
    """`{% interval_bar 412 355 470 0 800 reference=0 position=1 unit="tickets" %}`: a dot with its interval."""
    return figures.interval_bar(
        estimate=value,
        low=low,
        high=high,
        scale=(scale_low, scale_high),
        reference=reference,
        label=f"{labels.interval(value, low, high)} {unit}".strip(),
        css_class="" if position is None else palette.classes(position),
        width=width,
    )


@register.simple_tag
def sparkline(values: Sequence[float | None], label: str, position: int | None = None, width: int = 96) -> SafeString:
    """`{% sparkline row.daily "Complaints a day, 4 Feb to 10 May" %}`."""
    css = "" if position is None else palette.classes(position)
    return figures.sparkline(values, label=label, css_class=css, width=width)


@register.simple_tag
def part_bar(fraction: float, label: str = "", position: int | None = None, width: int = 96) -> SafeString:
    """`{% part_bar 0.61 %}`: a filled bar for a part of a whole, beside its number."""
    css = "" if position is None else palette.classes(position)
    return figures.bar(fraction, label=label or labels.percent(fraction), css_class=css, width=width)


# Larger parts --------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField, label: str = "", hint: str = "", wide: bool = False, optional: bool = True
) -> dict[str, Any]:
    """`{% field form.title hint="…" %}`: label, hint, control and its errors, tied together for screen readers."""
    hint = hint or str(bound.help_text)
    described = [f"{bound.auto_id}-hint"] * bool(hint) + [f"{bound.auto_id}-error"] * bool(bound.errors)
    attributes: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attributes["aria-invalid"] = "true"
    kind = getattr(bound.field.widget, "input_type", "")
    is_many = bound.use_fieldset
    return {
        "bound": bound,
        "label": label or bound.label,
        "hint": hint,
        "control": bound.as_widget(attrs=attributes),
        "is_check": kind == "checkbox" and not is_many,
        "is_group": is_many,
        "is_wide": wide,
        "is_optional": optional and not bound.field.required and kind != "checkbox",
    }


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    """`{% form_errors form %}`: what is wrong, at the top, each line a link to its field."""
    listed = [(bound, bound.errors) for bound in form if bound.errors and not bound.is_hidden]
    return {"form": form, "listed": listed, "general": form.non_field_errors()}


@register.inclusion_tag("components/empty.html")
def empty(title: str, text: str = "", icon_name: str = "inbox", action: str = "", href: str = "") -> dict[str, Any]:
    """`{% empty "No changes yet" "Import a case, or …" icon_name="layers" action="Import" href=url %}`."""
    return {"title": title, "text": text, "icon_name": icon_name, "action": action, "href": href}


@register.inclusion_tag("components/error_state.html")
def error_state(title: str, text: str = "", action: str = "", href: str = "", details: str = "") -> dict[str, Any]:
    """`{% error_state "The run failed" "The worker ended…" action="Try again" href=url details=trace %}`."""
    return {"title": title, "text": text, "action": action, "href": href, "details": details}


@register.inclusion_tag("components/skeleton.html")
def skeleton(shape: str = "lines", rows: int = 3, label: str = "Loading") -> dict[str, Any]:
    """`{% skeleton "table" 8 %}`; shape: lines, table, plot. It holds the place, so that nothing jumps."""
    return {"shape": shape, "rows": range(rows), "label": label}


@register.inclusion_tag("components/progress.html")
def progress(
    label: str,
    done: float | None = None,
    total: float | None = None,
    *,
    unit: str = "",
    rate: str = "",
    cancel_url: str = "",
    note: str = "",
) -> dict[str, Any]:
    """`{% progress "Reading" 4200 12000 unit="rows" rate="1,900 rows/s" cancel_url=url %}`; a total may be missing."""
    part = min(1.0, done / total) if done is not None and total else None
    return {
        "label": label,
        "done": done,
        "total": total,
        "unit": unit,
        "rate": rate,
        "cancel_url": cancel_url,
        "note": note,
        "part": part,
        # A machine-readable number: the page's number format must not touch it.
        "permille": None if part is None else str(round(part * 1000)),
    }


@register.inclusion_tag("components/diff.html")
def diff(before: str, after: str, before_label: str = "Before", after_label: str = "After") -> dict[str, Any]:
    """`{% diff artifact.before artifact.after %}`: removed and added lines with the words that differ."""
    found: Diff = text_diff(before, after)
    return {"diff": found, "before_label": before_label, "after_label": after_label}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: str) -> dict[str, Any]:
    """`{% tabs items "Case" %}`: links as tabs; each item has label, url, is_current and maybe count."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/segmented.html")
def segmented(items: Iterable[Mapping[str, Any]], label: str) -> dict[str, Any]:
    """`{% segmented items "Stacked or apart" %}`: a choice of two to five views; items as for `tabs`, with icon."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Any, noun: str = "row") -> dict[str, Any]:
    """`{% pager page "ticket" %}`: where we are in a Django page, and the ways on; the rest of the query is kept."""
    return {"page": page, "noun": noun, "request": context.get("request")}
