"""The two commands: writing the bundle with its truth beside it, and loading it once."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from incidents.catalog.models import Product
from incidents.changes.models import Change
from incidents.demo.services import DEMO_CASE_SLUG, DEMO_PRODUCT_SLUG, load_demo
from incidents.response.models import Incident
from incidents.tickets.models import Ticket
from tests.demo.conftest import Demo


def test_write_demo_puts_the_truth_beside_the_bundle(demo: Demo, tmp_path: Path) -> None:
    out = StringIO()
    call_command("write_demo", str(tmp_path / "case"), stdout=out)
    assert (tmp_path / "case" / "tickets.jsonl").read_bytes() == (demo.folder / "tickets.jsonl").read_bytes()
    truth = json.loads((tmp_path / "case.truth.json").read_text(encoding="utf-8"))
    assert truth["n_tickets"] == demo.truth.n_tickets
    assert truth["causes"] == demo.truth.causes
    assert f"{demo.truth.n_tickets:,} tickets, 25 changes" in out.getvalue()


def test_write_demo_says_why_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(CommandError, match="Name a folder you may write to"):
        call_command("write_demo", str(tmp_path / "taken"))


@pytest.mark.django_db
def test_demo_loads_whole_and_only_once(demo: Demo) -> None:
    first = load_demo()
    assert first.n_problems == 0
    product = Product.objects.get(slug=DEMO_PRODUCT_SLUG)
    assert product.is_demo
    assert Incident.objects.filter(product=product, slug=DEMO_CASE_SLUG).count() == 1
    assert Ticket.objects.filter(product=product).count() == demo.truth.n_tickets
    assert Change.objects.filter(product=product).count() == 25
    out = StringIO()
    call_command("load_demo", stdout=out)
    assert "is there already" in out.getvalue()
    assert Ticket.objects.filter(product=product).count() == demo.truth.n_tickets
