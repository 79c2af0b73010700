"""Requests to addresses that people entered: one POST, to the public internet only, bounded in time and size.

The host's name is resolved once, every address it has must be public, and the connection goes to exactly the address
that was checked: a name that changes its mind between check and call gains nothing. Redirects are not followed.
Networks of one's own are allowed by `WORKBENCH_OUTBOUND_NETWORKS`.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

SECONDS = 15.0
_ANSWER_MOST = 2_000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotSent(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """The request did not get through; `is_final` where trying again would not help, `reason` for people."""

    def __init__(self, reason: str, *, is_final: bool = False, status: int | None = None) -> None:
        """Keep what is known."""
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a request goes: an address that was checked, and the name by which it was asked for."""

    host: str
    port: int
    path: str
    is_secure: bool
    address: str


def check_url(url: str) -> Target:
    """Return where a URL leads; raise NotSent, for good, where it is malformed or leads into a network of our own."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotSent(f"The address cannot be read: {error}.", is_final=True) from error
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise NotSent("The address must begin with https:// and name a host, without a user.", is_final=True)
    is_secure = parts.scheme == "https"
    port = port or (443 if is_secure else 80)
    addresses = _addresses(host, port)
    for address in addresses:
        if not _is_allowed(address):
            raise NotSent(f"{host} leads to {address}, which is not on the public internet.", is_final=True)
    if not is_secure and not _is_ours(addresses[0]):
        raise NotSent("The address must begin with https://.", is_final=True)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host=host, port=port, path=path, is_secure=is_secure, address=str(addresses[0]))


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> int:
    """Send the body and return the status, 200 to 299; raise NotSent for everything else."""
    target = check_url(url)
    connection = _connection(target)
    try:
        connection.request("POST", target.path, body=body, headers={"Host": _host_header(target), **headers})
        answer = connection.getresponse()
        answer.read(_ANSWER_MOST)
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(f"{target.host} did not answer: {str(error) or type(error).__name__}.") from error
    finally:
        connection.close()
    if 200 <= answer.status < 300:
        return answer.status
    is_gone = answer.status == http.client.GONE
    raise NotSent(f"{target.host} answered {answer.status}.", is_final=is_gone, status=answer.status)


def _addresses(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent(f"{host} is not known: {error}.") from error
    return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]


def _is_allowed(address: Address) -> bool:
    inner = _unwrapped(address)
    return _is_ours(inner) or (inner.is_global and not inner.is_multicast)


def _is_ours(address: Address) -> bool:
    networks = (ipaddress.ip_network(text) for text in settings.OUTBOUND_NETWORKS)
    return any(address.version == network.version and address in network for network in networks)


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address carries within, if it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.sixtofour is not None:
            return address.sixtofour
    return address


def _host_header(target: Target) -> str:
    usual = 443 if target.is_secure else 80
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == usual else f"{name}:{target.port}"


def _connection(target: Target) -> http.client.HTTPConnection:
    if not target.is_secure:
        return http.client.HTTPConnection(target.address, target.port, timeout=SECONDS)
    return _Pinned(target)


class _Pinned(http.client.HTTPSConnection):
    """TLS to one address, under the name that was asked for: certificate and SNI are the name's."""

    def __init__(self, target: Target) -> None:
        self._own_context = ssl.create_default_context()
        super().__init__(target.address, target.port, timeout=SECONDS, context=self._own_context)
        self._name = target.host

    def connect(self) -> None:
        """Open the connection."""
        raw = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self._own_context.wrap_socket(raw, server_hostname=self._name)
