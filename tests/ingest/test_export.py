"""A case out and in again is the same case, and out a second time it is the same bytes."""

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.changes.models import Change
from incidents.core.errors import InputError
from incidents.core.models import AuditEntry
from incidents.ingest.bundle.export import export_case, export_files, export_stream
from incidents.ingest.bundle.mapping.fields import guarded, unguarded
from incidents.ingest.bundle.services import check_bundle, import_bundle
from incidents.metrics.models import EvalRun, ExposureCount, MetricPoint
from incidents.response.models import Incident, Reference, Statement
from incidents.tickets.inbox import decide_symptoms
from incidents.tickets.models import Ticket, TicketSymptom
from tests.factories import at, make_change, make_exposure, make_incident, make_ticket
from tests.ingest.bundles import CASE, CHANGES, TICKETS, case, change, good_files, make_folder, ticket

pytestmark = pytest.mark.django_db
REAL_CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


def files_of(incident: Incident) -> dict[str, bytes]:
    """Return the exported files."""
    return {name: b"".join(chunks) for name, chunks in export_files(incident)}


def rows_of(raw: bytes) -> list[dict[str, Any]]:
    """Return the objects of a .jsonl file."""
    return [orjson.loads(line) for line in raw.splitlines()]


def imported(path: Path, product: str) -> Incident:
    """Import a bundle into a product of that name; it must be without problems."""
    report = import_bundle(path=path, product_slug=product)
    assert report.n_problems == 0, [str(problem) for problem in report.problems]
    return Incident.objects.get(pk=report.incident_id)


def facts(incident: Incident) -> list[Any]:
    """Return what a case says, without the numbers of its rows."""
    source = incident.source
    plain = ["kind", "title", "scope", "started_at", "ended_at", "end_kind", "rollout_shape", "day_fields", "extra"]
    plain += ["discovered_at", "announced_at", "user_facing", "visibility", "rollout_steps__share", "artifacts__after"]
    changes = Change.objects.filter(source=source).values_list("external_id", *plain, "links__other__external_id")
    ticket = ["reported_at", "onset_at", "title", "text", "segment__values", "channel", "weight", "day_fields", "extra"]
    tickets = Ticket.objects.filter(source=source).values_list("external_id", *ticket)
    labels = TicketSymptom.objects.filter(ticket__source=source)
    points = MetricPoint.objects.filter(series__source=source)
    return [
        [getattr(incident, name) for name in ("title", "timezone", "starts_at", "ends_at", "bucket", "extra")],
        sorted(map(str, changes)),
        sorted(map(str, tickets)),
        sorted(labels.values_list("ticket__external_id", "symptom__key", "confidence", "source")),
        sorted(map(str, points.values_list("series__segment__values", "at", "value", "n", "stderr", "day_only"))),
        sorted(map(str, ExposureCount.objects.filter(source=source).values_list("segment__values", "at", "count"))),
        sorted(map(str, EvalRun.objects.filter(source=source).values_list("external_id", "score", "extra"))),
        sorted(map(str, Statement.objects.filter(incident=incident).values_list("external_id", "claims", "extra"))),
        sorted(map(str, Reference.objects.filter(incident=incident).values_list("external_id", "url", "extra"))),
        list(incident.publicity.values_list("at", "title", "day_only")),
    ]


def assert_round_trip(place: Path, incident: Incident) -> None:
    """Export, import elsewhere, export again: equal facts, equal bytes."""
    first = export_case(incident=incident, path=place / "first.zip")
    copy = imported(first, "copy")
    assert facts(copy) == facts(incident)
    second = export_case(incident=copy, path=place / "second.zip")
    assert second.read_bytes() == first.read_bytes()


def test_export_and_import_give_equal_data(tmp_path: Path) -> None:
    incident = imported(make_folder(tmp_path), "one")
    out = files_of(incident)
    assert out.keys() == good_files().keys()
    assert orjson.loads(out["case.json"]) == {
        **CASE,
        "symptoms": [CASE["symptoms"][0], {**CASE["symptoms"][1], "description": ""}],
    }
    assert rows_of(out["changes.jsonl"]) == [
        {**CHANGES[1], "user_facing": False, "visibility": "public"},
        {**CHANGES[0], "visibility": "public"},
    ]
    expected = [*TICKETS[:2], {**TICKETS[2], "created_at": "2026-03-06T23:00:00Z"}]
    assert rows_of(out["tickets.jsonl"]) == expected
    assert out["metrics.csv"] == good_files()["metrics.csv"]
    assert out["exposure.csv"] == good_files()["exposure.csv"]
    assert rows_of(out["statements.jsonl"]) == rows_of(good_files()["statements.jsonl"])
    assert_round_trip(tmp_path, incident)


def test_a_folder_and_a_zip_hold_the_same(tmp_path: Path, admin_user: User) -> None:
    incident = imported(make_folder(tmp_path), "one")
    folder = export_case(incident=incident, path=tmp_path / "out", actor=admin_user)
    archive = zipfile.ZipFile(export_case(incident=incident, path=tmp_path / "out.zip"))
    assert {f"{incident.slug}/{entry.name}": entry.read_bytes() for entry in folder.iterdir()} == {
        name: archive.read(name) for name in archive.namelist()
    }
    assert archive.testzip() is None
    assert AuditEntry.objects.filter(action="case exported", actor=admin_user).count() == 1
    # A second export replaces the first; nothing else lies about.
    export_case(incident=incident, path=folder)
    assert {entry.name for entry in tmp_path.iterdir()} == {"bundle", "out", "out.zip"}


def test_places_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    incident = make_incident()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "full", tmp_path / "file", tmp_path / "no" / "where.zip"):
        with pytest.raises(InputError):
            export_case(incident=incident, path=path)
    assert (tmp_path / "full" / "thesis.txt").exists()


def test_a_stream_is_a_zip_that_any_tool_reads(tmp_path: Path) -> None:
    incident = imported(make_folder(tmp_path, tickets=[ticket(id=f"t{n}") for n in range(5000)]), "one")
    pieces = list(export_stream(incident))
    assert len(pieces) > 1
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert archive.testzip() is None
    assert archive.read(f"{incident.slug}/tickets.jsonl") == files_of(incident)["tickets.jsonl"]


def test_a_case_that_was_opened_by_hand_takes_what_falls_into_its_window(tmp_path: Path) -> None:
    incident = make_incident(source=None, title="By hand")
    product = incident.product
    make_ticket(product, external_id="inside", reported_at=at(5))
    make_ticket(product, external_id="outside", reported_at=at(5, month=5))
    make_change(product, external_id="early", started_at=at(20, month=2))
    make_change(product, external_id="late", started_at=at(20, month=6))
    make_exposure(product, 3, at(5), surface="cli")
    out = files_of(incident)
    assert [row["id"] for row in rows_of(out["tickets.jsonl"])] == ["bundle:inside"]
    assert [row["id"] for row in rows_of(out["changes.jsonl"])] == ["bundle:early"]
    assert out["exposure.csv"].decode().splitlines()[1] == "2026-03-05T12:00:00Z,cli,,3"
    assert check_bundle(path=export_case(incident=incident, path=tmp_path / "out.zip")).n_problems == 0


def test_rows_of_other_sources_come_along_once_and_never_double(tmp_path: Path) -> None:
    incident = imported(make_folder(tmp_path), "one")
    make_ticket(incident.product, external_id="t1", reported_at=at(9), text="From elsewhere.")
    make_change(incident.product, external_id="c1", started_at=at(9))
    out = export_case(incident=incident, path=tmp_path / "out.zip")
    ids = [row["id"] for row in rows_of(files_of(incident)["tickets.jsonl"])]
    assert ids == ["t1", "t2", "t3", "bundle:t1"]
    copy = export_case(incident=imported(out, "copy"), path=tmp_path / "copy.zip")
    assert copy.read_bytes() == out.read_bytes()
    again = import_bundle(path=out, product_slug="one", case_slug=incident.slug)
    assert again.changed_nothing
    assert again.n_problems == 0
    assert "2 rows came from other sources" in again.notes[-1].message


def test_labels_that_a_person_decided_go_out_as_symptoms(tmp_path: Path, admin_user: User) -> None:
    incident = imported(make_folder(tmp_path), "one")
    first, second = (Ticket.objects.get(external_id=name) for name in ("t1", "t2"))
    decide_symptoms(actor=admin_user, ticket=first, symptoms=[])
    symptoms = {row["id"]: row.get("symptoms") for row in rows_of(files_of(incident)["tickets.jsonl"])}
    assert symptoms == {"t1": [], "t2": ["forgetful"], "t3": []}
    decide_symptoms(actor=admin_user, ticket=first, symptoms=[label.symptom for label in second.labels.all()])
    assert rows_of(files_of(incident)["tickets.jsonl"])[0]["symptoms"] == ["forgetful"]


def test_a_bare_date_stays_one_only_where_it_is_a_day_of_the_case(tmp_path: Path) -> None:
    incident = imported(make_folder(tmp_path), "one")
    Incident.objects.filter(pk=incident.pk).update(timezone="Asia/Kolkata")
    incident.refresh_from_db()
    rows = {row["id"]: row for row in rows_of(files_of(incident)["tickets.jsonl"])}
    assert rows["t2"]["created_at"] == "2026-03-06T08:00:00Z"


def test_several_artifacts_and_odd_texts_come_back(tmp_path: Path) -> None:
    odd = change(
        artifact={"name": "b", "before": "", "after": "\u202eright\u200dleft", "lang": "en"},
        artifacts=[{"name": "a", "before": "x\r\ny", "after": ""}],
        description='"quoted", ünïcode \U0001f600',
        rollout=[{"at": "2026-03-04T10:00:00Z", "share": 0.25}, {"at": "2026-03-08", "share": 1}],
        rollout_shape="linear",
    )
    files: dict[str, Any] = {"changes": [odd], "evals": None, "statements": None}
    files["case"] = case(dimensions={"surface": ["=cmd()", "a,b", '"q"', "'=x", "=x", "-1"], "version": []})
    files["metrics"] = (
        "metric,at,surface,value\nlatency,2026-03-05,'=cmd(),1\nlatency,2026-03-05,'-1,0.1\nlatency,2026-03-05,'=x,2\n"
    )
    incident = imported(make_folder(tmp_path, **files), "one")
    table = files_of(incident)["metrics.csv"].decode()
    assert "'=cmd()" in table
    assert MetricPoint.objects.filter(series__segment__values={"surface": "=cmd()"}).exists()
    assert_round_trip(tmp_path, incident)


@given(st.text())
def test_the_guard_of_cells_is_undone(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in tuple("=+-@\t\r")


_words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip())
)
_keys = st.text("abcdefgh_", min_size=1, max_size=6)
_floats = st.floats(allow_nan=False, allow_infinity=False)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | _floats | _words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_words, inner, max_size=2),
    max_leaves=4,
)
_instants = st.datetimes(dt.datetime(2026, 3, 1), dt.datetime(2026, 3, 30)).map(lambda moment: f"{moment.isoformat()}Z")
_times = _instants | st.dates(dt.date(2026, 3, 1), dt.date(2026, 3, 30)).map(str)


@st.composite
def bundles(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the files of a small bundle that has no problem."""
    values = draw(st.lists(_words.map(str.strip), min_size=1, max_size=3, unique=True))
    zone = draw(st.sampled_from(["UTC", "America/Los_Angeles", "Asia/Kolkata", "Europe/Berlin"]))
    extra = {f"x_{key}": value for key, value in draw(st.dictionaries(_keys, _json, max_size=2)).items()}
    symptoms = [{"key": "slow", "name": draw(_words), "terms": draw(st.lists(_words, max_size=2)), **extra}]

    def tickets() -> list[dict[str, Any]]:
        rows = []
        for number in range(draw(st.integers(0, 3))):
            row: dict[str, Any] = {"id": f"t{number}", "created_at": draw(_times), "text": draw(_words), **extra}
            if draw(st.booleans()):
                row["segment"] = {"surface": draw(st.sampled_from(values))}
            if draw(st.booleans()):
                row["symptoms"] = draw(st.sampled_from([[], ["slow"]]))
            if draw(st.booleans()):
                row["weight"] = draw(st.floats(0.001, 1e9))
            rows.append(row)
        return rows

    def changes() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for number in range(draw(st.integers(0, 3))):
            start, end = sorted([draw(_instants), draw(_instants)])
            row = {"id": f"c{number}", "kind": "flag", "title": draw(_words), "started_at": start, **extra}
            row |= {"ended_at": end, "end_kind": "fix"} if draw(st.booleans()) else {}
            row |= {"scope": {"surface": values}} if draw(st.booleans()) else {}
            row |= {"masks": ["c0"]} if number and draw(st.booleans()) else {}
            row |= {"announced_at": draw(_times)} if draw(st.booleans()) else {}
            rows.append(row)
        return rows

    numbers = draw(st.lists(_floats, max_size=3))
    points = "".join(f"latency,2026-03-{day:02},{value!r}\n" for day, value in enumerate(numbers, 1))
    return {
        "case": case(timezone=zone, dimensions={"surface": values}, symptoms=symptoms, title=draw(_words), **extra),
        "tickets": tickets(),
        "changes": changes(),
        "metrics": f"metric,at,value\n{points}",
        "exposure": None,
        "evals": None,
        "statements": None,
        "sources": None,
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bundles())
def test_any_bundle_comes_back_as_it_was(tmp_path: Path, files: dict[str, Any]) -> None:
    from django.db import transaction

    with transaction.atomic():
        assert_round_trip(tmp_path, imported(make_folder(tmp_path, **files), "one"))
        transaction.set_rollback(True)


@pytest.mark.slow
def test_the_demo_case_comes_back_as_it_was(tmp_path: Path) -> None:
    from incidents.demo.bundle import write_bundle

    write_bundle(tmp_path / "demo")
    assert_round_trip(tmp_path, imported(tmp_path / "demo", "one"))


@pytest.mark.parametrize("name", ["claude-code-2026", "claude-code-baseline-2025-11"])
def test_real_cases_come_back_as_they_were(tmp_path: Path, name: str) -> None:
    if not (REAL_CASES / name).is_dir():
        pytest.skip(f"REAL CASE NOT TESTED: {REAL_CASES / name} is not there")
    assert_round_trip(tmp_path, imported(REAL_CASES / name, "one"))
