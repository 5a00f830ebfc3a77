"""Processes that the benchmark starts: each in a group of its own, its output in a file, none of them outliving it."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from config.bench.values import Trouble
from deploy.local.identity import wait_until
from deploy.local.paths import REPO
from deploy.local.spawn import spawn

STOP_SECONDS = 15.0
HAND_SECONDS = 900.0  # the longest piece of work of one hand
LAST_CHARS = 1500  # of an output, when a process ended that should not have


class Process:
    """One child with its log. Start it from the main thread: it ends with the thread that started it."""

    def __init__(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str], logs: Path, keep_fds: Sequence[int] = ()
    ) -> None:
        self.name = name
        self._log = logs / f"{name}.log"
        self._log.unlink(missing_ok=True)
        with self._log.open("ab") as output:
            self._process = spawn(command, env=env, folder=REPO, output=output, keep_fds=keep_fds)

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises `Trouble` when it has ended."""
        code = self._process.poll()
        if code is not None:
            raise Trouble(f"{self.name} ended with {code}:\n{self.last_words()}")

    def last_words(self) -> str:
        """The end of its output."""
        return self._log.read_text(errors="replace")[-LAST_CHARS:]

    def hold(self) -> None:
        """Let it do nothing until `let_go`."""
        self._process.send_signal(signal.SIGSTOP)

    def let_go(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """kill -9: it and whatever it has started are gone at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it and whatever it has started, in order if it can be."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            wait_until(lambda: self._process.poll() is not None, seconds=STOP_SECONDS)
        self.kill()


class Hand(Process):
    """A child that gets ready, says so, waits for the word, works, and says what came of it: lines of JSON."""

    def __init__(self, module: str, task: Mapping[str, Any], *, env: Mapping[str, str], logs: Path) -> None:
        self.name = module.rpartition(".")[2]
        self._log = logs / f"{self.name}.log"
        with self._log.open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(env),
                cwd=REPO,
                process_group=0,
            )
        self._say(task)

    def ready(self) -> Any:
        """Wait until it is; what it says then."""
        return self._hear()

    def go(self) -> None:
        """Give the word."""
        self._say("go")

    def tell(self, what: Any) -> None:
        """Say something more."""
        self._say(what)

    def done(self) -> Any:
        """Wait for the end of its work; what came of it."""
        return self._hear()

    def _say(self, what: Any) -> None:
        stream = self._process.stdin
        assert stream is not None
        stream.write(json.dumps(what).encode() + b"\n")
        stream.flush()

    def _hear(self) -> Any:
        stream = self._process.stdout
        assert stream is not None
        if not select.select([stream], [], [], HAND_SECONDS)[0]:
            raise Trouble(f"{self.name} said nothing for {HAND_SECONDS:.0f} s:\n{self.last_words()}")
        line = stream.readline()
        if not line:
            self._process.wait()
            raise Trouble(f"{self.name} ended with {self._process.returncode}:\n{self.last_words()}")
        return json.loads(line)


def told(stream: TextIO = sys.stdin) -> Any:
    """The other side of `Hand`: the next thing that the benchmark says."""
    return json.loads(stream.readline())


def answer(what: Any) -> None:
    """The other side of `Hand`: say something to the benchmark."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def run_to_end(command: Sequence[str], *, env: Mapping[str, str], check: bool = True) -> str:
    """Run a command; what it wrote to its standard output. Raises `Trouble` when it fails, unless told not to check."""
    done = subprocess.run(command, env=dict(env), cwd=REPO, capture_output=True, text=True, check=False)  # noqa: S603
    if check and done.returncode != 0:
        raise Trouble(
            f"{' '.join(command[-3:])} failed ({done.returncode}):\n{(done.stderr or done.stdout)[-LAST_CHARS:]}"
        )
    return done.stdout
