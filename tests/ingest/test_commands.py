"""The commands: what they print and how they end."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incidents.management.bars import Bar
from incidents.response.models import Incident
from incidents.tickets.models import Ticket
from tests.ingest.bundles import make_folder, make_zip, ticket

pytestmark = pytest.mark.django_db


def run(*arguments: object, **options: Any) -> tuple[int, str, str]:
    """Run import_case; return (exit status, output, errors)."""
    out, errors = io.StringIO(), io.StringIO()
    try:
        call_command("import_case", *map(str, arguments), stdout=out, stderr=errors, **options)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue(), errors.getvalue()
    return 0, out.getvalue(), errors.getvalue()


def test_a_good_bundle_ends_with_0_and_the_second_time_says_that_nothing_changed(tmp_path: Path) -> None:
    status, out, _ = run(make_folder(tmp_path), product="p")
    assert status == 0
    assert "Answers got shallower (p/answers-got-shallower): imported in" in out
    assert "tickets.jsonl            3 new         0 changed         0 unchanged" in out
    status, out, _ = run(make_zip(tmp_path), product="p")
    assert (status, "Nothing changed: all of it was here already." in out) == (0, True)


def test_bad_rows_end_with_1_and_are_listed(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, tickets=[ticket(id=None)] * 60 + [ticket()])
    status, out, _ = run(folder, product="p")
    assert status == 1
    assert "Problem: tickets.jsonl:1: id: is missing; give each row" in out
    assert "… and 10 more" in out
    assert "1 new" in out
    status, out, _ = run(folder, product="p", all_or_nothing=True)
    assert (status, "left out whole" in out) == (1, True)


def test_what_is_no_bundle_ends_with_2(tmp_path: Path) -> None:
    status, _, errors = run(tmp_path / "absent.zip")
    assert (status, "no such file" in errors, "cannot be used" in errors) == (2, True, True)
    status, _, errors = run(make_folder(tmp_path, case={"format": "x"}))
    assert (status, "case.json: title: is missing" in errors) == (2, True)


def test_being_stopped_says_what_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(bar: Bar, n_done: int, n_total: int | None = None, message: str = "") -> None:
        if message.startswith("tickets.jsonl"):
            raise KeyboardInterrupt

    monkeypatch.setattr(Bar, "__call__", stop)
    status, _, errors = run(make_folder(tmp_path), product="p")
    assert (status, "adds the rest" in errors) == (130, True)
    assert Incident.objects.exists()
    assert not Ticket.objects.exists()


def test_checking_imports_nothing(tmp_path: Path) -> None:
    status, out, _ = run(make_folder(tmp_path), check=True)
    assert (status, "3 good" in out, Incident.objects.count()) == (0, True, 0)


def test_export_takes_a_number_or_short_names(tmp_path: Path) -> None:
    run(make_folder(tmp_path), product="p")
    out = io.StringIO()
    call_command("export_case", "p/answers-got-shallower", str(tmp_path / "a.zip"), stdout=out)
    call_command("export_case", str(Incident.objects.get().pk), str(tmp_path / "b.zip"), stdout=out)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with pytest.raises(CommandError, match="there are: p/answers-got-shallower"):
        call_command("export_case", "p/other", str(tmp_path / "c.zip"))
    with pytest.raises(CommandError, match="does not exist"):
        call_command("export_case", "p/answers-got-shallower", str(tmp_path / "no" / "c.zip"))


def test_the_bar_is_drawn_on_terminals_alone() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    from django.core.management.base import OutputWrapper

    terminal, pipe = Terminal(), io.StringIO()
    for out in (terminal, pipe):
        bar = Bar(OutputWrapper(out))
        bar(30, 100, "tickets.jsonl: 3,000 rows")
        bar.close()
    assert "[########....................]  30% tickets.jsonl: 3,000 rows" in terminal.getvalue()
    assert pipe.getvalue() == ""
