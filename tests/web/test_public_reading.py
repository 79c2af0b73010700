"""Other ways to read what is public: feeds, files, the status API, the widget, the sitemap, a host of its own."""

import html
import json
import re
from xml.etree import ElementTree

import feedparser
import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from incidents.changes.models import Change
from incidents.core.access import Role
from incidents.core.errors import InputError, NotPermitted
from incidents.documents.services import draft_notice, save_document
from incidents.publishing.models import Publication
from incidents.publishing.services import withdraw
from incidents.publishing.themes import contrast, save_theme
from incidents.response.models import CandidateChange
from tests.documents.stories import Story
from tests.factories import at, make_change, make_product, make_user
from tests.web.test_public import out

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture
def story(db: None) -> Story:
    """Return a case with a run."""
    return Story()


def contributing(story: Story, change: Change | None = None) -> None:
    CandidateChange.objects.create(incident=story.incident, change=change or story.change, status="contributing")


def notice(story: Story, title: str, change: Change | None = None, body: str = "About it.") -> Publication:
    return out(
        story,
        title=title,
        body=body,
        document=draft_notice(actor=story.comms, incident=story.incident, change=change or story.change),
    )


# --- Feeds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["atom", "rss"])
@pytest.mark.parametrize("name", ["feed", "changelog", "postmortems"])
def test_a_reader_of_feeds_understands_them(client: Client, story: Story, name: str, form: str) -> None:
    out(story, title="What & <how>")
    notice(story, "Effort is back")
    answer = client.get(f"/p/larch/{name}.{form}")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.version == {"atom": "atom10", "rss": "rss20"}[form]
    titles = {html.unescape(entry.title) for entry in feed.entries}
    both = {"What & <how>", "Effort is back"}
    assert titles == {"feed": both, "changelog": {"Effort is back"}, "postmortems": {"What & <how>"}}[name]
    assert all(entry.id.startswith("urn:uuid:") and entry.content[0].value for entry in feed.entries)
    assert all(entry.published_parsed for entry in feed.entries)


def test_rss_names_itself_and_dates_as_mail_does(client: Client, story: Story) -> None:
    out(story)
    answer = client.get("/p/larch/feed.rss")
    assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    channel = ElementTree.fromstring(answer.content).find("channel")  # noqa: S314 - our own output
    assert channel is not None
    self_link = channel.find("{http://www.w3.org/2005/Atom}link")
    assert self_link is not None
    assert self_link.get("href") == "http://testserver/p/larch/feed.rss"
    assert (channel.findtext("item/pubDate") or "").endswith("+0000")


def test_json_feed_has_what_the_format_demands(client: Client, story: Story) -> None:
    publication = out(story)
    answer = client.get("/p/larch/feed.json")
    feed = json.loads(answer.content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "http://testserver/p/larch/feed.json"
    [item] = feed["items"]
    assert item["url"].endswith(f"/p/larch/postmortems/{publication.slug}/")
    assert item["content_html"] == publication.html
    assert item["date_published"].endswith("Z")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


# --- Files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["pdf", "docx", "md", "html", "json"])
def test_a_page_as_a_file_is_a_download_and_goes_with_the_page(client: Client, story: Story, form: str) -> None:
    publication = out(story)
    address = f"/p/larch/postmortems/{publication.slug}.{form}"
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{publication.slug}.{form}"'
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert f"{publication.slug}.{form}" in client.get(f"/p/larch/postmortems/{publication.slug}/").content.decode()
    withdraw(actor=story.comms, document=publication.document, reason="Too early.")
    assert client.get(address).status_code == 410


def test_links_to_a_page_have_a_picture(client: Client, story: Story) -> None:
    publication = notice(story, "Effort is back")
    address = f"/p/larch/changes/{publication.slug}/"
    assert f'property="og:image" content="http://testserver{address}card.png"' in client.get(address).content.decode()
    answer = client.get(f"{address}card.png")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


# --- Corrections -------------------------------------------------------------------------------------------------


def corrected(story: Story, publication: Publication, body: str, *, shows_earlier: bool) -> Publication:
    publication.document.refresh_from_db()
    return out(story, body=body, document=publication.document, correction="A word.", shows_earlier=shows_earlier)


def test_a_correction_shows_what_changed_where_it_may(client: Client, story: Story) -> None:
    publication = out(story, body="It lasted for hours.")
    corrected(story, publication, "It lasted for days.", shows_earlier=True)
    text = client.get(f"/p/larch/postmortems/{publication.slug}/").content.decode()
    assert "What changed in the text" in text
    assert re.search(r"hours.*days", text.split("History of this page")[1], re.DOTALL)


def test_a_correction_that_hides_hides_everything_before_it(client: Client, story: Story) -> None:
    publication = out(story, body="Secret-one.")
    corrected(story, publication, "Secret-one and more.", shows_earlier=True)
    corrected(story, publication, "Clean.", shows_earlier=False)
    corrected(story, publication, "Clean and longer.", shows_earlier=True)
    text = client.get(f"/p/larch/postmortems/{publication.slug}/").content.decode()
    assert "Secret-one" not in text
    assert text.count("What changed in the text") == 1
    assert text.count("A word.") >= 3


# --- The changelog -----------------------------------------------------------------------------------------------


def test_the_changelog_is_narrowed_by_kind_version_and_words(client: Client, story: Story) -> None:
    release = make_change(
        story.product, external_id="r", title="Client", kind="client_release", carried_by_version="2.1.90",
        user_facing=True, started_at=at(5),
    )  # fmt: skip
    notice(story, "Effort is back", body="Thinking is deeper again.")
    notice(story, "New client", release, body="The terminal draws faster.")

    def found(query: str) -> set[str]:
        text = client.get(f"/p/larch/?{query}").content.decode()
        return {title for title in ("Effort is back", "New client") if title in text}

    both = {"Effort is back", "New client"}
    assert found("") == both
    assert found("kind=client_release") == {"New client"}
    assert found("version=2.1.90") == {"New client"}
    assert found("q=terminal") == {"New client"}
    assert found("q=thinking") == {"Effort is back"}
    assert found("q=nothing-like-it") == set()
    assert found("kind=no-such&version=%00&q=%00") == set()
    assert "No notice matches." in client.get("/p/larch/?q=xyzzy").content.decode()


# --- The status API ----------------------------------------------------------------------------------------------


def status(client: Client, what: str, prefix: str = "") -> dict[str, object]:
    answer = client.get(f"{prefix}/api/v2/{what}.json")
    assert answer.status_code == 200
    found: dict[str, object] = json.loads(answer.content)
    return found


def test_an_incident_opens_with_a_notice_and_ends_with_the_remedy(client: Client, story: Story) -> None:
    contributing(story)
    assert status(client, "summary")["status"] == {"indicator": "none", "description": "No known incident"}
    Change.objects.filter(pk=story.change.pk).update(ended_at=None, end_kind="")
    story.change.refresh_from_db()
    first = notice(story, "Effort was lowered")
    assert first.incident_step == "identified"
    summary = status(client, "summary", "/p/larch")
    assert summary["status"]["indicator"] == "minor"  # type: ignore[index]
    assert summary["components"][0]["status"] == "degraded_performance"  # type: ignore[index]
    [incident] = summary["incidents"]  # type: ignore[misc]
    assert (incident["name"], incident["status"], incident["resolved_at"]) == ("Effort was lowered", "identified", None)
    assert incident["incident_updates"][0]["status"] == "identified"
    assert "Shallow answers" not in json.dumps(summary)

    Change.objects.filter(pk=story.change.pk).update(ended_at=at(20), end_kind="revert")
    story.change.refresh_from_db()
    notice(story, "Effort is back")
    assert status(client, "incidents/unresolved")["incidents"] == []
    [incident] = status(client, "incidents")["incidents"]  # type: ignore[misc]
    assert (incident["status"], incident["name"]) == ("resolved", "Effort is back")
    assert incident["resolved_at"] == "2026-03-20T12:00:00Z"
    out(story, title="What happened")
    [incident] = status(client, "incidents")["incidents"]  # type: ignore[misc]
    assert (incident["status"], len(incident["incident_updates"])) == ("postmortem", 3)


def test_a_notice_of_a_harmless_change_is_no_incident(client: Client, story: Story) -> None:
    publication = notice(story, "Effort is back")
    assert publication.incident_step == ""
    assert publication.incident_key is None
    assert status(client, "incidents")["incidents"] == []


# --- Widget, sitemap, look ---------------------------------------------------------------------------------------


def test_the_widget_is_small_may_be_framed_and_nothing_else_may(client: Client, story: Story) -> None:
    publication = out(story)
    frame = client.get("/p/larch/widget/")
    assert "X-Frame-Options" not in frame.headers
    assert "frame-ancestors *" in frame.headers["Content-Security-Policy"]
    assert publication.title in frame.content.decode()
    script = client.get("/p/larch/widget.js")
    assert len(frame.content) + len(script.content) < 10_000
    assert b"http://testserver/p/larch/widget/" in script.content.replace(b"\\u002D", b"-")
    page = client.get("/p/larch/")
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_the_sitemap_lists_what_is_public_and_robots_find_it(client: Client, story: Story) -> None:
    publication = out(story)
    story.approved()
    root = ElementTree.fromstring(client.get("/p/sitemap.xml").content)  # noqa: S314 - our own output
    places = [url.findtext("{http://www.sitemaps.org/schemas/sitemap/0.9}loc") for url in root]
    assert places == [
        f"http://testserver{path}"
        for path in ("/p/", "/p/larch/", "/p/larch/postmortems/", f"/p/larch/postmortems/{publication.slug}/")
    ]
    robots = client.get("/robots.txt").content.decode()
    assert "Sitemap: http://testserver/p/sitemap.xml" in robots
    assert "Disallow: /\n" in robots


def test_a_look_is_checked_stored_and_shown(client: Client, story: Story) -> None:
    out(story)
    administrator = make_user(Role.ADMINISTRATOR, product=story.product)
    with pytest.raises(NotPermitted):
        save_theme(actor=story.comms, product=story.product, accent="#003366")
    with pytest.raises(InputError) as refused:
        save_theme(
            actor=administrator, product=story.product, accent="#ffff00", domain="no host", css="</style>",
            home_url="javascript:x", logo=b"GIF89a",
        )  # fmt: skip
    assert {problem.field for problem in refused.value.problems} == {"accent", "domain", "css", "home_url", "logo"}
    save_theme(
        actor=administrator, product=story.product, site_name="Larch status", accent="#1f5fbf", accent_dark="#8fb8ff",
        css=".public-title { font-weight: 500; }", logo=PNG,
    )  # fmt: skip
    text = client.get("/p/larch/").content.decode()
    assert "Larch status" in text
    [sheet_at] = [part.split('"')[0] for part in text.split('href="') if "theme-" in part[:40]]
    style = client.get(sheet_at)
    assert b"light-dark(#1f5fbf, #8fb8ff)" in style.content
    assert b".public-title" in style.content
    assert "immutable" in style.headers["Cache-Control"]
    [logo_at] = [part.split('"')[0] for part in text.split('src="') if "/logo-" in part[:40]]
    logo = client.get(logo_at)
    assert (logo.content, logo.headers["Content-Type"]) == (PNG, "image/png")
    assert "sandbox" in logo.headers["Content-Security-Policy"]
    assert client.get("/p/larch/logo-0").status_code == 404


def test_contrast_is_the_known_ratio() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_host_of_its_own_shows_that_product_alone(client: Client, story: Story) -> None:
    publication = out(story)
    save_theme(
        actor=make_user(Role.ADMINISTRATOR, product=story.product), product=story.product, domain="public.example"
    )
    here = {"Host": "public.example"}
    assert client.get("/", headers=here).headers["Location"] == "/p/larch/"
    page = client.get(f"/p/larch/postmortems/{publication.slug}/", headers=here)
    assert page.status_code == 200
    canonical = f'rel="canonical" href="https://public.example/p/larch/postmortems/{publication.slug}/"'
    assert canonical in page.content.decode()
    assert canonical in client.get(f"/p/larch/postmortems/{publication.slug}/").content.decode()
    for path in ("/cases/", "/sign-in/", "/admin/", "/p/other/"):
        assert client.get(path, headers=here).status_code == 404, path
    # What crawlers and widgets ask for at the root tells of this product alone.
    publication.pk, publication.number, publication.product = None, 99, make_product(slug="other", name="Other")
    publication.save(force_insert=True)
    for path in ("/p/sitemap.xml", "/api/v2/components.json"):
        assert "other" in client.get(path).content.decode().lower()
        found = client.get(path, headers=here)
        assert found.status_code == 200
        assert "other" not in found.content.decode().lower()


def test_publishing_through_the_page_asks_what_happens_to_the_earlier_words(client: Client, story: Story) -> None:
    document = out(story).document
    document.refresh_from_db()
    document = save_document(
        actor=story.comms, document=document, title="What happened", body="Clearer.", seen_version=document.version
    )
    document = story.approved(document)
    client.force_login(story.comms)
    page = client.get(f"/documents/{document.pk}/publish/").content.decode()
    assert 'name="earlier" value="show"' in page
    sent = {"version": document.version, "correction": "Said more clearly.", "earlier": "show"}
    assert client.post(f"/documents/{document.pk}/publish/", sent).status_code == 302
    assert Publication.objects.get(is_current=True).shows_earlier


def test_a_page_asks_for_one_style_sheet_that_holds_all(client: Client, story: Story) -> None:
    out(story)
    text = client.get("/p/larch/").content.decode()
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', text)
    assert len(sheets) == 1
    answer = client.get(sheets[0])
    style = answer.content.decode()
    assert "@import" not in style
    assert "../" not in style
    assert "--accent" in style
    assert ".public-head" in style
    assert "@media print" in style
    assert style.count("{") == style.count("}")
    assert "immutable" in answer.headers["Cache-Control"]
    for address in re.findall(r'url\("(/static/[^"]+)"\)', style):
        assert finders.find(address.removeprefix("/static/")), address
    assert client.get("/p/style-0000.css").status_code == 404
