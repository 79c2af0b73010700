"""Importing into the database: each row once, what people decided stays, a file is in as a whole or not at all."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from incidents.catalog.models import DimensionValue, Product, Segment, Source, Symptom
from incidents.changes.models import ArtifactVersion, Change, ChangeLink, RolloutStep
from incidents.core.errors import InputError
from incidents.ingest.bundle.report import report_of
from incidents.ingest.bundle.services import import_bundle
from incidents.metrics.models import EvalRun, ExposureCount, Metric, MetricPoint
from incidents.response.models import Incident, PublicityEvent, Reference, Statement
from incidents.tickets.models import Ticket, TicketSymptom
from tests.ingest.bundles import CASE, CHANGES, TICKETS, case, change, lines, make_folder, make_zip, ticket
from tests.ingest.importing import counts, labels, of, take_in

pytestmark = pytest.mark.django_db
UTC = dt.UTC


def test_a_bundle_becomes_a_case(tmp_path: Path) -> None:
    report = take_in(tmp_path)
    assert (report.n_problems, report.product_slug, report.case_slug) == (0, "assistant", "answers-got-shallower")
    product = Product.objects.get()
    assert (product.name, product.timezone, product.is_demo) == ("Assistant", "America/Los_Angeles", False)
    incident = Incident.objects.get()
    assert (incident.pk, incident.product, incident.title) == (report.incident_id, product, CASE["title"])
    assert incident.starts_at == dt.datetime(2026, 3, 1, 8, tzinfo=UTC)
    # The last day is inside, and the clocks changed on 8 March.
    assert incident.ends_at == dt.datetime(2026, 4, 1, 7, tzinfo=UTC)
    assert incident.day_fields == ["starts_at", "ends_at"]
    assert incident.extra == {"owner": "team-7", "publicity": {"A long thread": {"views": 9000}}}
    assert PublicityEvent.objects.get().at == dt.datetime(2026, 3, 12, 7, tzinfo=UTC)
    assert list(Symptom.objects.values_list("key", flat=True)) == ["slow", "forgetful"]
    assert Metric.objects.get().extra == {"source": "probe"}


def test_changes_come_with_rollout_artifact_links_and_colours(tmp_path: Path) -> None:
    take_in(tmp_path)
    change = Change.objects.get(external_id="c1")
    assert change.ended_at == dt.datetime(2026, 3, 21, 7, tzinfo=UTC)
    assert set(change.day_fields) == {"ended_at", "announced_at", "rollout.1"}
    assert change.extra == {"risk": {"level": 3}, "rollout": {"0": {"who": "staff"}}}
    assert [step.share for step in RolloutStep.objects.filter(change=change)] == [0.1, 1.0]
    assert ArtifactVersion.objects.get(change=change).after == "medium"
    link = ChangeLink.objects.get()
    assert (link.change, link.other.external_id, link.kind) == (change, "c2", "masks")
    # A release comes after what is none, although it started earlier.
    assert list(Change.objects.order_by("colour").values_list("external_id", "colour")) == [("c1", 0), ("c2", 1)]


def test_tickets_keep_what_is_unknown_unknown_and_who_labelled_them(tmp_path: Path) -> None:
    take_in(tmp_path)
    first = Ticket.objects.get(external_id="t1")
    assert (first.segment.values, first.extra, first.day_fields) == ({"surface": "cli"}, {"votes": 4}, ["onset_at"])
    assert labels("t1") == {"slow": (0.75, "terms")}
    second = Ticket.objects.get(external_id="t2")
    assert (second.segment.values, second.weight, second.title, second.text) == ({}, 2.5, "", "")
    assert labels("t2") == {"forgetful": (1.0, "bundle")}
    assert labels("t3") == {}
    assert Ticket.objects.get(external_id="t3").reported_at == dt.datetime(2026, 3, 6, 23, tzinfo=UTC)


def test_the_other_files_become_rows(tmp_path: Path) -> None:
    take_in(tmp_path)
    assert set(ExposureCount.objects.values_list("count", "day_only")) == {(700, False), (30.5, True), (12, False)}
    assert ExposureCount.objects.get(count=700).at is None
    assert set(MetricPoint.objects.values_list("value", "n", "stderr")) == {(812.5, 40, None), (900, None, 1.5)}
    run = EvalRun.objects.get()
    assert (run.subject, run.n, run.paired, run.day_fields) == ("c1", 200, True, ["at"])
    statement = Statement.objects.get()
    assert statement.claims[0] == {"about": "c1", "says": "no effect", "sure": True}
    assert (statement.extra, Reference.objects.get().extra) == ({"impact": "none"}, {"read": "2026-05"})


def test_the_same_bundle_twice_changes_nothing(tmp_path: Path) -> None:
    first = take_in(tmp_path)
    before = _everything()
    again = import_bundle(path=make_zip(tmp_path), product_slug="assistant")
    assert again.changed_nothing
    assert [file.accepted for file in again.files] == [file.accepted for file in first.files]
    assert _everything() == before


def _everything() -> list[list[dict[str, Any]]]:
    models = (Incident, Change, RolloutStep, ArtifactVersion, ChangeLink, Ticket, TicketSymptom, Segment, Symptom)
    models += (Metric, MetricPoint, ExposureCount, EvalRun, Statement, Reference, PublicityEvent, DimensionValue)
    return [sorted(model.objects.values(), key=str) for model in models]


def test_a_corrected_bundle_changes_what_differs(tmp_path: Path) -> None:
    take_in(tmp_path)
    changes = [{**CHANGES[0], "title": "Renamed", "masks": []}, CHANGES[1], change(id="c3")]
    tickets = [{**TICKETS[0], "text": "It forgets."}, {**TICKETS[1], "weight": 3}, TICKETS[2], ticket(id="t4")]
    report = take_in(
        tmp_path, changes=changes, tickets=tickets, metrics="metric,at,surface,value\nlatency,2026-03-05,cli,9\n"
    )
    assert counts(report, "changes.jsonl") == (1, 1, 1)
    assert counts(report, "tickets.jsonl") == (1, 2, 1)
    assert counts(report, "metrics.csv") == (0, 1, 0)
    assert Change.objects.get(external_id="c1").title == "Renamed"
    assert not ChangeLink.objects.exists()
    assert labels("t1") == {"slow": (0.5, "terms"), "forgetful": (0.5, "terms")}
    assert MetricPoint.objects.get(at=dt.datetime(2026, 3, 5, 8, tzinfo=UTC)).n is None
    # Colours were given in the order of entry and stay.
    assert dict(Change.objects.values_list("external_id", "colour")) == {"c1": 0, "c2": 1, "c3": 2}


def test_a_change_of_rollout_alone_is_a_change(tmp_path: Path) -> None:
    take_in(tmp_path)
    changed = {**CHANGES[0], "rollout": [{"at": "2026-03-04T10:00:00Z", "share": 0.3, "who": "staff"}]}
    changed["artifact"] = {"name": "default", "before": "high", "after": "low"}
    report = take_in(tmp_path, changes=[changed, CHANGES[1]])
    assert counts(report, "changes.jsonl") == (0, 1, 1)
    assert [step.share for step in RolloutStep.objects.all()] == [0.3]
    assert ArtifactVersion.objects.get().after == "low"


def test_labels_alone_make_a_ticket_changed(tmp_path: Path) -> None:
    take_in(tmp_path)
    report = take_in(tmp_path, tickets=[{**TICKETS[0], "symptoms": ["slow"]}, *TICKETS[1:]])
    assert counts(report, "tickets.jsonl") == (0, 1, 2)
    assert labels("t1") == {"slow": (1.0, "bundle")}


def test_good_rows_go_in_and_bad_ones_are_told(tmp_path: Path) -> None:
    report = take_in(tmp_path, tickets=[ticket(), ticket(id="t2", created_at="soon"), ticket(), ticket(id="t3")])
    assert counts(report, "tickets.jsonl") == (2, 0, 0)
    assert of(report, "tickets.jsonl").problems == report.n_problems == 2
    assert [(problem.line, problem.field) for problem in report.problems] == [(2, "created_at"), (3, "")]
    assert set(Ticket.objects.values_list("external_id", flat=True)) == {"t1", "t3"}


def test_all_or_nothing_leaves_a_bad_file_out_whole(tmp_path: Path) -> None:
    bad = {"tickets": [ticket(segment={"surface": "new-one"}), ticket(id="t2", created_at="soon")]}
    report = take_in(tmp_path, all_or_nothing=True, **bad)
    assert of(report, "tickets.jsonl").refused
    assert (counts(report, "tickets.jsonl"), Ticket.objects.count()) == ((0, 0, 0), 0)
    assert counts(report, "changes.jsonl") == (2, 0, 0)
    assert not DimensionValue.objects.filter(key="new-one").exists()


def test_all_or_nothing_also_means_rows_that_repeat_and_links_that_lead_nowhere(tmp_path: Path) -> None:
    report = take_in(
        tmp_path,
        all_or_nothing=True,
        changes=[change(masks=["gone"])],
        tickets=[ticket(), ticket()],
        metrics="metric,at,value\nlatency,2026-03-05,1\nlatency,2026-03-05,2\n",
        evals=None,
        statements=None,
    )
    refused = {file.file for file in report.files if file.refused}
    assert refused == {"changes.jsonl", "tickets.jsonl", "metrics.csv"}
    assert not Change.objects.exists()
    assert not MetricPoint.objects.exists()


def test_a_link_that_leads_nowhere_costs_the_link_alone(tmp_path: Path) -> None:
    report = take_in(tmp_path, changes=[change(masks=["gone", "c2"]), change(id="c2")], evals=None, statements=None)
    assert [(problem.line, problem.field) for problem in report.problems] == [(1, "masks")]
    assert counts(report, "changes.jsonl") == (2, 0, 0)
    assert ChangeLink.objects.get().other.external_id == "c2"


def test_a_value_that_is_new_joins_its_dimension(tmp_path: Path) -> None:
    take_in(tmp_path, tickets=[ticket(segment={"version": "0.9", "surface": "tv"})])
    values = DimensionValue.objects.order_by("position")
    assert list(values.filter(dimension__key="version").values_list("key", flat=True)) == ["0.9", "1.0", "1.1"]
    assert list(values.filter(dimension__key="surface").values_list("key", flat=True)) == ["cli", "web", "tv"]


def test_a_damaged_file_costs_itself_alone(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "broken.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for entry in sorted(make_folder(tmp_path).iterdir()):
            archive.write(entry, entry.name)
    path.write_bytes(path.read_bytes().replace(b"It takes ages.", b"It takes agos."))
    report = import_bundle(path=path, product_slug="assistant")
    assert of(report, "tickets.jsonl").refused
    assert "CRC" in report.problems[0].message
    assert (Ticket.objects.count(), Change.objects.count(), Statement.objects.count()) == (0, 2, 1)


def test_stopping_leaves_whole_files_and_importing_again_adds_the_rest(tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def stop(n_done: int, n_total: int | None, message: str) -> None:
        if message.startswith("tickets.jsonl: "):
            raise StopError

    tickets = [ticket(id=f"t{number}") for number in range(2500)]
    folder = make_folder(tmp_path, tickets=tickets)
    with pytest.raises(StopError):
        import_bundle(path=folder, product_slug="assistant", progress=stop)
    assert (Change.objects.count(), Ticket.objects.count()) == (2, 0)
    report = import_bundle(path=folder, product_slug="assistant")
    assert counts(report, "changes.jsonl") == (0, 0, 2)
    assert counts(report, "tickets.jsonl") == (2500, 0, 0)


def test_progress_grows_to_its_end_and_names_the_file(tmp_path: Path) -> None:
    heard: list[tuple[int, int | None, str]] = []
    folder = make_folder(tmp_path, tickets=[ticket(id=f"t{number}") for number in range(2500)])
    import_bundle(path=folder, product_slug="assistant", progress=lambda *step: heard.append(step))
    done = [step[0] for step in heard]
    total = sum(entry.stat().st_size for entry in folder.iterdir())
    assert done == sorted(done)
    assert {step[1] for step in heard} == {total}
    assert done[-1] == total - (folder / "case.json").stat().st_size
    assert any(step[2].startswith("tickets.jsonl: 2,000 rows, ") for step in heard)


def test_blocks_and_batches_leave_no_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from incidents.catalog import upsert

    monkeypatch.setattr(upsert, "BLOCK", 1000)
    rows = [ticket(id=f"t{number}", text=f"It is slow {number}.") for number in range(12_000)]
    rows[11_999] = {**rows[11_999], "id": "t7"}
    first = take_in(tmp_path, tickets=rows)
    assert counts(first, "tickets.jsonl") == (11_999, 0, 0)
    assert [(problem.line, problem.message) for problem in first.problems] == [(12_000, "has the same key as line 8")]
    rows[6000] = {**rows[6000], "text": "Other words."}
    again = take_in(tmp_path, tickets=[*rows[:-1], ticket(id="new")])
    assert counts(again, "tickets.jsonl") == (1, 1, 11_998)
    assert TicketSymptom.objects.count() == 11_999
    assert labels("t6000") == {}


def test_tickets_outside_the_window_are_kept_and_noted(tmp_path: Path) -> None:
    report = take_in(tmp_path, tickets=[ticket(created_at="2026-01-01")])
    assert counts(report, "tickets.jsonl") == (1, 0, 0)
    assert [note.field for note in report.notes] == ["created_at"]


def test_numbers_beyond_64_bits_do_not_change_on_every_import(tmp_path: Path) -> None:
    huge = (
        '{"id": "c9", "kind": "flag", "title": "x", "started_at": "2026-03-04", "huge": 123456789012345678901234567890}'
    )
    files: dict[str, Any] = {"changes": [huge], "evals": None, "statements": None}
    files["case"] = lines([case()]).replace(b'"team-7"', b"123456789012345678901234567890")
    take_in(tmp_path, **files)
    assert take_in(tmp_path, **files).changed_nothing


def test_the_same_id_in_two_cases_is_two_rows(tmp_path: Path) -> None:
    take_in(tmp_path)
    report = take_in(tmp_path, case=case(title="Another"))
    assert counts(report, "tickets.jsonl") == (3, 0, 0)
    assert Source.objects.count() == 2
    # The same number of the same segment at the same time is one fact, whoever tells it.
    assert counts(report, "metrics.csv") == (0, 0, 2)
    assert (MetricPoint.objects.count(), ExposureCount.objects.count()) == (2, 3)


def test_names_come_from_the_folder_the_title_or_the_caller(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    report = import_bundle(path=folder)
    assert (report.product_slug, Product.objects.get().name) == ("bundle", "Bundle")
    report = import_bundle(
        path=folder, product_slug="p", product_name="The P", case_slug="c", title="Other", is_demo=True
    )
    assert (report.case_slug, report.title) == ("c", "Other")
    assert Product.objects.get(slug="p").is_demo
    assert Incident.objects.get(slug="c").title == "Other"


def test_an_unusable_bundle_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        take_in(tmp_path, case=case(window={"start": "2026-03-02", "end": "2026-03-01"}))
    assert not Product.objects.exists()


def test_a_report_survives_storage(tmp_path: Path) -> None:
    import orjson

    report = take_in(tmp_path, tickets=[ticket(id=None)])
    assert report_of(orjson.loads(orjson.dumps(report.as_json()))) == report


def test_a_huge_text_of_many_words_goes_in(tmp_path: Path) -> None:
    text = " ".join(f"word{number}" for number in range(100_000))[:1_000_000]
    report = take_in(tmp_path, tickets=[ticket(text=text, title="x" * 10_000)])
    assert counts(report, "tickets.jsonl") == (1, 0, 0)
    assert Ticket.objects.get().text == text


def test_the_planner_knows_of_rows_that_came_in_by_the_thousand(tmp_path: Path) -> None:
    from django.db import connection

    def known() -> float:
        with connection.cursor() as cursor:
            cursor.execute("select reltuples from pg_class where relname = 'incidents_ticket'")
            return float(cursor.fetchone()[0])

    with connection.cursor() as cursor:
        cursor.execute("analyze incidents_ticket")
    before = known()
    take_in(tmp_path, tickets=[ticket(id=f"t{number}") for number in range(1500)])
    assert known() >= before + 1500
