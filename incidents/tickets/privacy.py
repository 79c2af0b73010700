"""Personal data and secrets in texts that people wrote: found by form and check digit, masked by what they are.

Pure and cautious on the side of masking; versions, dates, times and counts are no phone numbers. Names are found where
a letter is signed or a home folder is named, not in running text: no list of names is right everywhere.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What was found; the value is what stands in its place, in square brackets."""

    EMAIL = "e-mail"
    CARD = "card number"
    IBAN = "bank account"
    PHONE = "phone number"
    ADDRESS = "IP address"
    SECRET = "secret"  # noqa: S105 - a name, not a secret
    PERSON = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """One find and its place in the text."""

    kind: Kind
    start: int
    end: int


_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[^\W\d_]{2,24}(?![\w-])")
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.{0,10000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)"
    r"|\b(?:sk|pk|rk)[-_](?:ant[-_]|live[-_]|test[-_]|proj[-_])?[A-Za-z0-9_-]{16,200}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,255}|\bgithub_pat_\w{20,255}|\bglpat-[\w-]{16,100}|\bxox[abeoprs]-[\w-]{10,200}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,50}|\bnpm_[A-Za-z0-9]{30,50}|\bhf_[A-Za-z0-9]{20,50}"
    r"|\beyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{8,2000}",
    re.S,
)
# The value after a name that says what it is; at least eight characters with a digit or a sign among them.
_NAMED_SECRET = re.compile(
    r"(?i)\b(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|token|bearer"
    r"|authorization)\b[\"']?\s{0,3}(?:[:=]|\bis\b)?\s{0,3}(?:bearer\s{1,3})?[\"']?"
    r"(?P<value>(?=[A-Za-z_./+-]{0,80}\d)[\w./+=~-]{8,400})"
)
_URL_LOGIN = re.compile(r"(?<=://)[^\s/@:]{1,100}:(?P<value>[^\s/@]{1,200})(?=@)")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_PHONE = re.compile(
    r"(?<![\w.#/-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,5}"
    r"|\(\d{3,5}\)[ .-]?\d{3,4}[ .-]?\d{3,4}|\d{3}[.-]\d{3}[.-]\d{4}|0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,5})(?![\w-]|\.\d)"
)
_PHONE_MARK = re.compile(r"(?i)\b(?:phone|tel|call me|mobile|whatsapp|cell)\b\D{0,15}(?P<value>\d[\d ().-]{6,18}\d)")
_IPV4 = re.compile(r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_HOME = re.compile(
    r"(?:/Users/|/home/|[A-Za-z]:\\{1,2}(?:Users|Documents and Settings)\\{1,2})(?P<value>[^\s/\\:\"'<>|`]{1,64})"
)
_NOBODY = frozenset(
    {"user", "username", "me", "you", "name", "runner", "root", "ubuntu", "public", "shared", "default"}
)
_SIGNED = re.compile(
    r"(?im)^[ \t]{0,4}(?:(?:kind|best|warm)?[ ]?regards|best wishes|best|cheers|thanks(?: in advance)?|thank you"
    r"|sincerely|yours|mit freundlichen grüßen|viele grüße|cordialement|saludos)[,.!]?[ \t]{0,4}(?:\n[ \t]{0,4}){0,2}"
    r"(?P<value>(?-i:[A-ZÀ-Ý][\w'’.-]{0,30}(?: [A-ZÀ-Ý][\w'’.-]{0,30}){0,3}))[ \t]{0,4}$"
)
_MAX = 200_000  # beyond that a text is cut rather than searched


def private_parts(text: str) -> list[Private]:
    """Return what was found, in order and without overlap; where two overlap, the one that begins first counts."""
    found = sorted(_all(text[:_MAX]), key=lambda one: (one.start, -one.end))
    kept: list[Private] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def masked(text: str) -> str:
    """Return the text with each find replaced by what it is.

    >>> masked("Write to jo@example.org or call +44 20 7946 0958.")
    'Write to [e-mail] or call [phone number].'
    """
    parts: list[str] = []
    place = 0
    for one in private_parts(text):
        parts += (text[place : one.start], f"[{one.kind}]")
        place = one.end
    return "".join((*parts, text[place:_MAX], " […]" if len(text) > _MAX else ""))


def _all(text: str) -> Iterator[Private]:
    yield from _matches(Kind.SECRET, _SECRET, text)
    yield from _matches(Kind.SECRET, _NAMED_SECRET, text)
    yield from _matches(Kind.SECRET, _URL_LOGIN, text)
    if "@" in text:
        yield from _matches(Kind.EMAIL, _EMAIL, text)
    if any("0" <= sign <= "9" for sign in text):
        yield from (one for one in _matches(Kind.CARD, _CARD, text) if _luhn(text[one.start : one.end]))
        yield from (one for one in _matches(Kind.IBAN, _IBAN, text) if _iban(text[one.start : one.end]))
        yield from _matches(Kind.PHONE, _PHONE_MARK, text)
        yield from (one for one in _matches(Kind.PHONE, _PHONE, text) if _phone(text[one.start : one.end]))
        yield from (one for one in _matches(Kind.ADDRESS, _IPV4, text) if _address(text[one.start : one.end]))
    if "::" in text or text.count(":") > 4:
        yield from (one for one in _matches(Kind.ADDRESS, _IPV6, text) if _address(text[one.start : one.end]))
    for one in _matches(Kind.PERSON, _HOME, text):
        if text[one.start : one.end].casefold() not in _NOBODY:
            yield one
    yield from _matches(Kind.PERSON, _SIGNED, text)


def _matches(kind: Kind, pattern: re.Pattern[str], text: str) -> Iterator[Private]:
    group = "value" if "value" in pattern.groupindex else 0
    for hit in pattern.finditer(text):
        yield Private(kind=kind, start=hit.start(group), end=hit.end(group))


def _digits(text: str) -> list[int]:
    return [int(sign) for sign in text if "0" <= sign <= "9"]


def _luhn(text: str) -> bool:
    digits = _digits(text)
    if len(set(digits)) < 2:
        return False
    doubled = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return doubled % 10 == 0


def _iban(text: str) -> bool:
    bare = text.replace(" ", "")
    if not 15 <= len(bare) <= 34:
        return False
    return int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1


def _phone(text: str) -> bool:
    return 8 <= len(_digits(text)) <= 15


def _address(text: str) -> bool:
    """Tell whether it is an address that leads to somebody: loopback and "any" lead nowhere."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not address.is_loopback and not address.is_unspecified
