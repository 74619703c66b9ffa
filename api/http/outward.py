"""Calls to addresses that others named: only over TLS, only to public addresses, and to the very address that was checked.

A name is resolved once for each call and every address it has must be public, so that a name which changes its mind between
check and call (DNS rebinding), or points into our own network, reaches nothing. No redirect is followed, and no answer is read.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from engine.errors import InputError

TLS = 443
SECONDS = 10.0  # that a call may take in all, from asking for the address to the status of the answer
LONGEST = 500  # characters of an address
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
# forms of IPv6 that carry an IPv4 address, and how many bits stand to its right (RFC 4291, 6052, 3056)
CARRY = (("::ffff:0:0/96", 0), ("::/96", 0), ("64:ff9b::/96", 0), ("2002::/16", 80))
CARRIERS = tuple((ipaddress.IPv6Network(net), shift) for net, shift in CARRY)
# where a call has no business whatever a registry says: relays, benchmarks, carriers' own, Teredo, local NAT64, old site-local
NETS = ("192.88.99.0/24", "198.18.0.0/15", "100.64.0.0/10", "2001::/32", "64:ff9b:1::/48", "fec0::/10")
REFUSED = tuple(ipaddress.ip_network(net) for net in NETS)


def public(address: str) -> bool:
    """Tell whether an address is a public unicast one, whatever form it is written in."""
    ip: Ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        for net, shift in CARRIERS:
            if ip in net:
                ip = ipaddress.IPv4Address(int(ip) >> shift & 0xFFFFFFFF)
                break
    inside = any(ip.version == net.version and ip in net for net in REFUSED)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or inside)


@dataclass(frozen=True, slots=True)
class Outward:
    """The way out; `here` lets it reach this machine without TLS, for a receiver that a test starts."""

    here: bool = False

    def checked(self, url: str) -> tuple[SplitResult, str]:
        """Return an address in its parts, with the one IP address to connect to. Raises InputError."""
        wrong = InputError("private-address", "the address is none to call", "name a public one that begins with https://")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise wrong from None
        fine = parts.scheme == "https" or (self.here and parts.scheme == "http")
        fine = fine and (self.here or port == TLS)  # another port is another service, which nobody asked to be called
        if not fine or not host or len(url) > LONGEST or parts.username is not None or not url.isascii() or not url.isprintable():
            raise wrong
        found = _resolved(host, port)
        if not all(public(each) or (self.here and ipaddress.ip_address(each).is_loopback) for each in found):
            raise wrong
        return parts, found[0]

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a body and return the status of the answer. Raises InputError, OSError, HTTPException."""
        until = time.monotonic() + SECONDS
        parts, address = self.checked(url)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        sock = socket.create_connection((address, port), _left(until))
        if secure:
            tls = ssl.create_default_context()
            sock = tls.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        # each read may take its time, so a server that sends a byte now and then is cut off by the clock
        watch = threading.Timer(_left(until), _cut, (sock,))
        watch.daemon = True
        watch.start()
        try:
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            call = http.client.HTTPConnection(host, port)
            call.sock = sock
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            call.request("POST", path, body, dict(headers))
            return call.getresponse().status
        finally:
            watch.cancel()
            sock.close()


def _resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises InputError, also when nobody says in SECONDS: a resolver has no limit of its own."""
    found: list[str] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(sorted({str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}))

    asking = threading.Thread(target=ask, name="fenji-resolver", daemon=True)  # left behind when it is too late
    asking.start()
    asking.join(SECONDS)
    if asking.is_alive() or not found:
        raise InputError("unknown-host", "the name of the address is not known", "correct it, or try again later")
    return found


def _left(until: float) -> float:
    """Return the seconds that are left of a call. Raises TimeoutError."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
