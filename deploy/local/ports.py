"""Which ports to listen on: the one asked for, those of the last time, or the next free ones near by."""

from __future__ import annotations

import json
import socket
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from deploy.local.paths import read_json, write_private

HOST = "127.0.0.1"
FIRST = 8000
LAST = 65535


class PortTaken(Exception):
    """The port that was asked for by name is in use."""


def listen_on(port: int) -> socket.socket:
    """A listening socket on this port of 127.0.0.1. Raises PortTaken."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen(2048)
    except OSError as error:
        bound.close()
        raise PortTaken(f"port {port} on {HOST} is not free ({error.strerror}); choose another with --port") from error
    return bound


def listen_near(port: int, *, avoid: Container[int] = ()) -> socket.socket:
    """A listening socket on the first free port from `port` upwards. Raises PortTaken when there is none."""
    for candidate in range(port, LAST + 1):
        if candidate in avoid:
            continue
        try:
            return listen_on(candidate)
        except PortTaken:
            continue
    raise PortTaken(f"no free port from {port} to {LAST} on {HOST}")


def free_port() -> int:
    """Any free port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def choose(names: Iterable[str], *, web_port: int, remembered: Mapping[str, int]) -> dict[str, int]:
    """A free port for each name, different from each other and from `web_port`: the remembered one or one near."""
    chosen: dict[str, int] = {}
    for name in names:
        taken = {web_port, *chosen.values()}
        with listen_near(remembered.get(name, web_port + 1), avoid=taken) as probe:
            chosen[name] = int(probe.getsockname()[1])
    return chosen


def remembered_ports(path: Path) -> dict[str, int]:
    """The ports of the last run by name; empty the first time."""
    return {name: port for name, port in read_json(path).items() if isinstance(port, int) and FIRST // 8 < port <= LAST}


def remember_ports(path: Path, *, ports: Mapping[str, int]) -> None:
    """Keep the ports for the next run."""
    write_private(path, json.dumps(dict(ports), indent=2) + "\n")
