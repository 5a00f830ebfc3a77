"""One call of a provider as seen from both sides: who makes it, and who waits for it no longer than agreed."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from channels_app.values import NOT_BEGUN, Message, Retry, SendResult, Unknown
from kernel.clock import monotonic


class Abandoned(Exception):
    """Nobody waits for this call any more: its result has been told already, so nothing may go out now."""


class Call:
    """Messages that go out together, the moment by which they must have gone, and whether bytes may be out.

    Until a provider says otherwise its bytes may be out from the beginning: that is the safe thing to believe.
    """

    def __init__(self, messages: Sequence[Message], *, deadline: float, timeout_seconds: float) -> None:
        self.messages = messages
        self.deadline = deadline  # monotonic seconds; narrowed to begin + timeout once the call begins
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._begun = self._abandoned = False
        self._may_have_sent = True
        self._results: Sequence[SendResult] | None = None

    @property
    def may_have_sent(self) -> bool:
        return self._may_have_sent

    def begin(self) -> bool:
        """Take up the call; `False` when it is too late for that."""
        now = monotonic()
        with self._lock:
            if self._abandoned or now >= self.deadline:
                return False
            self._begun = True
        self.deadline = min(self.deadline, now + self._timeout_seconds)
        return True

    def remaining(self) -> float:
        """Seconds left, always above 0; raises TimeoutError when there are none."""
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return left

    @contextmanager
    def before_bytes(self) -> Iterator[None]:
        """Whatever happens inside, the message has not gone out. Raises `Abandoned` at its end when nobody waits."""
        self._may_have_sent = False
        yield
        self.bytes_follow()

    def bytes_follow(self) -> None:
        """Say that from now on the message may have gone out. Raises `Abandoned` when nobody waits."""
        with self._lock:
            if self._abandoned:
                raise Abandoned
            self._may_have_sent = True

    def nothing_went_out(self) -> None:
        """Say that, after all, the message cannot have gone out: writing it failed half-way."""
        self._may_have_sent = False

    def finish(self, results: Sequence[SendResult]) -> None:
        """Tell what became of the messages, in their order."""
        with self._lock:
            if not self._abandoned:
                self._results = results

    def collect(self) -> Sequence[SendResult]:
        """What is known now. A call that is still running is given up, and can send nothing it had not begun to."""
        with self._lock:
            if self._results is not None:
                return self._results
            self._abandoned = True
            begun, may_have_sent = self._begun, self._may_have_sent
        if not begun:
            waiting = Retry(NOT_BEGUN, "its turn did not come before the deadline", provider_fault=False)
            return [waiting] * len(self.messages)
        late = "the provider did not answer in time"
        result = Unknown("timeout", late) if may_have_sent else Retry("timeout", late)
        return [result] * len(self.messages)
