"""Starting and stopping, with stand-ins for the processes."""

import http.client
import os
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.identity import identify
from deploy.local.ports import free_port, listen_near
from tests.launcher.launching import PLACEHOLDER, Launcher


def answer_of(api_url: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(api_url).netloc, timeout=5)
    connection.request("GET", "/readyz")
    answer = connection.getresponse()
    assert answer.status == 200
    return int(answer.read())


def test_up_behind_returns_when_all_answers(launcher: Launcher) -> None:
    launcher.table({"name": "sleeper", "command": ["{python}", str(PLACEHOLDER), "wait"]})

    done = launcher.run("up", "--detach")

    status = launcher.status()
    assert done.returncode == 0
    assert launcher.run("status").returncode == 0
    assert [(one["name"], one["alive"]) for one in status["processes"]] == [("web", True), ("sleeper", True)]
    assert answer_of(status["api_url"]) == status["processes"][0]["pid"]
    assert f"{status['api_url']}/api/v1/docs/" in done.stdout
    assert "curl -sS -X POST" in done.stdout


def test_up_twice_says_so_and_changes_nothing(launcher: Launcher) -> None:
    launcher.run("up", "--detach")
    before = launcher.status()

    again = launcher.run("up")

    assert again.returncode == 0
    assert "is running already" in again.stdout
    assert str(before["api_url"]) in again.stdout
    assert launcher.status() == before


def test_two_ups_at_the_same_moment_start_one_instance(launcher: Launcher) -> None:
    both = [launcher.begin("up", "--detach"), launcher.begin("up", "--detach")]
    said = [one.communicate(timeout=60)[0] for one in both]

    assert [one.returncode for one in both] == [0, 0], said
    assert [one["name"] for one in launcher.status()["processes"]] == ["web"]
    assert len(launcher.processes()) == 1


def test_down_ends_everything_and_status_forgets_it(launcher: Launcher) -> None:
    launcher.run("up", "--detach")
    supervisor = launcher.supervisor

    done = launcher.run("down")

    assert done.returncode == 0
    assert launcher.processes() == []
    assert launcher.status()["processes"] == []
    assert identify(supervisor) is None


def test_a_port_asked_for_and_taken_is_exit_code_2(launcher: Launcher) -> None:
    with listen_near(20000) as taken:
        port = taken.getsockname()[1]

        done = launcher.run("up", "--port", str(port))

    assert done.returncode == 2
    assert done.stderr == (
        f"carillon: port {port} on 127.0.0.1 is not free (Address already in use); choose another with --port\n"
    )
    assert launcher.processes() == []


def test_a_port_asked_for_and_free_is_taken(launcher: Launcher) -> None:
    port = free_port()

    launcher.run("up", "--detach", "--port", str(port))

    assert launcher.status()["api_url"] == f"http://127.0.0.1:{port}"


def test_ports_are_remembered(launcher: Launcher) -> None:
    launcher.run("up", "--detach", "--port", str(free_port()))
    before = launcher.status()
    launcher.run("down")

    launcher.run("up", "--detach", "--port", str(free_port()))

    after = launcher.status()
    assert after["api_url"] != before["api_url"]
    assert (after["realtime_url"], after["sandbox_url"]) == (before["realtime_url"], before["sandbox_url"])


def test_a_failing_step_stops_the_start_and_shows_its_log(launcher: Launcher, tmp_path: Path) -> None:
    launcher.table(
        steps=({"name": "prepare", "command": ["{python}", str(PLACEHOLDER), "crash", str(tmp_path / "n")]},)
    )

    done = launcher.run("up", "--detach")

    assert done.returncode == 1
    assert "prepare failed with exit code 7" in done.stdout
    assert "cannot find the bell rope" in done.stdout
    assert launcher.processes() == []
    assert launcher.run("status").returncode == 3


def test_a_signal_stops_all_in_reverse_order(launcher: Launcher, tmp_path: Path) -> None:
    farewells = tmp_path / "farewells"
    launcher.table(*(waiting(name, stage=stage, file=farewells) for name, stage in (("a", 1), ("b", 2), ("c", 3))))
    up = launcher.begin("up")
    assert launcher.eventually(lambda: launcher.run("status").returncode == 0)

    up.send_signal(signal.SIGINT)

    said, _ = up.communicate(timeout=20)
    assert up.returncode == 0
    assert farewells.read_text().split() == ["c", "b", "a"]
    assert "web | serving with Python 3" in " ".join(said.split())
    assert said.endswith("• stopping\n• stopped\n")
    assert launcher.processes() == []


def test_a_console_that_goes_away_stops_nothing(launcher: Launcher) -> None:
    up = launcher.begin("up")
    assert launcher.eventually(lambda: launcher.run("status").returncode == 0)
    assert up.stdout is not None
    up.stdout.close()

    web = launcher.pid("web")
    assert web is not None
    os.kill(web, signal.SIGKILL)  # makes the supervisor speak

    assert launcher.eventually(lambda: launcher.pid("web") not in (None, web))
    assert up.poll() is None
    up.terminate()
    assert up.wait(timeout=20) == 0


def test_output_is_kept_in_a_log_per_process(launcher: Launcher) -> None:
    launcher.run("up", "--detach")

    assert launcher.eventually((launcher.state / "logs" / "web.log").exists)
    assert (launcher.state / "logs" / "web.log").read_text() == "serving with Python 3\n"


def test_what_holds_secrets_is_private(launcher: Launcher) -> None:
    launcher.run("up", "--detach")

    modes = {name: (launcher.state / name).stat().st_mode & 0o777 for name in ("run.json", "secret_key", "logs")}
    assert modes == {"run.json": 0o600, "secret_key": 0o600, "logs": 0o700}


def test_a_checkout_with_spaces_runs_with_real_servers(launcher_in_spaces: Launcher) -> None:
    done = launcher_in_spaces.run("up", "--detach")

    status = launcher_in_spaces.status()
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(one["name"], one["alive"]) for one in status["processes"]] == [
        ("postgres", True),
        ("valkey", True),
        ("web", True),
    ]
    assert launcher_in_spaces.run("down").returncode == 0


def waiting(name: str, *, stage: int, file: Path) -> dict[str, object]:
    return {"name": name, "stage": stage, "command": ["{python}", str(PLACEHOLDER), "wait", f"{file}:{name}"]}


def test_manage_runs_in_the_environment_of_the_installation(launcher_in_spaces: Launcher) -> None:
    (launcher_in_spaces.repo / "manage.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.environ['CARILLON_PROCESS'], os.environ['DATABASE_URL'])\nsys.exit(4)\n"
    )

    alone = launcher_in_spaces.run("manage", "shell", "--help")
    left = launcher_in_spaces.processes()
    launcher_in_spaces.run("up", "--detach")
    beside = launcher_in_spaces.run("manage", "x")

    database_url = launcher_in_spaces.status()["database_url"]
    assert (alone.returncode, alone.stdout) == (4, f"['shell', '--help'] manage {database_url}\n")
    assert left == []
    assert (beside.returncode, beside.stdout) == (4, f"['x'] manage {database_url}\n")


def test_an_interrupted_start_leaves_nothing(launcher: Launcher) -> None:
    launcher.table(services=True)
    up = launcher.begin("up", stdout=subprocess.DEVNULL)
    assert launcher.eventually((launcher.state / "run.json").exists)

    up.send_signal(signal.SIGTERM)

    assert up.wait(timeout=20) in (0, 143)
    assert launcher.processes() == []
