"""Personal data and secrets: planted ones are found, what only looks alike is left."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.tickets.privacy import Kind, masked, private_parts

PLANTED = [
    (Kind.EMAIL, "Mail jo.o'neil+x@mail.example.co.uk please", "Mail jo.o'[e-mail] please"),
    (Kind.EMAIL, "<ann@example.org>", "<[e-mail]>"),
    (Kind.CARD, "Card 4111 1111 1111 1111, thanks", "Card [card number], thanks"),
    (Kind.CARD, "5500-0055-5555-5559", "[card number]"),
    (Kind.IBAN, "to DE89 3704 0044 0532 0130 00 today", "to [bank account] today"),
    (Kind.PHONE, "call +1 (415) 555-0132 now", "call [phone number] now"),
    (Kind.PHONE, "Tel: 030 901820 99", "Tel: [phone number]"),
    (Kind.PHONE, "415-555-0132", "[phone number]"),
    (Kind.ADDRESS, "from 203.0.113.7:443", "from [IP address]:443"),
    (Kind.ADDRESS, "from 2001:db8:0:1:1:1:1:1 it fails", "from [IP address] it fails"),
    (Kind.SECRET, "key sk-ant-" + "a1B2c3D4" * 4, "key [secret]"),
    (Kind.SECRET, "ghp_" + "a1B2" * 9, "[secret]"),
    (Kind.SECRET, "AKIAIOSFODNN7EXAMPLE", "[secret]"),
    (Kind.SECRET, "password: hunter2secret9", "password: [secret]"),
    (Kind.SECRET, "Authorization: Bearer abc123def456ghi789", "Authorization: Bearer [secret]"),
    (Kind.SECRET, "postgres://app:s3cr3t@db/x", "postgres://app:[secret]@db/x"),
    (Kind.SECRET, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3.SflKxwRJSMeKKF2QT4", "[secret]"),
    (Kind.PERSON, "/Users/jane.doe/work/app.py", "/Users/[name]/work/app.py"),
    (Kind.PERSON, r"C:\Users\Jane\app", r"C:\Users\[name]\app"),
    (Kind.PERSON, "It is slow.\n\nKind regards,\nJane Doe", "It is slow.\n\nKind regards,\n[name]"),
]


@pytest.mark.parametrize(("kind", "text", "expected"), PLANTED)
def test_planted(kind: Kind, text: str, expected: str) -> None:
    assert masked(text) == expected
    assert [one.kind for one in private_parts(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "Version 2.1.90 on 2026-03-26 at 14:00:05, build 20260326.1",
        "127.0.0.1 and ::1 and 0.0.0.0",
        "12:30:45 took 1,234,567 tokens and 4111 1111 1111 1112 of them",
        "std::vector and a::b::c",
        "/home/user/project and /Users/you/x",
        "tokens are gone, token consumption doubled, password reset fails",
        "Issue #12345678901234, request 500-529",
        "Thanks\nfor looking into this",
        "approximately 2026-03-24, IntelliJ 2025.2.5 1234567",
        "1711459200 seconds, 1711459200000 ms",
        "",
    ],
)
def test_left_alone(text: str) -> None:
    assert masked(text) == text


@given(st.text(max_size=400))
def test_any_text_is_masked_once(text: str) -> None:
    parts = private_parts(text)
    assert all(a.end <= b.start for a, b in pairwise(parts))
    assert isinstance(masked(text), str)


@pytest.mark.parametrize(
    "part", ["a.", "1 ", "1.", ":a", "a@", "eyJ", "password ", "/home/", "-", "+1 ", "AB12 ", "\n"]
)
def test_a_hostile_text_costs_little(part: str) -> None:
    started = time.perf_counter()
    masked(part * 20_000)
    assert time.perf_counter() - started < 3.0
