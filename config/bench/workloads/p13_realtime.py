"""P13: how soon very many open inboxes see what comes in."""

import resource
from collections.abc import Sequence
from uuid import uuid4

from config.bench import letter
from config.bench.figures import percentile
from config.bench.load import Request, on_schedule
from config.bench.people import list_of
from config.bench.processes import Hand
from config.bench.values import CARILLON, Contender, Goal, Measure, Trouble, Turn
from config.bench.workload import Workload, workloads
from deploy.local.paths import REPO

PER_SECOND = 50.0
SPARE = 1000  # descriptors for everything else
CONTENT = {"in_app": {"title": "Order {{ recipient.attributes.order }}", "body": "It is on its way."}}
_INBOXES = """
SELECT tenant_id::text, id::text FROM audience_recipient
WHERE external_id = ANY (%s) AND tenant_id = (
  SELECT tenant_id FROM audience_segment WHERE key = %s ORDER BY id LIMIT 1)
ORDER BY array_position(%s, external_id)
"""


@workloads.register
class Realtime(Workload):
    key = "P13"
    title = (
        f"{{size:,}} SSE clients on one process, {PER_SECOND:.0f} in-app notifications a second, then one to everybody"
    )
    measures = (
        Measure("p50", "published → seen p50", "ms"),
        Measure("p99", "p99", "ms"),
        Measure("everybody", "one to everybody: p99", "ms"),
    )
    goals = (Goal("P13", "p99", floor=500, goal=250, at_most=True),)
    conditions = (
        "each client has an inbox of its own; published: the moment that the item bears; all clients in one process",
        "on: tokens, catching up, counts after each item, a look into the database in between",
    )

    def contenders(self) -> Sequence[Contender]:
        size = min(self.scale.of(full=10_000, quick=200), _most())
        self._singles = 100 if self.scale.quick or self.scale.asked else 1000
        self._api = self.arena.stack.api("seen")
        self._list = list_of(self._api, f"people-{size}", size=size, describe=letter.person)
        self._port = self.arena.stack.start_realtime()
        about = "one realtime process as shipped"
        return (Contender(CARILLON, about, size, lambda _: self._turn(size)),)

    def close(self) -> None:
        """The realtime process goes; the others do not need it."""
        self.arena.stack.end_realtime()

    def _turn(self, size: int) -> Turn:
        folder, environ = self.arena.folder, {**self.arena.environ, "PYTHONPATH": str(REPO)}
        hand = Hand(
            "config.bench.listeners",
            {"port": self._port, "tokens": self._tokens(size)},
            env=environ,
            logs=folder,
        )
        try:
            hand.ready()
            hand.tell(self._singles + size)
            names = [f"person-{number * 7919 % size}" for number in range(self._singles)]
            on_schedule(self.arena.stack.port, [self._request(name) for name in names], per_second=PER_SECOND)
            everybody = self._api("POST", "/notifications", {**_body(), "segment": self._list})["id"]
            seen = hand.done()
        finally:
            hand.stop()
        return self._judged(size, seen, everybody)

    def _judged(self, size: int, seen: Sequence[tuple[int, str, float]], everybody: str) -> Turn:
        found = {item: late for _, item, late in seen}
        troubles = []
        if len(found) < self._singles + size:
            troubles.append(f"{len(found)} of {self._singles + size} items were seen")
        if len(seen) > len(found):
            troubles.append(f"{len(seen) - len(found)} items were seen more than once")
        if troubles:
            return Turn(size, {}, tuple(troubles))
        query = "SELECT id::text FROM audience_inboxitem WHERE notification_id = %s"
        together = {id for (id,) in self.arena.ledger.execute(query, (everybody,))}
        if len(together) != size:
            return Turn(size, {}, (f"{len(together)} of {size} items are there of the one to everybody",))
        one_by_one = [late for item, late in found.items() if item not in together]
        at_once = [late for item, late in found.items() if item in together]
        figures = {"p50": percentile(one_by_one, 0.5), "p99": percentile(one_by_one, 0.99)}
        return Turn(size, {**figures, "everybody": percentile(at_once, 0.99)})

    def _request(self, person: str) -> bytes:
        body = {**_body(), "recipients": [person]}
        return Request("/api/v1/notifications", body, key=self.arena.stack.key("seen")).encoded()

    def _tokens(self, size: int) -> Sequence[str]:
        names = [f"person-{number}" for number in range(size)]
        inboxes = self.arena.ledger.execute(_INBOXES, (names, self._list, names)).fetchall()
        if len(inboxes) != size:
            raise Trouble(f"{len(inboxes)} of {size} people are there")
        hand = Hand("config.bench.tokens", {"inboxes": inboxes}, env=self.arena.stack.env, logs=self.arena.folder)
        try:
            tokens: Sequence[str] = hand.ready()
        finally:
            hand.stop()
        return tokens


def _body() -> dict[str, object]:
    return {
        "channels": ["in_app"],
        "content": CONTENT,
        "data": letter.DATA,
        "priority": "high",
        "idempotency_key": uuid4().hex,
    }


def _most() -> int:
    """Connections that one process may have; the soft limit is raised for us and for those whom we start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(hard - SPARE, 1) if hard != resource.RLIM_INFINITY else 1_000_000
