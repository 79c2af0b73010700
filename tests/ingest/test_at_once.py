"""Imports at the same time: of one bundle, and of two cases of one product."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from incidents.catalog.models import Dimension, DimensionValue, Product, Segment
from incidents.changes.models import Change
from incidents.ingest.bundle.report import ImportReport
from incidents.ingest.bundle.services import import_bundle
from incidents.tickets.models import Ticket
from tests.ingest.bundles import case, make_folder, ticket

pytestmark = pytest.mark.django_db(transaction=True)


def together(*wanted: dict[str, Any]) -> list[ImportReport]:
    """Run imports at once, each on a connection of its own; what one raises fails the test."""
    barrier = threading.Barrier(len(wanted))
    reports: list[ImportReport] = []
    errors: list[Exception] = []

    def run(options: dict[str, Any]) -> None:
        try:
            barrier.wait()
            reports.append(import_bundle(**options))
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[options]) for options in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    return reports


def test_one_bundle_four_times_at_once_is_in_once(tmp_path: Path) -> None:
    rows = [ticket(id=f"t{number}", segment={"version": f"9.{number % 50}"}) for number in range(2000)]
    folder = make_folder(tmp_path, tickets=rows)
    reports = together(*[{"path": folder, "product_slug": "p"}] * 4)
    assert Ticket.objects.count() == 2000
    assert sum(report.created for report in reports if report.changed_nothing) == 0
    assert sum(file.created for report in reports for file in report.files if file.file == "tickets.jsonl") == 2000
    assert all(report.n_problems == 0 for report in reports)


def test_two_cases_of_one_product_share_its_vocabulary(tmp_path: Path) -> None:
    wanted = []
    for number in (1, 2):
        place = tmp_path / str(number)
        place.mkdir()
        folder = make_folder(
            place, case=case(title=f"Case {number}"), tickets=[ticket(segment={"version": f"7.{number}"})]
        )
        wanted.append({"path": folder, "product_slug": "p"})
    together(*wanted)
    assert Product.objects.count() == 1
    assert Dimension.objects.count() == 2
    assert DimensionValue.objects.filter(key__startswith="7.").count() == 2
    assert Segment.objects.filter(values={"surface": "cli"}).count() == 1
    assert sorted(Change.objects.values_list("colour", flat=True)) == [0, 1, 2, 3]
