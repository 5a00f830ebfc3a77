"""Says on a terminal what is being measured right now; elsewhere one line per workload is enough."""

import sys
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.status import Status


class Progress:
    """A line that changes, on the standard error stream."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._status = Status("starting", console=self._console) if sys.stderr.isatty() else None
        self._begun: set[str] = set()

    def __enter__(self) -> "Progress":
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def telling(self, key: str) -> Callable[[str], None]:
        """What the runner of one workload calls."""

        def tell(what: str) -> None:
            if self._status:
                self._status.update(f"{key}: {what}")
            elif key not in self._begun:
                self._begun.add(key)
                self._console.print(f"{key} …", highlight=False)

        return tell
