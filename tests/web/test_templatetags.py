"""The design system's tags: what they write, and that what people wrote stays text."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory

from incidents.charts.labels import SPACE

AT = datetime(2026, 3, 26, 21, tzinfo=UTC)
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
NASTY = '<img src=x onerror="alert(1)">'


def render(source: str, **context: Any) -> str:
    return " ".join(Template(source).render(Context(context)).replace(SPACE, " ").split())


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 12037|count }}", "12,037"),
        ("{{ x|decimal:2 }}", "0.26"),
        ("{{ x|percent }}", "26 %"),
        ("{{ x|ratio }}", "0.26×"),
        ("{{ 90|duration }}", "1 min 30 s"),
        ("{{ 4100|filesize }}", "4.1 kB"),
        ('{{ 1|plural:"ticket" }}', "1 ticket"),
        ('{{ 3|plural:"entry,entries" }}', "3 entries"),
        ("{{ none|count }}{{ none|percent }}{{ none|duration }}", "–––"),
    ],
)
def test_filters(source: str, text: str) -> None:
    assert render(source, x=0.257, none=None) == text


def test_an_estimate_marks_its_interval_as_lighter() -> None:
    assert render('{% estimate 412 355 470 "tickets" %}') == (
        '<span class="estimate"><span class="estimate__value">412</span> '
        '<span class="estimate__interval">[355 to 470]</span> <span class="estimate__unit">tickets</span></span>'
    )
    assert "interval" not in render("{% estimate 412 %}")
    assert "about 61 %</span>" in render("{% share 0.61 0.52 0.69 %}")
    assert "(52 to 69 %)" in render("{% share 0.61 0.52 0.69 %}")
    assert "[1.9 to 3.0]" in render("{% ratio_estimate 2.41 1.9 3.02 %}")


def test_a_time_is_shown_in_the_readers_zone_then_the_given_then_the_pages() -> None:
    wish = ZoneInfo("Asia/Tokyo")
    assert ">26 Mar 2026, 21:00 UTC</time>" in render("{% when at %}", at=AT)
    assert ">26 Mar 2026, 14:00 PDT</time>" in render("{% when at %}", at=AT, display_zone=LOS_ANGELES)
    assert ">26 Mar 2026, 22:00 CET</time>" in render('{% when at "Europe/Berlin" %}', at=AT, display_zone=LOS_ANGELES)
    assert ">27 Mar 2026, 06:00 JST</time>" in render(
        '{% when at "Europe/Berlin" %}', at=AT, display_zone=LOS_ANGELES, preferred_zone=wish
    )


def test_a_time_tells_utc_and_its_distance_on_hover() -> None:
    shown = render("{% when at zone %}", at=AT, zone=LOS_ANGELES)
    assert 'datetime="2026-03-26T21:00:00Z"' in shown
    assert 'title="26 Mar 2026, 21:00 UTC · ' in shown
    relative = render('{% when at zone style="relative" %}', at=AT, zone=LOS_ANGELES)
    assert 'title="26 Mar 2026, 14:00 PDT · 26 Mar 2026, 21:00 UTC"' in relative
    assert render('{% when at zone style="day" %}', at=AT, zone=LOS_ANGELES).endswith(">26 Mar 2026</time>")
    assert render('{% when at zone style="time" %}', at=AT, zone=LOS_ANGELES).endswith(">14:00 PDT</time>")
    assert render("{% when at %}", at=None) == '<span class="muted">–</span>'
    assert render("{% when at %}", at=AT.date()) == '<time datetime="2026-03-26">26 Mar 2026</time>'


def test_a_period_names_its_days() -> None:
    window = {"start": datetime(2026, 2, 4, tzinfo=UTC), "end": datetime(2026, 5, 11, tzinfo=UTC)}
    assert ">4 Feb to 10 May 2026</span>" in render("{% period start end %}", **window)
    assert ">since 4 Feb 2026</span>" in render("{% period start none %}", none=None, **window)


def test_a_button_passes_attributes_and_drops_false_ones() -> None:
    shown = render(
        '{% button "Save" kind="primary" type="submit" hx_post=url disabled=no autofocus=yes %}',
        no=False,
        yes=True,
        url="/x?a=1&b=2",
    )
    assert shown.startswith('<button class="button button--primary"')
    assert 'hx-post="/x?a=1&amp;b=2"' in shown
    assert " autofocus>" in shown
    assert "disabled" not in shown
    assert 'type="button"' in render('{% button "Go" %}')
    assert render('{% button "Go" href="/x" %}').startswith('<a class="button" href="/x">')


def test_an_icon_button_keeps_its_label_for_screen_readers() -> None:
    shown = render('{% button "!Close" icon_name="x" %}')
    assert '<span class="sr-only">Close</span>' in shown
    assert 'title="Close"' in shown
    assert "button--icon" in shown


def test_icons_are_hidden_unless_they_are_labelled() -> None:
    assert 'aria-hidden="true"' in render('{% icon "pin" %}')
    labelled = render('{% icon "pin" label="Pinned" %}')
    assert 'role="img" aria-label="Pinned"' in labelled
    assert "aria-hidden" not in labelled


def test_a_state_has_words_and_an_icon_and_an_unknown_one_is_shown_plainly() -> None:
    assert "pill--warn" in render('{% status "in_review" %}')
    assert "#eye" in render('{% status "in_review" %}')
    assert render('{% status "half_done" %}') == '<span class="pill">Half done</span>'
    assert "Contributing factor" in render('{% status "contributing" "Contributing factor" %}')


@pytest.mark.parametrize(
    "source",
    [
        "{% button x href=x title=x %}",
        "{% badge x %}",
        "{% status x %}",
        "{% icon x label=x %}",
        "{% change_mark 0 x %}",
        "{% empty x x action=x href=x %}",
        "{% error_state x x details=x %}",
        "{% progress x note=x rate=x %}",
        "{% diff x y x x %}",
        "{% estimate 1 0 2 x %}",
        "{% interval_bar 1 0 2 0 3 unit=x %}",
        "{% sparkline values x %}",
        "{% tabs items x %}",
        "{% segmented items x %}",
    ],
)
def test_what_people_wrote_stays_text(source: str) -> None:
    items = [{"label": NASTY, "url": NASTY, "is_current": True, "count": 1}]
    shown = render(source, x=NASTY, y="other", values=[1, 2], items=items)
    assert "<img" not in shown
    assert 'onerror="' not in shown


def test_the_mark_of_a_change_has_its_colour_and_pattern() -> None:
    assert render("{% change_mark 2 %}") == '<span class="swatch change-3 change-pattern-0" aria-hidden="true"></span>'
    assert render("{{ 9|change_class }}") == "change-2 change-pattern-1"


def test_an_interval_bar_lies_on_its_scale() -> None:
    shown = render('{% interval_bar 50 25 75 0 100 reference=0 position=1 unit="tickets" %}')
    assert 'aria-label="50 [25 to 75] tickets"' in shown
    assert 'class="ibar change-2 change-pattern-0"' in shown
    assert 'cx="80.0"' in shown
    assert 'x1="42.0" x2="118.0"' in shown


def test_an_end_beyond_the_scale_is_an_arrow_not_an_end() -> None:
    inside, beyond = render("{% interval_bar 50 25 75 0 100 %}"), render("{% interval_bar 50 25 750 0 100 %}")
    assert inside.count("V12") == 2
    assert beyond.count("V12") == 1
    assert "<circle" in beyond
    assert "<circle" not in render("{% interval_bar 500 25 750 0 100 %}")
    assert render("{% interval_bar nan 25 75 0 100 %}", nan=float("nan")) == '<span class="muted">no interval</span>'


def test_a_sparkline_leaves_gaps_open() -> None:
    shown = render('{% sparkline values "Complaints" %}', values=[1, 2, None, 4, 3])
    path = shown.split('d="')[1].split('"')[0]
    assert path.count("M") == 2
    assert path.count("L") == 2
    assert render('{% sparkline values "x" %}', values=[None]) == '<span class="muted">no values</span>'


def test_progress_with_and_without_an_end() -> None:
    known = render('{% progress "Reading" 4200 12000 unit="rows" rate="1,900 rows/s" cancel_url="/stop" %}')
    assert 'max="1000" value="350"' in known
    assert "4,200 of 12,000 rows" in known
    assert 'action="/stop"' in known
    unknown = render('{% progress "Fitting" 3 %}')
    assert "value=" not in unknown
    assert "Cancel" not in unknown


class _Form(forms.Form):
    title = forms.CharField(help_text="What users see.")
    words = forms.CharField(required=False)
    seen = forms.BooleanField(required=False)
    scope = forms.MultipleChoiceField(choices=[("a", "A")], widget=forms.CheckboxSelectMultiple, required=False)


def test_a_field_ties_hint_and_error_to_its_control() -> None:
    shown = render("{% field form.title %}", form=_Form({}))
    assert 'aria-describedby="id_title-hint id_title-error"' in shown
    assert 'aria-invalid="true"' in shown
    assert 'id="id_title-hint">What users see.' in shown
    assert 'id="id_title-error"' in shown
    clean = render("{% field form.words %}", form=_Form())
    assert "aria-invalid" not in clean
    assert '<span class="field__optional">optional</span>' in clean
    assert "field--check" in render("{% field form.seen %}", form=_Form())
    assert "<fieldset" in render("{% field form.scope %}", form=_Form())


def test_the_summary_of_errors_links_to_the_fields() -> None:
    form = _Form({})
    form.is_valid()
    form.add_error(None, "The two do not fit.")
    shown = render("{% form_errors form %}", form=form)
    assert '<a href="#id_title">Title</a>: This field is required.' in shown
    assert "The two do not fit." in shown
    assert render("{% form_errors form %}", form=_Form({"title": "x"})) == ""


def test_the_pager_keeps_the_query() -> None:
    request = RequestFactory().get("/tickets/?plan=team&page=2")
    page = Paginator(range(250), 100).get_page(2)
    template = Template('{% pager page "ticket" %}')
    shown = template.render(RequestContext(request, {"page": page}))
    assert "101 to 200 of 250 tickets" in shown
    assert 'href="?plan=team&amp;page=3"' in shown
    assert 'href="?plan=team&amp;page=1"' in shown
    assert template.render(RequestContext(request, {"page": Paginator([], 10).get_page(1)})).strip() == ""
