"""A sink as the benchmark sees it: where it listens, and what it took."""

import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.bench.processes import Process
from config.bench.sinks.ledger import FLUSH_SECONDS, Reader
from config.bench.values import Trouble
from config.bench.waiting import wait_for
from deploy.local.ports import HOST, free_port

START_SECONDS = 20.0


class Sink:
    """Processes of one module that share a port."""

    def __init__(self, module: str, *words: str, processes: int, environ: Mapping[str, str], folder: Path) -> None:
        """Started when this returns. Raises `Trouble`."""
        name = module.rpartition(".")[2]
        self.port = free_port()
        ledgers = [folder / f"{name}-{self.port}-{number}.ids" for number in range(processes)]
        self._readers = [Reader(path) for path in ledgers]
        self._processes = [
            Process(
                f"{name}-sink-{number}",
                [sys.executable, "-m", module, str(self.port), str(path), *words],
                env=environ,
                logs=folder,
            )
            for number, path in enumerate(ledgers)
        ]
        if not wait_for(self._answers, seconds=START_SECONDS, check=self._check):
            raise Trouble(f"the {name} sink does not answer")

    @property
    def address(self) -> tuple[str, int]:
        return HOST, self.port

    def took(self) -> Sequence[str]:
        """The ids of everything it has taken since this was last asked; waits until it writes down no more."""
        found: list[str] = []
        while True:
            time.sleep(3 * FLUSH_SECONDS)
            new = [id for reader in self._readers for id in reader.new()]
            if not new:
                return found
            found += new

    def close(self) -> None:
        """End it."""
        for process in self._processes:
            process.stop()

    def _check(self) -> None:
        for process in self._processes:
            process.check()

    def _answers(self) -> bool:
        try:
            socket.create_connection(self.address, timeout=1).close()
        except OSError:
            return False
        return True
