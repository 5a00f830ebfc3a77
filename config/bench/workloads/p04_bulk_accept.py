"""P4: how fast many notifications are accepted that come in few requests."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from config.bench import letter
from config.bench.carillon_site import PEOPLE
from config.bench.load import Request, flat_out
from config.bench.naive.site import NaiveSite
from config.bench.people import list_of
from config.bench.values import CARILLON, Contender, Goal, Measure, Turn
from config.bench.workload import Workload, workloads

IN_ONE_REQUEST = 100
CONNECTIONS = 4
FIRST_DAY = timedelta(days=2)  # later than any bench ends


@workloads.register
class BulkAccept(Workload):
    key = "P4"
    title = f"{{size:,}} notifications accepted by HTTP, {IN_ONE_REQUEST} in a request, {CONNECTIONS} connections"
    measures = (Measure("accepted", "accepted", "/s"),)
    goals = (Goal("P4", "accepted", floor=2, goal=3, over="DRF many + bulk_create"),)
    conditions = (
        "on: fsync, synchronous_commit, API key, an idempotency key per notification, content and data in each",
        "scheduled for a later day, so that nothing is sent meanwhile",
    )

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=20_000, quick=2_000)
        stack, naive = self.arena.stack, NaiveSite(self.arena, worker=False)
        list_of(stack.api("post"), f"people-{PEOPLE}", size=PEOPLE, describe=letter.person)
        return (
            Contender(CARILLON, "POST /notifications/bulk", size, self._carillon),
            Contender(
                "DRF many + bulk_create", "a serializer with many=True, bulk_create, one Celery message", size,
                lambda size: _drf(naive, size),
            ),
        )  # fmt: skip

    def _carillon(self, size: int) -> Turn:
        key, at = self.arena.stack.key("post"), (datetime.now(UTC) + FIRST_DAY).isoformat()
        bodies = [{"notifications": [_item(number, at) for number in numbers]} for numbers in _shares(size)]
        requests = [Request("/api/v1/notifications/bulk", body, key=key).encoded() for body in bodies]
        began = time.monotonic()
        answers = flat_out(self.arena.stack.port, requests, connections=CONNECTIONS)
        seconds = time.monotonic() - began
        accepted = sum(int(answer.body["accepted"]) for answer in answers)
        troubles = () if accepted == size else (f"accepted {accepted} of {size}",)
        return Turn(size, {"accepted": size / seconds}, troubles)


def _drf(site: NaiveSite, size: int) -> Turn:
    with site.running():
        bodies = [[site.item(number % PEOPLE) for number in numbers] for numbers in _shares(size)]
        requests = [Request("/notifications/bulk", body).encoded() for body in bodies]
        began = time.monotonic()
        answers = flat_out(site.port, requests, connections=CONNECTIONS)
        seconds = time.monotonic() - began
    accepted = sum(len(answer.body) for answer in answers)
    return Turn(size, {"accepted": size / seconds}, () if accepted == size else (f"accepted {accepted} of {size}",))


def _shares(size: int) -> Sequence[range]:
    return [range(start, min(start + IN_ONE_REQUEST, size)) for start in range(0, size, IN_ONE_REQUEST)]


def _item(number: int, at: str) -> dict[str, object]:
    return {
        "recipients": [f"person-{number % PEOPLE}"],
        "channels": ["email"],
        "content": letter.CONTENT,
        "data": letter.DATA,
        "scheduled_at": at,
        "idempotency_key": uuid4().hex,
    }
