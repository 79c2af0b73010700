"""A variable that cannot be read is an error that names it; nothing is guessed."""

import pytest

from workbench import env
from workbench.env import BadEnvironmentError


def test_text_takes_the_value_then_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WB_X", "value")
    assert env.text("WB_X", "default") == "value"
    monkeypatch.setenv("WB_X", "")
    assert env.text("WB_X", "default") == "default"
    with pytest.raises(BadEnvironmentError, match="WB_X is not set"):
        env.text("WB_X")


@pytest.mark.parametrize(("written", "read"), [("1", True), ("Yes", True), ("0", False), ("off", False), ("", True)])
def test_flag_reads_yes_and_no(monkeypatch: pytest.MonkeyPatch, written: str, read: bool) -> None:
    monkeypatch.setenv("WB_X", written)
    assert env.flag("WB_X", default=True) is read


@pytest.mark.parametrize("written", ["maybe", "2", "tru"])
def test_flag_refuses_anything_else(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("WB_X", written)
    with pytest.raises(BadEnvironmentError, match="WB_X"):
        env.flag("WB_X", default=True)


def test_integer_reads_whole_numbers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WB_X", " 12 ")
    assert env.integer("WB_X", 3) == 12
    monkeypatch.delenv("WB_X")
    assert env.integer("WB_X", 3) == 3
    monkeypatch.setenv("WB_X", "1.5")
    with pytest.raises(BadEnvironmentError, match=r"WB_X='1\.5'"):
        env.integer("WB_X", 3)


def test_items_drops_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WB_X", "a, b,,")
    assert env.items("WB_X") == ["a", "b"]


def test_database_addresses_are_read_whole() -> None:
    from workbench.settings import database

    socket = database("postgresql://workbench@/workbench?host=/a%20b/run")
    assert (socket["HOST"], socket["NAME"], socket["USER"]) == ("/a b/run", "workbench", "workbench")
    remote = database("postgresql://me:p%40ss@db.example:5433/cases?sslmode=require")
    assert (remote["HOST"], remote["PORT"], remote["PASSWORD"]) == ("db.example", "5433", "p@ss")
    assert remote["OPTIONS"]["sslmode"] == "require"  # type: ignore[index]
    with pytest.raises(BadEnvironmentError, match="postgresql://"):
        database("mysql://x/y")
