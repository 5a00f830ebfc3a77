"""Which ports are taken."""

from pathlib import Path

import pytest

from deploy.local.ports import PortTaken, choose, listen_near, listen_on, remember_ports, remembered_ports


def test_the_next_free_port_is_taken_when_the_first_is_not_free() -> None:
    with listen_near(30000) as held:
        first = held.getsockname()[1]
        with listen_near(first) as bound:
            assert first < bound.getsockname()[1] < first + 50


def test_a_port_of_somebody_else_is_refused_by_number() -> None:
    with listen_near(30100) as held, pytest.raises(PortTaken, match=f"port {held.getsockname()[1]} on 127.0.0.1"):
        listen_on(held.getsockname()[1])


def test_ports_are_near_the_web_port_and_all_different() -> None:
    chosen = choose(("realtime", "sandbox", "postgres"), web_port=30200, remembered={})

    assert list(chosen) == ["realtime", "sandbox", "postgres"]
    assert len({30200, *chosen.values()}) == 4
    assert all(30200 < port < 30300 for port in chosen.values())


def test_a_remembered_port_is_kept_while_it_is_free() -> None:
    with listen_near(30300) as held:
        taken = held.getsockname()[1]

        chosen = choose(("sandbox", "postgres"), web_port=30400, remembered={"sandbox": 30350, "postgres": taken})

    assert chosen["sandbox"] == 30350
    assert taken < chosen["postgres"] < taken + 50


def test_two_names_that_remember_one_port_get_two() -> None:
    chosen = choose(("sandbox", "postgres"), web_port=30500, remembered={"sandbox": 30550, "postgres": 30550})

    assert chosen["sandbox"] == 30550
    assert 30550 < chosen["postgres"] < 30600


def test_only_ports_are_remembered(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    remember_ports(path, ports={"web": 8000, "postgres": 5433})
    assert remembered_ports(path) == {"web": 8000, "postgres": 5433}

    path.write_text('{"web": "8000", "postgres": 700000, "valkey": 6380}')
    assert remembered_ports(path) == {"valkey": 6380}
