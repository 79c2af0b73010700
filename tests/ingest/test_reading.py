"""Rows that cannot be used: each is told with file, line, field and remedy, and the others go in."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from incidents.core.errors import InputError
from incidents.ingest.bundle import lines as line_reading
from incidents.ingest.bundle.problems import KEPT
from incidents.ingest.bundle.report import ImportReport
from incidents.ingest.bundle.services import check_bundle
from tests.ingest.bundles import CASE, TICKETS, case, change, lines, make_folder, make_zip, ticket
from tests.ingest.checking import accepted, check, only


def test_a_good_bundle_has_no_problem(tmp_path: Path) -> None:
    report = check(tmp_path)
    assert (report.n_problems, report.notes) == (0, ())
    assert {file.file: file.accepted for file in report.files} == {
        "case.json": 1,
        "changes.jsonl": 2,
        "tickets.jsonl": 3,
        "exposure.csv": 3,
        "metrics.csv": 2,
        "evals.jsonl": 1,
        "statements.jsonl": 1,
        "sources.jsonl": 1,
    }
    assert check_bundle(path=make_zip(tmp_path)).n_problems == 0


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ({"id": None}, "id", "is missing"),
        ({"id": "  "}, "id", "is missing"),
        ({"id": 7}, "id", "7 is not a text"),
        ({"id": "x" * 201}, "id", "longer than 200"),
        ({"created_at": None}, "created_at", "None is not a text"),
        ({"created_at": "2026-03-05T11:00:00"}, "created_at", "offset"),
        ({"created_at": "05/03/2026"}, "created_at", "ISO 8601"),
        ({"created_at": "2026-02-30"}, "created_at", "no valid time"),
        ({"created_at": "2026-W10-4"}, "created_at", "ISO 8601"),
        ({"created_at": 1772708400}, "created_at", "is not a text"),
        ({"created_at": "2026-03-05T24:00:00Z"}, "created_at", "no valid time"),
        ({"created_at": "0001-01-01"}, "created_at", "cannot be meant"),
        ({"created_at": "9999-12-31T23:59:59-08:00"}, "created_at", "no valid time"),
        ({"occurred_at": "2026-03-05T12:00:00Z"}, "occurred_at", "after created_at"),
        ({"text": None}, "text", "all empty"),
        ({"text": ["x"]}, "text", "is not a text"),
        ({"text": "x" * 1_000_001}, "text", "longer than"),
        ({"title": "x" * 10_001}, "title", "longer than"),
        ({"symptoms": ["nope"]}, "symptoms", "“nope” is no symptom"),
        ({"symptoms": "slow"}, "symptoms", "is no list"),
        ({"symptoms": [{}]}, "symptoms", "is no symptom"),
        ({"segment": {"planet": "mars"}}, "segment", "“planet” is no dimension"),
        ({"segment": {"surface": 3}}, "segment.surface", "3 is not a text"),
        ({"segment": {"surface": ["cli"]}}, "segment.surface", "is not a text"),
        ({"segment": {"surface": "x" * 121}}, "segment.surface", "longer than 120"),
        ({"segment": []}, "segment", "is no object"),
        ({"weight": 0}, "weight", "not above 0"),
        ({"weight": -1}, "weight", "not above 0"),
        ({"weight": True}, "weight", "not a number"),
        ({"weight": "2"}, "weight", "not a number"),
        ({"url": "javascript:alert(1)"}, "url", "no web address"),
        ({"channel": "x" * 61}, "channel", "longer than 60"),
        ({"text": "a\0b"}, "text", "NUL"),
        ({"extra": {"deep": ["a\0b"]}}, "extra.deep", "NUL"),
    ],
)
def test_a_bad_ticket_is_told_and_the_next_goes_in(tmp_path: Path, row: dict[str, Any], field: str, words: str) -> None:
    report = check(tmp_path, tickets=[ticket(**row), ticket(id="good")])
    file, line, where, message = only(report)
    assert (file, line, where) == ("tickets.jsonl", 1, field)
    assert words in message
    assert accepted(report, "tickets.jsonl") == 1


@pytest.mark.parametrize(
    "raw",
    [
        b'{"id": NaN}',
        b'{"id": "t", "weight": Infinity}',
        b'{"id": "t", "weight": 1e400}',
        b'{"id": "\\ud800"}',
        b'{"id": "\xff"}',
        b'{"id": "t"',
        b'{"id": "t"} {"id": "u"}',
        b"[" * 2000 + b"]" * 2000,
        b'["no object"]',
        b"null",
    ],
)
def test_a_line_that_is_no_object_is_told_and_the_next_goes_in(tmp_path: Path, raw: bytes) -> None:
    report = check(tmp_path, tickets=[raw, ticket()])
    assert only(report)[:3] == ("tickets.jsonl", 1, "")
    assert accepted(report, "tickets.jsonl") == 1


def test_line_ends_marks_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbf" + b"\r\n\r\n".join(orjson.dumps(row) for row in TICKETS)
    report = check(tmp_path, tickets=raw)
    assert report.n_problems == 0
    assert accepted(report, "tickets.jsonl") == len(TICKETS)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    assert "UTF-16" in only(check(tmp_path, tickets=lines(TICKETS).decode().encode("utf-16")))[3]
    assert "UTF-16" in only(check(tmp_path, metrics="metric,at,value\n".encode("utf-16")))[3]


def test_a_huge_line_is_left_out_without_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_reading, "MAX_LINE", 2000)
    report = check(tmp_path, tickets=[ticket(text="x" * 9000), ticket(id="good")])
    assert only(report)[1:] == (1, "", "is longer than 2,000 bytes")
    assert accepted(report, "tickets.jsonl") == 1


def test_an_id_twice_names_both_lines(tmp_path: Path) -> None:
    report = check(tmp_path, tickets=[ticket(), ticket(id="t2"), ticket(text="again")])
    assert only(report)[1:] == (3, "", "has the same key as line 1")


def test_a_million_complaints_are_counted_and_a_thousand_kept(tmp_path: Path) -> None:
    report = check(tmp_path, tickets=[ticket(id=None)] * (KEPT + 500))
    assert (report.n_problems, len(report.problems)) == (KEPT + 500, KEPT)


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ({"kind": None}, "kind", "is missing"),
        ({"kind": "magic"}, "kind", "“magic” is not known"),
        ({"title": " "}, "title", "is missing or empty"),
        ({"title": "x" * 301}, "title", "longer than 300"),
        ({"started_at": None}, "started_at", "is not a text"),
        ({"ended_at": "2026-03-03", "end_kind": "fix"}, "ended_at", "before started_at"),
        ({"ended_at": "9999-12-31"}, "ended_at", "out of reach"),
        ({"end_kind": "fix"}, "end_kind", "not when"),
        ({"end_kind": "gone", "ended_at": "2026-03-09"}, "end_kind", "“gone” is not known"),
        ({"scope": {"surface": "cli"}}, "scope.surface", "no list"),
        ({"scope": {"surface": []}}, "scope.surface", "no list"),
        ({"scope": {"planet": ["mars"]}}, "scope", "no dimension"),
        ({"rollout": [{"at": "2026-03-04T10:00:00Z", "share": 1.1}]}, "rollout[0].share", "above 1"),
        ({"rollout": [{"at": "2026-03-04T10:00:00Z", "share": -0.1}]}, "rollout[0].share", "below 0"),
        ({"rollout": [{"at": "2026-03-04T10:00:00Z"}]}, "rollout[0].share", "not a number"),
        ({"rollout": [{"at": "2026-03-01", "share": 1}]}, "rollout[0].at", "before started_at"),
        ({"rollout": ["now"]}, "rollout[0]", "no step"),
        ({"rollout": {}}, "rollout", "no list"),
        ({"rollout_shape": "wavy"}, "rollout_shape", "not known"),
        ({"user_facing": "yes"}, "user_facing", "neither true nor false"),
        ({"visibility": "secret"}, "visibility", "not known"),
        ({"artifact": {"before": "x"}}, "artifact", "no text with a name"),
        ({"masks": ["c1"]}, "masks", "names the change itself"),
        ({"masks": "c2"}, "masks", "no list"),
        ({"url": "file:///etc/passwd"}, "url", "no web address"),
    ],
)
def test_a_bad_change_is_told(tmp_path: Path, row: dict[str, Any], field: str, words: str) -> None:
    changes = [change(**row), change(id="c2")]
    report = check(tmp_path, changes=changes, evals=None, statements=None)
    file, line, where, message = only(report)
    assert (file, line, where) == ("changes.jsonl", 1, field)
    assert words in message


def test_steps_stand_in_order_and_a_day_holds_its_whole_day(tmp_path: Path) -> None:
    def steps(*times: str) -> ImportReport:
        rollout = [{"at": at, "share": 0.5} for at in times]
        return check(tmp_path, changes=[change(rollout=rollout)], evals=None, statements=None)

    assert steps("2026-03-04", "2026-03-05").n_problems == 0
    assert "not after the step before it" in only(steps("2026-03-06", "2026-03-05"))[3]


def test_a_link_to_no_change_is_told(tmp_path: Path) -> None:
    report = check(tmp_path, changes=[change(interacts_with=["gone"])], evals=None, statements=None)
    assert only(report)[:3] == ("changes.jsonl", 1, "interacts_with")


@pytest.mark.parametrize(
    ("file", "row", "field", "words"),
    [
        ("evals", {"suite": None}, "suite", "is missing"),
        ("evals", {"n": 1.5}, "n", "no whole number"),
        ("evals", {"n": 0}, "n", "no whole number"),
        ("evals", {"score": "0.5"}, "score", "not a number"),
        ("evals", {"discordant": 2}, "discordant", "above 1"),
        ("evals", {"subject": "gone"}, "subject", "no change of this case"),
        ("evals", {"paired": "yes"}, "paired", "neither true nor false"),
        ("statements", {"text": ""}, "text", "is missing or empty"),
        ("statements", {"claims": [{"about": "gone", "says": "x"}]}, "claims[0].about", "no change of this case"),
        ("statements", {"claims": ["x"]}, "claims[0]", "does not tell"),
        ("statements", {"claims": {}, "audience": 1}, "audience", "is not a text"),
        ("sources", {"url": "ftp://x"}, "url", "no web address"),
    ],
)
def test_a_bad_row_of_the_small_files_is_told(
    tmp_path: Path, file: str, row: dict[str, Any], field: str, words: str
) -> None:
    good = {
        "evals": {"id": "e1", "suite": "daily", "at": "2026-03-08"},
        "statements": {"id": "s1", "at": "2026-03-08", "text": "All is well."},
        "sources": {"id": "log", "url": "https://log.example"},
    }[file]
    report = check(tmp_path, **{file: [{**good, **row}, {**good, "id": "second"}]})
    assert (only(report)[0], only(report)[2]) == (f"{file}.jsonl", field)
    assert words in only(report)[3]
    assert accepted(report, f"{file}.jsonl") == 1


def test_two_forms_of_one_file_are_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    (folder / "tickets.csv").write_text("id,created_at\n")
    with pytest.raises(InputError, match=r"tickets\.jsonl and tickets\.csv are both"):
        check_bundle(path=folder)


@pytest.mark.parametrize("missing", ["changes", "tickets"])
def test_a_required_file_must_be_there(tmp_path: Path, missing: str) -> None:
    with pytest.raises(InputError, match=rf"{missing}\.jsonl: is missing"):
        check(tmp_path, **{missing: None})


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"format": "incident-case/2"}, "format: “incident-case/2” is not read here"),
        ({"title": None}, "title: is missing"),
        ({"timezone": "Mars/Olympus"}, "“Mars/Olympus” is no time zone"),
        ({"timezone": "../../etc/passwd"}, "is no time zone"),
        ({"timezone": None}, "timezone: is missing"),
        ({"window": None}, "window: is missing"),
        ({"window": {"start": "2026-03-02", "end": "2026-03-01"}}, "ends before it starts"),
        ({"window": {"start": "2026-03-02"}}, "window.end"),
        ({"bucket": "year"}, "bucket: “year” is not known"),
        ({"dimensions": ["surface"]}, "dimensions"),
        ({"dimensions": {"surface": ["cli", "cli"]}}, "lists a value twice"),
        ({"dimensions": {"surface": [1]}}, "no list of texts"),
        ({"dimensions": {"value": ["x"]}}, "also a column"),
        ({"symptoms": {}}, "symptoms: {} is no list"),
        ({"symptoms": [{"name": "x"}]}, "symptoms[0].key: is missing"),
        ({"symptoms": [{"key": "a", "name": "x"}, {"key": "a", "name": "y"}]}, "symptoms[1].key: “a” was used before"),
        ({"symptoms": [{"key": "a", "name": "x", "terms": "slow"}]}, "symptoms[0].terms"),
        ({"metrics": [{"key": "a", "name": "x", "better": "more"}]}, "metrics[0].better"),
        ({"publicity": [{"at": "soon", "title": "x"}]}, "publicity[0].at"),
        ({"owner": "a\0b"}, "owner: holds a NUL"),
    ],
)
def test_a_case_that_cannot_be_used_says_why(tmp_path: Path, members: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        check(tmp_path, case=case(**members))
    assert words in " | ".join(str(problem) for problem in caught.value.problems)
    assert all(problem.file == "case.json" and problem.remedy for problem in caught.value.problems)


def test_all_problems_of_the_case_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        check(tmp_path, case={"format": "incident-case/1"})
    assert {problem.field for problem in caught.value.problems} == {"title", "timezone", "window"}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff\xfe{\0}\0", b'{"title": NaN}'])
def test_a_case_that_is_no_json_object_is_told(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(InputError, match=r"case\.json"):
        check(tmp_path, case=raw)


def test_a_huge_case_is_not_read_into_memory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="larger than"):
        check(tmp_path, case=b" " * (17 * 1024 * 1024))


def test_nothing_that_is_read_changes_the_case_of_a_test() -> None:
    assert CASE["dimensions"] == {"surface": ["cli", "web"], "version": ["1.0", "1.1"]}
