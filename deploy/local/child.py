"""One program of the table: a process that can be started again and again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.output import Output, rotating_log
from deploy.local.spawn import spawn
from deploy.local.table import Program

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
Show = Callable[[str, str], None]  # (name of the process, one line of its output)


class Child:
    """A program of ours; each start has an output of its own."""

    def __init__(
        self,
        program: Program,
        *,
        words: Mapping[str, object],
        env: Mapping[str, str],
        folder: Path,
        keep_fds: Sequence[int],
        logs: Path,
        show: Show,
    ) -> None:
        """`words` fill the braces in the command; `keep_fds` are listening sockets it inherits."""
        self.name, self.stage = program.name, program.stage
        self._command = program.filled(words)
        self._env = {**env, **program.env}
        self._folder, self._keep_fds = folder, keep_fds
        self._log = rotating_log(logs / f"{program.name}.log")
        self._show = show
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, None while it does not run."""
        return self._process.pid if self._process is not None and self.alive() else None

    @property
    def group(self) -> int | None:
        """The process group that it leads, also after its end; None before its first start."""
        return None if self._process is None else self._process.pid

    def alive(self) -> bool:
        """Whether it runs; reaps it when it has ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended: 0 well, negative by that signal; None while it runs or before it ever did."""
        return None if self._process is None else self._process.poll()

    def launch(self) -> Output:
        """Start it and give its output, to be read until its end. Raises OSError when the program is not there."""
        reading, writing = os.pipe()
        try:
            self._process = spawn(
                self._command, env=self._env, folder=self._folder, output=writing, keep_fds=self._keep_fds
            )
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return Output(reading, take=self._take)

    def signal(self, number: signal.Signals) -> None:
        """Signal the process itself: a gunicorn or Celery main process tells its own children."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _take(self, line: str) -> None:
        self._log.info(COLOUR.sub("", line))
        if line.strip():
            self._show(self.name, line)
