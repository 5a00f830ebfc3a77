"""P8: how soon questions are answered when the tables are large, and counted from rollups instead of rows."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from random import Random

from config.bench import letter
from config.bench.arena import Arena
from config.bench.client import Api
from config.bench.databases import SEES_ALL, connect
from config.bench.figures import percentile
from config.bench.history import counted_by_the_hour, logged, multiplied
from config.bench.people import list_of
from config.bench.processes import Hand
from config.bench.stack import Stack
from config.bench.values import CARILLON, Contender, Goal, Measure, Trouble, Turn
from config.bench.waiting import wait_for
from config.bench.workload import Workload, workloads

FEW = 100_000
ASKED, QUICKLY_ASKED = 300, 30  # times each question
CONTENT = {"in_app": {"title": "Order {{ recipient.attributes.order }}", "body": "It is on its way."}}
QUESTIONS = ("status", "timeline", "inbox", "list")
LONG, SHORT = 90, 30  # days
SMALLER = f"Carillon, {FEW:,} or a tenth"
LIVE = "live counting"
PATIENCE = 60.0
_LIVE = """
SELECT channel, state, count(*), sum(attempts), avg(extract(epoch FROM sent_at - created_at))
FROM notifications_delivery
WHERE tenant_id = (SELECT tenant_id FROM notifications_notification WHERE id = %s)
  AND created_at >= now() - %s * interval '1 day'
GROUP BY 1, 2
"""
_COUNTS = "SELECT count(*) FROM notifications_delivery"


class History:
    """A Carillon with `size` deliveries in its tables, of which only the web still runs."""

    def __init__(self, arena: Arena, *, purpose: str, number: int, size: int, asked: int) -> None:
        self._closing = ExitStack()
        self._arena, self.size, self._asked = arena, size, asked
        self._people = min(1000, max(size // 10, 1))
        self.stack: Stack = self._closing.enter_context(arena.stack_apart(purpose, number=number))
        self.ledger = self._closing.enter_context(connect(self.stack.database_url, options=SEES_ALL))
        self._fill()

    def close(self) -> None:
        """Away with it."""
        self._closing.close()

    def turn(self, size: int) -> Turn:
        """Every question, in SQL and by HTTP."""
        figures: dict[str, float] = {"http": 0.0}
        troubles: list[str] = []
        if (found := self.count()) < self.size:
            troubles.append(f"{found} of {self.size} deliveries are there")
        questions = self.paths()
        for name, within in self._within(questions).items():
            paths = questions[name]
            if wrong := sum(one["status"] != 200 for one in within):
                troubles.append(f"{name}: {wrong} of {len(paths)} questions were not answered 200")
            figures[f"{name}_sql"] = percentile([one["ms"] for one in within], 0.99)
            if name in QUESTIONS:
                figures["http"] = max(figures["http"], percentile(list(self._by_http(paths)), 0.99))
        figures["sql"] = max(figures[f"{name}_sql"] for name in QUESTIONS)
        return Turn(size, figures, tuple(troubles))

    def live(self, size: int) -> Turn:
        """Count what the rollups know from the rows themselves."""
        figures = {}
        for days in (SHORT, LONG):
            began = time.monotonic()
            counted = sum(row[2] for row in self.ledger.execute(_LIVE, (self.first, days)).fetchall())
            figures[f"days{days}_sql"] = (time.monotonic() - began) * 1000
            if counted < self.size:
                return Turn(size, {}, (f"{counted} of {self.size} deliveries were counted",))
        return Turn(size, figures)

    def count(self) -> int:
        """Deliveries there are."""
        return int((self.ledger.execute(_COUNTS).fetchone() or (0,))[0])

    def paths(self) -> Mapping[str, Sequence[str]]:
        """What is asked, by the name of the question; another notification and another person each time."""
        chance = Random(7)  # noqa: S311 - the same questions in each turn
        known = sorted(logged(self.ledger))
        picked = [chance.choice(known) for _ in range(self._asked)]
        people = [chance.randrange(self._people) for _ in range(self._asked)]
        return {
            "status": [f"/api/v1/notifications/{id}" for id in picked],
            "timeline": [f"/api/v1/notifications/{id}/timeline" for id in picked],
            "inbox": [f"/api/v1/recipients/person-{number}/inbox" for number in people],
            "list": [f"/api/v1/notifications/{id}/deliveries?limit=100" for id in picked],
            **{f"days{days}": [_summary(days)] * self._asked for days in (SHORT, LONG)},
        }

    def _fill(self) -> None:
        api = self.stack.api("post")
        people = list_of(api, "people", size=self._people, describe=letter.person)
        body = {"segment": people, "channels": ["in_app"], "content": CONTENT, "data": letter.DATA}
        self.first = api("POST", "/notifications", body)["id"]
        if not wait_for(lambda: _ended(api, self.first), seconds=PATIENCE, check=self.stack.check, every=0.2):
            raise Trouble(f"the first campaign of the history was not sent in {PATIENCE:.0f} s")
        self.stack.only_web()
        campaigns = max(self.size // self._people, 1)
        multiplied(self.ledger, self.first, people=self._people, campaigns=campaigns)
        counted_by_the_hour(self.ledger, self.first, days=LONG)
        with connect(self.stack.database_url) as owner:
            owner.execute("ANALYZE")

    def _within(self, questions: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[Mapping[str, float]]]:
        task = {"key": self.stack.key("post"), "questions": questions}
        hand = Hand("config.bench.questions", task, env=self.stack.env, logs=self._arena.folder)
        try:
            hand.ready()
            hand.go()
            found: Mapping[str, Sequence[Mapping[str, float]]] = hand.done()
        finally:
            hand.stop()
        return found

    def _by_http(self, paths: Sequence[str]) -> Iterator[float]:
        api = self.stack.api("post")
        for path in paths:
            began = time.monotonic()
            api("GET", path.removeprefix("/api/v1"))
            yield (time.monotonic() - began) * 1000


@workloads.register
class LongHistory(Workload):
    key = "P8"
    title = "Questions to tables with {size:,} deliveries and inbox items, p99 over all statements of a request"
    measures = (
        Measure("sql", "slowest question, SQL p99", "ms"),
        Measure("http", "slowest question, HTTP p99", "ms"),
        *(Measure(f"{name}_sql", f"{name} SQL", "ms") for name in QUESTIONS),
        *(Measure(f"days{days}_sql", f"analytics of {days} days SQL", "ms") for days in (SHORT, LONG)),
    )
    goals = (
        Goal("P8", "sql", floor=5, goal=1, at_most=True),
        Goal("P8", "http", floor=50, goal=20, at_most=True),
        *(Goal("P8", f"{name}_sql", floor=3, goal=1.5, over=SMALLER, at_most=True) for name in QUESTIONS),
        *(
            Goal("P8b", f"days{days}_sql", floor=1 / 20, goal=1 / 100, over=LIVE, at_most=True)
            for days in (SHORT, LONG)
        ),
        Goal("P8b", f"days{LONG}_sql", floor=5, goal=5, at_most=True),
    )
    conditions = (
        "in the API's own code, as the web asks: row level security, the key's look-up and every other statement of "
        "the request are in its milliseconds; one request at a time",
        "a campaign that was sent, multiplied by the database; every tenth campaign has its lines in the log",
        f"rollups of {LONG} days: 36 rows a quarter of an hour, and as many for each coarser grain; all deliveries are "
        f"younger than {SHORT} days, so that live counting reads all of them in both",
    )

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=10_000_000, quick=20_000)
        few = FEW if size > FEW else max(size // 10, 10)
        asked = QUICKLY_ASKED if self.scale.quick or self.scale.asked else ASKED
        self._open: list[History] = []
        large = self._history("large", 2, size, asked)
        small = self._history("small", 3, few, asked)
        return (
            Contender(CARILLON, "web alone", size, lambda _: large.turn(size)),
            Contender(SMALLER, "the same, a smaller history", few, lambda _: small.turn(few)),
            Contender(LIVE, "GROUP BY over the deliveries of the tenant, no rollups", size, lambda _: large.live(size)),
        )

    def troubles(self) -> Sequence[str]:
        """Nobody works here: the ledger of a history that is made up proves nothing."""
        return ()

    def close(self) -> None:
        """Both histories."""
        for history in getattr(self, "_open", ()):
            history.close()

    def _history(self, purpose: str, number: int, size: int, asked: int) -> History:
        history = History(self.arena, purpose=purpose, number=number, size=size, asked=asked)
        self._open.append(history)
        return history


def _ended(api: Api, id: str) -> bool:
    return api("GET", f"/notifications/{id}")["status"] in ("completed", "failed")


def _summary(days: int) -> str:
    since = datetime.now(UTC) - timedelta(days=days)
    return f"/api/v1/analytics/summary?from={since:%Y-%m-%dT%H:00:00Z}&group_by=channel"
