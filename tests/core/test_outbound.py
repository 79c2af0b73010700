"""Requests to addresses that people entered reach the public internet and nothing else."""

import socket
from typing import Any

import pytest
from pytest_django import Settings

from incidents.core.outbound import NotSent, check_url, post


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def found(host: str, port: int, **_: Any) -> list[Any]:
        families = [(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in addresses]
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in families]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
        "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_networks_of_our_own_are_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    leads_to(monkeypatch, address)
    with pytest.raises(NotSent, match="public internet") as refused:
        check_url("https://hooks.example.com/x")
    assert refused.value.is_final


def test_one_bad_address_among_good_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, "93.184.216.34", "127.0.0.1")
    with pytest.raises(NotSent, match="public internet"):
        check_url("https://hooks.example.com/x")


def test_a_public_address_is_kept_for_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, "93.184.216.34")
    target = check_url("https://hooks.example.com:8443/in?key=1")
    assert (target.address, target.port, target.path) == ("93.184.216.34", 8443, "/in?key=1")


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "[::1]", "①②⑦.⓪.⓪.①"])
def test_disguises_of_loopback_are_seen_through(host: str) -> None:
    with pytest.raises(NotSent):
        check_url(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.com/", "https://", "https://user:pass@example.com/", "http://[::1", "//x", "https://a:b/"],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(NotSent) as refused:
        check_url(url)
    assert refused.value.is_final


def test_plain_http_is_for_networks_of_ones_own(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    leads_to(monkeypatch, "93.184.216.34")
    with pytest.raises(NotSent, match="https"):
        check_url("http://hooks.example.com/")
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    leads_to(monkeypatch, "127.0.0.1")
    assert check_url("http://hooks.example.com/").address == "127.0.0.1"


def test_nobody_there_is_not_final(settings: Settings) -> None:
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(NotSent, match="did not answer") as refused:
        post(f"http://127.0.0.1:{port}/", body=b"{}", headers={})
    assert not refused.value.is_final
