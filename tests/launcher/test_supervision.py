"""What dies is started again, and what its supervisor leaves behind is found."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from deploy.local.identity import identify
from deploy.local.paths import REPO
from tests.launcher.launching import PLACEHOLDER, Launcher


def test_a_dying_process_is_started_again(launcher: Launcher) -> None:
    launcher.table({"name": "sleeper", "command": ["{python}", str(PLACEHOLDER), "wait"]})
    launcher.run("up", "--detach")
    before = launcher.pid("sleeper")
    assert before is not None

    os.kill(before, signal.SIGKILL)

    assert launcher.eventually(lambda: launcher.pid("sleeper") not in (None, before))
    assert launcher.run("status").returncode == 0
    assert "sleeper was ended by SIGKILL; starting it again in 0.2 s" in log_of(launcher, "supervisor")


def test_restarts_slow_down(launcher: Launcher, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    launcher.table({"name": "crasher", "command": ["{python}", str(PLACEHOLDER), "crash", str(starts)]})
    up = launcher.begin("up")
    assert launcher.eventually(lambda: starts.exists() and len(starts.read_text().split()) == 4)

    moments = [float(line) for line in starts.read_text().split()]

    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert all(pause >= least for pause, least in zip(pauses, (0.2, 0.4, 0.8), strict=True)), pauses
    assert launcher.run("status").returncode == 3
    up.terminate()
    assert "crasher ended with exit code 7; starting it again in 0.8 s" in up.communicate(timeout=20)[0]


def test_a_restart_of_the_web_process_refuses_nobody(launcher: Launcher) -> None:
    launcher.run("up", "--detach")
    address = urlsplit(launcher.status()["api_url"]).netloc
    pids = set()

    for _ in range(3):
        pid = web_pid(address)
        pids.add(pid)
        os.kill(pid, signal.SIGKILL)
        assert launcher.eventually(lambda: not alive(pid))  # noqa: B023 - called within this turn
        pids.add(web_pid(address))  # waits in the backlog until the next process accepts

    assert len(pids) == 4


def test_killed_servers_come_back_on_their_ports_with_their_data(launcher: Launcher) -> None:
    launcher.table(services=True)
    launcher.run("up", "--detach")
    before = launcher.status()
    with psycopg.connect(before["database_url"]) as database:
        database.execute("CREATE TABLE bell (note text)")
    redis.Redis.from_url(before["redis_url"]).set("bell", "c sharp")
    time.sleep(1.1)  # the append-only file is flushed every second
    servers = {one["name"]: one["pid"] for one in before["processes"] if one["name"] in ("postgres", "valkey")}

    for pid in servers.values():
        os.kill(pid, signal.SIGKILL)

    assert launcher.eventually(lambda: all(launcher.pid(name) not in (None, pid) for name, pid in servers.items()))
    assert launcher.eventually(lambda: can_count_bells(before["database_url"]))
    assert redis.Redis.from_url(before["redis_url"]).get("bell") == b"c sharp"
    assert launcher.status()["database_url"] == before["database_url"]


def test_nothing_outlives_a_killed_supervisor_and_up_heals(launcher: Launcher) -> None:
    launcher.table(services=True)
    launcher.run("up", "--detach")
    before = launcher.status()
    with psycopg.connect(before["database_url"]) as database:
        database.execute("CREATE TABLE bell (note text)")

    os.kill(launcher.supervisor, signal.SIGKILL)

    again = launcher.run("up", "--detach")
    after = launcher.status()
    assert again.returncode == 0, again.stdout
    assert not any(alive(one["pid"]) for one in before["processes"])
    assert [one["alive"] for one in after["processes"]] == [True, True, True]
    assert after["database_url"] == before["database_url"]
    assert can_count_bells(after["database_url"])


def test_even_those_who_ignore_signals_end_with_their_supervisor(launcher: Launcher) -> None:
    launcher.table({"name": "stubborn", "command": ["{python}", str(PLACEHOLDER), "refuse"]})
    launcher.run("up", "--detach")
    assert launcher.eventually(lambda: len(launcher.processes()) == 3)

    os.kill(launcher.supervisor, signal.SIGKILL)

    assert launcher.eventually(lambda: launcher.processes() == [], seconds=20)
    assert launcher.run("status").returncode == 3


def test_down_ends_a_stubborn_process_by_force(launcher: Launcher) -> None:
    launcher.table({"name": "stubborn", "command": ["{python}", str(PLACEHOLDER), "refuse"]})
    impatient = "from deploy.local import cli, supervisor; supervisor.GRACE_SECONDS = 0.5; cli.run()"
    up = subprocess.Popen(
        [sys.executable, "-c", impatient, "up"], env=launcher.env, cwd=REPO, stdout=subprocess.DEVNULL
    )
    assert launcher.eventually(lambda: launcher.run("status").returncode == 0)

    done = launcher.run("down")

    assert done.returncode == 0
    assert up.wait(timeout=5) == 0
    assert launcher.processes() == []


def test_a_stranger_with_a_reused_pid_is_spared(launcher: Launcher) -> None:
    launcher.run("up", "--detach")
    noted = json.loads((launcher.state / "run.json").read_text())
    launcher.run("down")
    stranger = subprocess.Popen([sys.executable, str(PLACEHOLDER), "wait"], start_new_session=True)
    noted["processes"][0]["identity"]["pid"] = stranger.pid
    (launcher.state / "run.json").write_text(json.dumps(noted))

    done = launcher.run("down")

    assert done.stdout == "• nothing was running\n"
    assert identify(stranger.pid) is not None
    stranger.kill()
    stranger.wait()


def web_pid(address: str) -> int:
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", "/")
    return int(connection.getresponse().read())


def can_count_bells(database_url: str) -> bool:
    try:
        with psycopg.connect(database_url, connect_timeout=2) as database:
            return database.execute("SELECT count(*) FROM bell").fetchone() == (0,)
    except psycopg.OperationalError:
        return False


def alive(pid: int) -> bool:
    return identify(pid) is not None


def log_of(launcher: Launcher, name: str) -> str:
    return (launcher.state / "logs" / f"{name}.log").read_text()
