"""Tables, as CSV and as Parquet: bad cells, bad files, and what is read all the same."""

import io
from pathlib import Path

import pytest

from tests.ingest.checking import accepted, check, only


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        ("other,2026-03-05,,,1,,", "metric", "“other” is not described"),
        ("latency,,,,1,,", "at", "ISO 8601"),
        ("latency,2026-03-05T10:00:00,,,1,,", "at", "offset"),
        ("latency,2026-03-05,,,,,", "value", "is empty"),
        ("latency,2026-03-05,,,nan,,", "value", "not a number"),
        ("latency,2026-03-05,,,1e309,,", "value", "not finite"),
        ("latency,2026-03-05,,,１２,,", "value", "not a number"),
        ("latency,2026-03-05,,,1_000,,", "value", "not a number"),
        ('latency,2026-03-05,,,"1,5",,', "value", "not a number"),
        ("latency,2026-03-05,,,1,-1,", "n", "below 0"),
        ("latency,2026-03-05,,,1,,-0.5", "stderr", "below 0"),
        ("latency,2026-03-05,,,1,", "", "6 cells, not the header's 7"),
        ("latency,2026-03-05,,,1,,,x", "", "8 cells, not the header's 7"),
        ("latency,2026-03-05,a\0b,,1,,", "surface", "no UTF-8 text"),
    ],
)
def test_a_bad_point_is_told(tmp_path: Path, cells: str, field: str, words: str) -> None:
    table = f"metric,at,surface,version,value,n,stderr\n{cells}\nlatency,2026-03-06,cli,,2,,\n"
    report = check(tmp_path, metrics=table)
    assert only(report)[:3] == ("metrics.csv", 2, field)
    assert words in only(report)[3]
    assert accepted(report, "metrics.csv") == 1


@pytest.mark.parametrize(("cells", "words"), [(",cli,,-1", "below 0"), (",cli,,", "is empty"), ("soon,cli,,1", "ISO")])
def test_a_bad_usage_count_is_told(tmp_path: Path, cells: str, words: str) -> None:
    report = check(tmp_path, exposure=f"at,surface,version,count\n{cells}\n")
    assert words in only(report)[3]


def test_a_point_twice_names_both_lines(tmp_path: Path) -> None:
    table = "metric,at,surface,value\nlatency,2026-03-05,cli,1\nlatency,2026-03-05,,1\nlatency,2026-03-05,cli,2\n"
    assert only(check(tmp_path, metrics=table))[1:] == (4, "", "has the same key as line 2")


def test_an_open_quote_ends_the_reading_where_it_was_opened(tmp_path: Path) -> None:
    rows = ["latency,2026-03-05,cli,1", 'latency,2026-03-06,"cli,1'] + [
        f"latency,2026-03-{d},web,1" for d in range(10, 30)
    ]
    report = check(tmp_path, metrics="metric,at,surface,value\n" + "\n".join(rows))
    assert only(report)[1] == 3
    assert "rest of the file was left out" in only(report)[3]
    assert accepted(report, "metrics.csv") == 1


def test_quoted_cells_may_hold_lines_and_the_line_told_is_the_first(tmp_path: Path) -> None:
    table = 'id,created_at,text\nt1,2026-03-05,"one\ntwo"\nt2,soon,"x"\n'
    report = check(tmp_path, tickets_csv=table)
    assert only(report)[:3] == ("tickets.csv", 4, "created_at")


@pytest.mark.parametrize(
    ("table", "field", "words"),
    [
        ("", "", "is empty"),
        ("metric,at\n", "value", "column is missing"),
        ("metric,at,value,at\n", "at", "name of two columns"),
        ("metric;at;value\n", "", "not separated by commas"),
        ("metric\tat\tvalue\n", "", "not separated by commas"),
        (b"metric,at,value,\xff\n", "", "no UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read_is_told_once(tmp_path: Path, table: str | bytes, field: str, words: str) -> None:
    report = check(tmp_path, metrics=table)
    assert (only(report)[0], only(report)[2]) == ("metrics.csv", field)
    assert words in only(report)[3]


def test_bytes_of_another_encoding_cost_their_row_alone(tmp_path: Path) -> None:
    table = b"metric,at,surface,value\nlatency,2026-03-05,caf\xe9,1\nlatency,2026-03-06,cli,1\n"
    report = check(tmp_path, metrics=table)
    assert only(report)[1:3] == (2, "surface")
    assert accepted(report, "metrics.csv") == 1


def test_tables_take_marks_and_any_line_end(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        table = "\ufeff" + end.join(["metric,at,surface,value", "latency,2026-03-05,cli,1", "latency,2026-03-06,cli,1"])
        report = check(tmp_path, metrics=table)
        assert report.n_problems == 0
        assert accepted(report, "metrics.csv") == 2


def test_a_column_that_means_nothing_is_noted_not_dropped_in_silence(tmp_path: Path) -> None:
    report = check(tmp_path, metrics="metric,at,value,colour\nlatency,2026-03-05,1,red\n")
    assert report.n_problems == 0
    assert [(note.file, note.field) for note in report.notes] == [("metrics.csv", "colour")]


def test_tickets_may_be_a_table(tmp_path: Path) -> None:
    table = (
        "id,created_at,text,symptoms,surface,weight,mood\n"
        't1,2026-03-05,"Slow, very",slow; forgetful,cli,2,sad\n'
        "t2,2026-03-05,,,,,\n"
    )
    report = check(tmp_path, tickets_csv=table)
    assert only(report)[1:3] == (3, "text")
    assert accepted(report, "tickets.csv") == 1


def test_parquet_is_read_like_the_other_forms(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="the optional extra “parquet” is not installed")
    pq = pytest.importorskip("pyarrow.parquet")
    import datetime as dt

    rows = [
        {
            "id": f"t{number}",
            "created_at": dt.datetime(2026, 3, 5, number, tzinfo=dt.UTC),
            "text": "It is slow.",
            "segment": {"surface": "cli", "version": None},
            "symptoms": None,
        }
        for number in range(3)
    ]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    assert accepted(check(tmp_path, tickets_parquet=buffer.getvalue()), "tickets.parquet") == 3
    table = pa.table(
        {"metric": ["latency"] * 2, "at": [dt.date(2026, 3, 5), dt.date(2026, 3, 6)], "value": [1.5, None]}
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    report = check(tmp_path, metrics_parquet=buffer.getvalue())
    assert only(report)[:3] == ("metrics.parquet", 2, "value")
    buffer = io.BytesIO()
    naive = pa.table({"at": [dt.datetime(2026, 3, 5)], "count": [1]})
    pq.write_table(naive, buffer)
    assert "offset" in only(check(tmp_path, exposure_parquet=buffer.getvalue()))[3]
    assert "no readable Parquet" in only(check(tmp_path, exposure_parquet=b"PAR1"))[3]


def test_without_the_extra_parquet_is_refused_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "not installed" in only(check(tmp_path, exposure_parquet=b"PAR1"))[3]
