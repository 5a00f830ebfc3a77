"""Shows inbox items on the sandbox's page too, where there is a sandbox: for people who try Carillon out.

Inboxes are ours and no provider's, so nothing of theirs would be seen there otherwise. Nobody waits for this, and what
cannot be shown is not missed: the inbox itself is the truth.
"""

import json
import logging
import os
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from channels_app.contract import Message

PATH = "/in_app/items"
MOST_WAITING = 100  # batches; more are not shown
TIMEOUT_SECONDS = 1.0

log = logging.getLogger(__name__)


def show(messages: Sequence[Message], items: Sequence[dict[str, Any]]) -> None:
    """Show what was put into inboxes, one item per message. Returns at once, and never raises."""
    if not settings.SANDBOX_URL:
        return
    shown = [
        {"delivery_id": str(message.delivery_id), "to": message.recipient, **item}
        for message, item in zip(messages, items, strict=True)
        if message.mode == "test" or settings.SANDBOX_LIVE
    ]
    if shown:
        _teller.tell(settings.SANDBOX_URL.rstrip("/") + PATH, shown)


class _Teller:
    """One daemon thread per process, started at the first item; a forked child starts its own."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._waiting: queue.Queue[tuple[str, list[dict[str, Any]]]] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def tell(self, url: str, items: list[dict[str, Any]]) -> None:
        try:
            self._waiting.put_nowait((url, items))
        except queue.Full:
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            _post(*self._waiting.get())


def _post(url: str, items: list[dict[str, Any]]) -> None:
    body = json.dumps({"items": items}).encode()
    request = urllib.request.Request(  # noqa: S310 - an address of the operator's own
        url, data=body, headers={"Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()  # noqa: S310
    except (OSError, urllib.error.URLError) as trouble:
        log.debug("mirror.not_shown", extra={"trouble": type(trouble).__name__})


_teller = _Teller()
os.register_at_fork(after_in_child=_teller.forget)
