"""The overlay under hands: mouse, keys, thumbs; its panels, filters and pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from incidents.changes.models import Change, RolloutStep
from incidents.core.access import Role
from incidents.response.models import Evidence, Incident, PublicityEvent
from tests.factories import at, make_change, make_incident, make_points, make_statement, make_ticket, make_user

pytestmark = pytest.mark.django_db(transaction=True)
Opener = Callable[..., Page]


@pytest.fixture
def incident() -> Incident:
    """A month in which one change makes complaints rise until it is reverted."""
    case = make_incident(title="Answers got shallower")
    product = case.product
    scope = {"surface": ["cli"]}
    change = make_change(
        product,
        title="Shorter answers",
        scope=scope,
        started_at=at(10, 0),
        ended_at=at(20, 0),
        end_kind="revert",
        discovered_at=at(18, 0),
        user_facing=True,
    )
    RolloutStep.objects.create(change=change, at=at(10, 0), share=0.3)
    RolloutStep.objects.create(change=change, at=at(12, 0), share=1.0)
    make_change(product, title="A new model", kind="model", started_at=at(5, 0), announced_at=at(5, 0))
    make_change(product, title="1.1", kind="client_release", carried_by_version="1.1", started_at=at(8, 0))
    for day in range(1, 31):
        for i in range(5 if 10 <= day < 20 else 1):
            make_ticket(product, "slow", segment={"surface": "cli"}, reported_at=at(day, 2 * i + 3))
        make_ticket(product, "forgetful", segment={"surface": "web"}, reported_at=at(day, 5))
    make_points(product, "success", {at(day, hour): 0.7 for day in range(1, 31) for hour in (0, 12)})
    make_statement(case, at=at(14))
    PublicityEvent.objects.create(incident=case, at=at(16), title="A thread was widely read")
    return case


@pytest.fixture
def opened(incident: Incident, open_page: Opener) -> Callable[..., Page]:
    """Give a function that opens the case's overlay as an engineer and waits until it is drawn."""
    user = make_user(Role.ENGINEER, product=incident.product)

    def open_(query: str = "", **options: Any) -> Page:
        page = open_page(user=user, **options)
        page.goto(reverse("case", args=[incident.pk]) + query)
        settled(page)
        return page

    return open_


def settled(page: Page) -> None:
    """Wait until the newest numbers are drawn."""
    page.wait_for_selector("#overlay.is-drawn")
    page.wait_for_selector("#ov-stage:not([aria-busy])")
    page.wait_for_selector("#ov-complaints-plot .js-plotly-plot, #ov-complaints-plot .ov-empty")


def plot(page: Page) -> dict[str, float]:
    box = page.locator("#ov-complaints-plot").bounding_box()
    assert box is not None
    return {"left": box["x"], "top": box["y"], "width": box["width"], "height": box["height"]}


def drag(page: Page, first: float, last: float, *, shift: bool = False) -> None:
    """Drag over the complaints between two parts (0 to 1) of the plot's width."""
    box = plot(page)
    y = box["top"] + box["height"] / 2
    if shift:
        page.keyboard.down("Shift")
    page.mouse.move(box["left"] + first * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["left"] + (first + last) / 2 * box["width"], y)
    page.mouse.move(box["left"] + last * box["width"], y)
    page.mouse.up()
    if shift:
        page.keyboard.up("Shift")


def test_all_panels_share_one_axis_to_the_pixel(opened: Callable[..., Page]) -> None:
    page = opened()
    lefts = page.evaluate(
        """() => {
            const edge = (home) => home.getBoundingClientRect().left + home._fullLayout.xaxis._offset;
            const plots = [...document.querySelectorAll('.ov-plotly')].map(edge);
            return [document.querySelector('#ov-back').getBoundingClientRect().left, ...plots];
        }"""
    )
    assert len(lefts) == 3
    assert max(lefts) - min(lefts) < 0.6
    bar, line = page.evaluate(
        """() => {
            const back = document.querySelector('#ov-back').getBoundingClientRect();
            const starts = [...document.querySelectorAll('[data-change] .ov-start')];
            const axis = document.querySelector('#ov-complaints-plot .ov-plotly')._fullLayout.xaxis;
            return [starts.map((one) => one.getBoundingClientRect().left - back.left), [9 * 24, 4 * 24].map(axis.l2p)];
        }"""
    )
    assert sorted(bar) == pytest.approx(sorted(line), abs=0.6)


def test_dragging_zooms_and_the_address_tells_it(opened: Callable[..., Page]) -> None:
    page = opened()
    drag(page, 0.3, 0.6)
    page.wait_for_url("**from=2026-03-1*to=2026-03-1*")
    settled(page)
    expect(page.locator("#ov-range-words")).to_contain_text("Mar")
    expect(page.locator("#ov-complaints-sub")).to_contain_text("per ")
    page.reload()
    settled(page)
    assert "from=" in page.url
    page.locator("#ov-stage").focus()
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "from=" not in url)
    page.go_back()
    page.wait_for_url("**from=*")


def test_selecting_opens_the_panel_and_pins_evidence(opened: Callable[..., Page], incident: Incident) -> None:
    page = opened()
    drag(page, 0.35, 0.55, shift=True)
    panel = page.locator("#ov-panel")
    expect(panel).to_contain_text("complaints by onset")
    expect(panel).to_contain_text("Changes in force")
    expect(panel).to_contain_text("It is slow, says number")
    panel.locator("textarea").fill("Here it rises.")
    panel.get_by_role("button", name="Pin", exact=True).click()
    expect(panel).to_contain_text("Pinned with its figures")
    assert Evidence.objects.get(incident=incident).note == "Here it rises."
    assert "sel_from=" in page.url
    panel.get_by_role("button", name="Close the panel").click()
    expect(panel).to_be_hidden()


def test_a_click_on_a_change_shows_it_and_contrasts_its_scope(opened: Callable[..., Page]) -> None:
    page = opened()
    change = Change.objects.get(title="Shorter answers")
    page.locator(f'[data-change="{change.pk}"]').click()
    panel = page.locator("#ov-panel")
    expect(panel.get_by_role("heading", level=2)).to_have_text("Shorter answers")
    expect(panel).to_contain_text("Surface: cli")
    expect(page.locator("#ov-front .ov-band")).to_have_count(1)
    panel.get_by_role("button", name="Exposed against the rest").click()
    page.wait_for_url("**contrast=*")
    expect(page.locator("#ov-legend")).to_contain_text("In its scope")
    page.get_by_role("button", name="Back to symptoms").first.click()
    expect(page.locator("#ov-legend")).to_contain_text("Slow")


def test_one_filter_drives_everything(opened: Callable[..., Page]) -> None:
    page = opened()
    expect(page.locator("#ov-complaints-sub")).to_contain_text("100 in view")
    page.get_by_role("button", name="Segments").click()
    page.locator("#ov-filter").get_by_label("web").check()
    page.wait_for_url("**seg.surface=web*")
    settled(page)
    expect(page.locator("#ov-complaints-sub")).to_contain_text("30 in view")
    expect(page.locator(".ov-change.is-dim")).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Take surface web out of the filter").click()
    expect(page.locator("#ov-complaints-sub")).to_contain_text("100 in view")


def test_everything_by_keyboard(opened: Callable[..., Page]) -> None:
    page = opened()
    page.locator("#ov-stage").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#ov-live")).to_contain_text("Mar 2026")
    page.keyboard.press("[")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    expect(page.locator("#ov-panel")).to_contain_text("complaints by onset")
    page.keyboard.press("Escape")
    expect(page.locator("#ov-panel")).to_be_hidden()
    page.keyboard.press("+")
    page.wait_for_url("**from=*")
    settled(page)
    mark = page.locator("a[data-change]").first
    mark.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ov-panel h2")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_contain_text("Filter by segment")


def test_dates_can_be_typed(opened: Callable[..., Page]) -> None:
    page = opened()
    page.get_by_role("button", name="Dates").click()
    form = page.locator("#ov-range-form")
    form.get_by_label("From").fill("2026-03-12T00:00")
    form.get_by_label("To").fill("2026-03-11T00:00")
    form.get_by_role("button", name="Show this window").click()
    expect(page.locator("#ov-range-error")).to_be_visible()
    form.get_by_label("To").fill("2026-03-14T00:00")
    form.get_by_role("button", name="Show this window").click()
    page.wait_for_url("**from=2026-03-12T00%3A00Z&to=2026-03-14T00%3A00Z")


def test_views_layers_and_folds(opened: Callable[..., Page]) -> None:
    page = opened()
    page.get_by_role("button", name="View").click()
    expect(page.locator("#ov-layers-note")).to_contain_text("No attribution has been run")
    page.get_by_text("One plot a symptom").click()
    page.wait_for_url("**view=multiples*")
    settled(page)
    assert page.evaluate("document.querySelector('#ov-complaints-plot .ov-plotly')._fullLayout.yaxis2 !== undefined")
    page.get_by_label("Group by").select_option("kind")
    page.wait_for_url("**group=kind*")
    settled(page)
    page.keyboard.press("Escape")
    fold = page.locator(".ov-fold").first
    expect(fold).to_have_attribute("aria-expanded", "true")
    fold.click()
    expect(page.locator(".ov-fold").first).to_have_attribute("aria-expanded", "false")


def test_statements_and_the_table_can_be_read(opened: Callable[..., Page]) -> None:
    page = opened()
    page.locator("[data-flags]").first.click()
    expect(page.locator("#ov-panel")).to_contain_text("We changed nothing.")
    page.get_by_text("Complaints as a table").click()
    table = page.locator("#ov-table table")
    expect(table).to_contain_text("Slow")
    row = table.get_by_role("row").filter(has_text="Tue 10 Mar 2026")
    expect(row.get_by_role("cell").first).to_have_text("5")


def test_a_failure_says_what_to_do_and_trying_again_helps(opened: Callable[..., Page], open_page: Any) -> None:
    page = opened()
    page.route("**/overlay.json*", lambda route: route.fulfill(status=500, body="no"))
    page.locator("#ov-stage").focus()
    page.keyboard.press("+")
    expect(page.locator("#ov-failed")).to_contain_text("The server answered 500")
    page.unroute("**/overlay.json*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#ov-failed")).to_be_hidden()
    open_page.problems.clear()


def test_an_empty_case_says_what_to_do(open_page: Opener) -> None:
    case = make_incident()
    page = open_page(user=make_user(Role.ENGINEER, product=case.product))
    page.goto(reverse("case", args=[case.pk]))
    settled(page)
    expect(page.locator("#ov-lanes")).to_contain_text("No change is logged")
    expect(page.locator("#ov-complaints-plot")).to_contain_text("no complaints yet")
    expect(page.locator("#ov-metrics")).to_contain_text("No metric is recorded")


@pytest.mark.parametrize("kind", ["PNG", "SVG"])
def test_the_picture_can_be_taken_away(opened: Callable[..., Page], kind: str, tmp_path: Path) -> None:
    page = opened()
    page.get_by_role("button", name="Copy the link, download").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"The picture ({kind})").click()
    target = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(target)
    content = target.read_bytes()
    assert len(content) > 10_000
    if kind == "SVG":
        assert b"Shorter answers" in content
        assert b"var(--" not in content


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_it_is_stacked_with_a_scrubber(
    opened: Callable[..., Page], screenshot: Callable[..., Path], scheme: str
) -> None:
    page = opened(width=390, colour_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    scrub = page.locator("#ov-scrub")
    expect(scrub).to_be_visible()
    scrub.fill("500")
    expect(page.locator("#ov-when")).to_contain_text("16 Mar 2026")
    page.locator("[data-change]").first.click()
    expect(page.locator("#ov-panel")).to_be_visible()
    screenshot(page, f"overlay-{scheme}", full_page=False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_whole_picture(opened: Callable[..., Page], screenshot: Callable[..., Path], scheme: str) -> None:
    page = opened(colour_scheme=scheme, zone="Asia/Kolkata")
    box = plot(page)
    page.mouse.move(box["left"] + box["width"] / 2, box["top"] + 20)
    expect(page.locator("#ov-when")).to_contain_text("UTC")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    screenshot(page, f"overlay-{scheme}", full_page=False)


def test_plots_stand_on_canvases_first_and_a_zoom_draws_them_anew(incident: Incident, open_page: Opener) -> None:
    """What is painted first needs no library and moves nothing when the real plots take its place."""
    page = open_page(user=make_user(Role.ENGINEER, product=incident.product))
    page.add_init_script("""
        document.addEventListener('overlay:first-paint', () => {
            window.canvases = document.querySelectorAll('.ov-preview').length;
            window.plots = document.querySelectorAll('.js-plotly-plot').length;
            window.top0 = document.querySelector('#ov-metrics').getBoundingClientRect().top;
        }, {once: true});
        document.addEventListener('overlay:drawn', () => { window.drawn = (window.drawn ?? 0) + 1; });
    """)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(reverse("case", args=[incident.pk]))
    page.wait_for_function("() => window.drawn === 1 && !document.querySelector('.ov-preview')")
    assert len([url for url in asked if "overlay.json" in url]) == 1, "asked early for the very width that is drawn"
    assert page.evaluate("window.canvases") == 2  # complaints and one metric
    assert page.evaluate("window.plots") == 0
    top = page.evaluate("document.querySelector('#ov-metrics').getBoundingClientRect().top")
    assert abs(top - page.evaluate("window.top0")) < 1
    asked.clear()
    page.locator("[data-window='168']").click()
    page.wait_for_function("() => window.drawn >= 2 && !document.querySelector('.ov-preview')")
    parts = [url.partition("parts=")[2] for url in asked if "overlay.json" in url]
    assert sorted(parts) == ["lanes%2Cflags%2Ccomplaints", "metrics"], "side by side"
    shown = page.evaluate("document.querySelector('#ov-complaints-plot .ov-plotly').layout.xaxis.range")
    assert shown[1] - shown[0] == pytest.approx(168)


def test_complaints_stay_in_sight_below_many_lanes(incident: Incident, opened: Callable[..., Page]) -> None:
    source = incident.source
    rows = [
        Change(product=incident.product, source=source, external_id=f"l{i}", kind="flag", title=f"A flag called {i}",
               colour=i, started_at=at(2 + i % 5, i % 24), ended_at=at(25, i % 24), end_kind="revert")
        for i in range(40)
    ]  # fmt: skip
    Change.objects.bulk_create(rows)
    page = opened("?group=none")
    box = plot(page)
    assert box["top"] + box["height"] < 900
    assert (
        page.locator(".ov-change").count()
        == page.evaluate("new Set([...document.querySelectorAll('.ov-change')].map((one) => one.dataset.change)).size")
        >= 40
    )
    page.get_by_role("button", name="as ticks: show all").click()
    assert plot(page)["top"] > 900
    expect(page.locator(".ov-change-tick")).to_have_count(0)
    page.get_by_role("button", name="lanes only").click()
    assert plot(page)["top"] == box["top"]
    # A scenario about a change whose lane was put away brings its bar.
    last = page.locator(".ov-change-tick").last.get_attribute("data-change")
    page.goto(f"{page.url}&change={last}&try=1")
    settled(page)
    expect(page.locator(".ov-handle")).to_have_count(2)


def test_a_crowd_of_changes_is_one_shape(incident: Incident, opened: Callable[..., Page]) -> None:
    source = incident.source
    Change.objects.bulk_create(
        Change(product=incident.product, source=source, external_id=f"f{i}", kind="flag", title=f"Flag {i}", colour=i,
               started_at=at(3 + i % 20))
        for i in range(450)
    )  # fmt: skip
    page = opened()
    expect(page.locator(".ov-crowd")).to_have_count(1)
    expect(page.get_by_text("Zoom in or search to see each.")).to_be_visible()
    assert page.locator(".ov-change").count() < 50
