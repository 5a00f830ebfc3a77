"""S1: whatever a stranger writes, nobody but a public address is dialled. No variant leads to a single connect."""

import contextlib
import socket
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest

from kernel.safe_http import Blocked, fetch
from tests.kernel.connects import connects_seen

# One or two of every network that is not public.
PRIVATE_V4 = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.0.0.53",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
)
PRIVATE_V6 = (
    *("::", "::1", "0:0:0:0:0:0:0:1", "::2", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1"),
    *("2001:db8::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "fe80::a9fe:1"),
    *("febf::1", "fec0::1", "feff::1", "ff01::1", "ff02::1", "ff05::2", "ff0e::1", "8000::1", "e000::1"),
)
PUBLIC = "93.184.215.14"


def notations(address: str) -> Iterator[str]:
    """An IPv4 address in every way getaddrinfo or IDNA understands."""
    number = int(IPv4Address(address))
    a, b, c, d = IPv4Address(address).packed
    yield from (address, f"{address}.", str(number), f"{number:#x}", f"{number:#X}".replace("0X", "0x"), f"0{number:o}")
    yield from (f"{a}.{b}.{c << 8 | d}", f"{a}.{b << 16 | c << 8 | d}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}")
    yield from (f"{a:#x}.{b:#x}.{c:#x}.{d:#x}", f"{a:#x}.0{b:o}.{c}.{d:#x}", f"{a:03d}.{b:03d}.{c:03d}.{d:03d}")
    yield address.translate({ord(digit): 0xFF10 + int(digit) for digit in "0123456789"})
    yield address.replace(".", "\u3002")


def embedded(address: str) -> Iterator[str]:
    """An IPv6 address that carries an IPv4 one: mapped, compatible, NAT64, 6to4, Teredo, ISATAP."""
    number = int(IPv4Address(address))
    yield from (f"::ffff:{address}", f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}", f"::{address}")
    yield from (f"64:ff9b::{address}", f"64:ff9b:1::{address}", f"::ffff:0:{address}", f"fe80::5efe:{address}")
    yield str(IPv6Address(0x2002 << 112 | number << 80 | 1))
    yield str(IPv6Address(0x20010000 << 96 | 0x41D0E2A4 << 64 | (number ^ 0xFFFFFFFF)))


def literals() -> Iterator[str]:
    for address in PRIVATE_V4:
        yield from (f"https://{host}/hook" for host in notations(address))
        yield from (f"https://[{host}]:8443/hook" for host in embedded(address))
    yield from (f"https://[{host}]/hook" for host in PRIVATE_V6)


NAMES = (
    *("localhost", "LOCALHOST", "localhost.", "LocalHost.", "ⓛocalhost", "localhost\u3002", "ｌｏｃａｌｈｏｓｔ"),
    *("ip6-localhost", "[::1%25lo]", "[fe80::1%25eth0]", "[::ffff:127.0.0.1%25lo]"),
)
SCHEMES = (
    *(
        "http",
        "HTTP",
        "ftp",
        "file",
        "gopher",
        "dict",
        "ldap",
        "data",
        "javascript",
        "ws",
        "wss",
        "unix",
        "jar",
        "tftp",
    ),
    *("sftp", "netdoc", "about", "httpx", "https+unix", ""),
)
PORTS = (0, 1, 21, 22, 25, 53, 80, 135, 445, 3306, 5432, 6379, 8000, 8080, 9200, 11211, 27017, 65535)
USERINFO = ("user@", "user:pass@", "@", ":@", "example.com@", "example.com:443@", "a%40b@", "example.com%23@", "a:b:c@")
MALFORMED = (
    *("", " ", "https:", "https:/", "https://", "https:///", "https:////127.0.0.1", "//127.0.0.1/", "127.0.0.1", "/"),
    *("https://\\127.0.0.1/", "https:\\\\127.0.0.1", "https://example.com\\@127.0.0.1/", "https://127.0.0.1\t/"),
    *("https://127.0.0.1\r\nHost: a/", " https://127.0.0.1/", "https://127.0.0.1 /", "\x00https://127.0.0.1/"),
    *("https://exa mple.com/", "https://example.com\n@127.0.0.1/", "https://127.0.0.1:65536/", "https://127.0.0.1:-1/"),
    *("https://127.0.0.1:8443:8443/", "https://127.0.0.1:a/", "https://[::1/", "https://::1/", "https://[127.0.0.1]/"),
    *("https://[v1.::1]/", "https://[::1]x/", "https://[]/", "https://[::g]/", "https://..127.0.0.1/", "https://%31/"),
    *("https://127.0.0.1%00.example.com/", "https://127%2e0%2e0%2e1/", "https://%6c%6fcalhost/", "https://*.local/"),
    *("https://127.0.0.1,example.com/", "https://$(id)/", "https://a;b/", "https://exa\u200bmple.com\u2028/"),
    *("https://example.com/\r\nX: y", "https://example.com/a b", "https://example.com/ü", f"https://{'a' * 254}/"),
)


def refused(urls: Iterable[str], *, allow: frozenset[str] = frozenset()) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The URLs that were not refused before the network, and every address that was dialled."""
    through = []
    with connects_seen(and_stopped=True) as dialled:
        for url in urls:
            try:
                fetch(url, timeout_seconds=5, max_bytes=1000, allow=allow)
            except (Blocked, socket.gaierror):
                continue
            except OSError as trouble:
                if dialled or "name" not in str(trouble):
                    through.append(url)
            else:
                through.append(url)
    return through, dialled


FAMILIES = {
    "literals": tuple(literals()),
    "names": tuple(f"https://{name}{port}/hook" for name in NAMES for port in ("", ":443", ":8443")),
    "schemes": tuple(f"{scheme}://{PUBLIC}{port}/" for scheme in SCHEMES for port in ("", ":443")),
    "ports": tuple(f"https://{host}:{port}/" for host in (PUBLIC, "127.0.0.1", "[::1]") for port in PORTS),
    "userinfo": tuple(f"https://{user}{host}/" for user in USERINFO for host in (PUBLIC, "127.0.0.1", "[::1]")),
    "malformed": MALFORMED,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_no_variant_reaches_anybody(family: str) -> None:
    through, dialled = refused(FAMILIES[family])

    assert (through, dialled) == ([], [])


def test_there_are_more_than_five_hundred_variants() -> None:
    assert len({url for family in FAMILIES.values() for url in family}) > 700


def test_a_canary_hears_nothing_of_loopback_in_any_notation() -> None:
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as v4, socket.create_server(("::1", 0), family=socket.AF_INET6) as v6:
        ports = v4.getsockname()[1], v6.getsockname()[1]
        hosts = [*notations("127.0.0.1"), *(f"[{host}]" for host in (*embedded("127.0.0.1"), "::1")), "localhost"]
        for host in hosts:
            for port in ports:
                # The exception is for another host at the same port: it must not open this one.
                with pytest.raises((Blocked, OSError)):
                    fetch(f"https://{host}:{port}/", timeout_seconds=1, max_bytes=9, allow=frozenset({f"a.b:{port}"}))
        for canary in (v4, v6):
            canary.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                heard.append(canary.accept())

    assert heard == []


def test_the_watch_sees_a_public_address_being_dialled() -> None:
    through, dialled = refused([f"https://{PUBLIC}/", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:8443/"])

    assert len(through) == 2
    assert [address[:2] for address in dialled] == [(PUBLIC, 443), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", 8443)]


def answer_of(*addresses: str) -> list[Any]:
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 443, 0, 0))
        if ":" in address
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
        for address in addresses
    ]


EVERY_PRIVATE = (*PRIVATE_V4, *PRIVATE_V6, *(host for address in PRIVATE_V4 for host in embedded(address)))


@pytest.mark.parametrize("before", [True, False], ids=["public last", "public first"])
def test_one_private_answer_among_public_ones_blocks_all(monkeypatch: pytest.MonkeyPatch, before: bool) -> None:
    unblocked = []

    for address in EVERY_PRIVATE:
        mixed = answer_of(address, PUBLIC) if before else answer_of(PUBLIC, address)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, mixed=mixed, **__: mixed)
        through, dialled = refused(["https://hooks.example.com/"])
        unblocked += through + dialled

    assert unblocked == []


def test_a_resolver_that_changes_its_mind_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled_private = []

    for address in EVERY_PRIVATE:
        answers = iter([answer_of(PUBLIC), answer_of(address), answer_of(address)])
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, answers=answers, **__: next(answers))
        _, dialled = refused(["https://rebinding.example.com/"])
        dialled_private += [found for found in dialled if found[0] != PUBLIC]
        assert len(list(answers)) == 2

    assert dialled_private == []
