"""One delivery in the hands of two workers, every way it can go: the writes of the pipeline as small steps.

What is decided is asked of the real rules (`after_call`, `after_crash`, `stays`, `hear`, `LEGAL`); what the statements
of `services.claim`, `write`, `recovery` and `hearing` do with a decision is told here once more, in the smallest words:
a lease epoch is "still mine" or not, a wait is over at any time, a lease may run out at any time. A worker may die
between any two steps, an answer may be lost or come after another worker has taken over.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal, NamedTuple

from channels_app.contract import Refused, Retry, SendResult, Sent, Unknown
from channels_app.values import NOT_BEGUN, ReceiptKind
from notifications.rules.states import LEASED, LEGAL, OPEN, DeliveryState
from orchestrator.rules.outcomes import Road, after_call, after_crash
from orchestrator.rules.receipts import hear
from orchestrator.rules.sending import Circumstances, stays
from orchestrator.values import ClaimedDelivery
from tests.make import AT, a_claimed_delivery

PROVABLE = frozenset({"pending", "claimed", "sending", "unknown", "dead"})  # from which proof of acceptance moves it

ANSWERS: Mapping[str, SendResult] = {
    "sent": Sent("m-1"),
    "delivered": Sent("m-1", delivered=True),
    "unknown": Unknown("timeout"),
    "retry": Retry("smtp_451"),
    "refused": Refused("smtp_550"),
    "not_begun": Retry(NOT_BEGUN),
}
OUTCOMES = {"delivered": "sent", "not_begun": "retry"}  # how an attempt row calls an answer, where it does otherwise


class Worker(NamedTuple):
    """What one worker remembers of the delivery it claimed. `mine`: nobody has raised the epoch since."""

    doing: Literal["claimed", "calling", "answered"]
    mine: bool
    attempts: int
    crashes: int
    answer: str = ""


class World(NamedTuple):
    """Everything that can differ. `outcomes` are those of the attempt rows in order, `""` while one is open."""

    state: str = "pending"
    attempts: int = 0
    attempts_before: int = 0
    crashes: int = 0
    outcomes: tuple[str, ...] = ()
    workers: tuple[Worker | None, ...] = (None, None)
    withdrawn: bool = False
    accepted: int = 0  # how often the provider really took it
    proofs: int = 0  # how often it became `sent`
    lost_answers: int = 0  # attempts that were ever written down as unknown
    not_begun: int = 0
    replays: int = 0


class Broken(Exception):
    """A step would break a promise."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The case that is looked at, and the guards that can be taken away to see that they are needed."""

    unknown_policy: str
    honours_key: bool
    last_step: bool = True
    budget: int = 2
    replays: int = 0
    not_begun: int = 0  # how often a call may be put off because its turn did not come
    receipts: tuple[ReceiptKind, ...] = ()  # what the provider may tell, at any time after it took a message
    fenced: bool = True  # a write is a compare-and-swap on the lease epoch
    row_first: bool = True  # the attempt row is committed before the call
    disowns: bool = True  # proof closes the calls of whoever holds the lease


@dataclass(frozen=True, slots=True)
class Explored:
    """What was found. `broken` are promises broken on the way, `stuck` the worlds from which nothing settles."""

    worlds: int
    broken: tuple[str, ...]
    stuck: tuple[World, ...]
    most_accepted: int
    states: frozenset[str]


def explore(rules: Rules) -> Explored:
    """Walk through every world that can be reached."""
    first = World()
    seen, queue, reached_from, broken = {first}, deque([first]), defaultdict(list), []
    while queue:
        world = queue.popleft()
        broken += [f"{trouble}: {world}" for trouble in _troubles(world, rules)]
        try:
            for following in map(_forgotten, steps(world, rules)):
                reached_from[following].append(world)
                if following not in seen:
                    seen.add(following)
                    queue.append(following)
        except Broken as trouble:
            broken.append(f"{trouble}: {world}")
    return Explored(
        worlds=len(seen),
        broken=tuple(broken),
        stuck=_stuck(seen, reached_from),
        most_accepted=max(world.accepted for world in seen),
        states=frozenset(world.state for world in seen),
    )


def steps(world: World, rules: Rules) -> Iterator[World]:
    """Every world that may come next."""
    for index, worker in enumerate(world.workers):
        if worker is None:
            yield from _claim(world, index)
        else:
            yield _with(world, index, None)  # it dies; nobody hears of it
            yield from STEPS[worker.doing](world, index, worker, rules)
    yield from _time_passes(world, rules)


def _claim(world: World, index: int) -> Iterator[World]:
    if world.state == "pending":
        claimed = _moved(world, "claimed", raises_epoch=True)
        yield _with(claimed, index, Worker("claimed", True, world.attempts, world.crashes))


def _before_the_call(world: World, index: int, worker: Worker, rules: Rules) -> Iterator[World]:
    """It is judged once more; then it is begun, and the attempt row committed."""
    gone = _with(world, index, None)
    if not _may_write(world, worker, rules, was="claimed"):
        yield gone
        return
    for hindrance in ("", "expired", "earlier_step_succeeded", "rate_limited"):
        state = "pending" if hindrance == "rate_limited" else _stays(worker, hindrance, world.withdrawn, rules)
        if state is not None:
            yield _moved(gone, state)
            continue
        number = worker.attempts + 1
        begun = _moved(world, "sending")._replace(attempts=number)
        if rules.row_first:
            if len(world.outcomes) != number - 1:
                raise Broken(f"attempt {number} has a row already or follows a gap")
            begun = begun._replace(outcomes=(*world.outcomes, ""))
        yield _with(begun, index, worker._replace(doing="calling"))


def _during_the_call(world: World, index: int, worker: Worker, rules: Rules) -> Iterator[World]:
    """The provider takes it or not; the answer comes, gets lost, or its worker dies before it hears it."""
    taken = world._replace(accepted=1 if rules.honours_key else world.accepted + 1)
    for answer in ("sent", "delivered", "unknown"):
        yield _with(taken, index, worker._replace(doing="answered", answer=answer))
    yield _with(taken, index, None)
    for answer in ("unknown", "retry", "refused"):
        yield _with(world, index, worker._replace(doing="answered", answer=answer))
    if world.not_begun < rules.not_begun:
        later = world._replace(not_begun=world.not_begun + 1)
        yield _with(later, index, worker._replace(doing="answered", answer="not_begun"))


def _after_the_answer(world: World, index: int, worker: Worker, rules: Rules) -> Iterator[World]:
    written = _close(_with(world, index, None), worker.attempts + 1, OUTCOMES.get(worker.answer, worker.answer))
    moves = _after_call(worker.attempts, world.attempts_before, worker.crashes, worker.answer, rules)
    if _may_write(world, worker, rules, was="sending"):
        for state, free in moves:
            written = _moved(written, state)
            written = written._replace(attempts_before=written.attempts_before + free)
    elif moves[0][0] == "sent" and world.state in PROVABLE:
        written = _proven(written, ("sent",), rules)
    yield written


def _time_passes(world: World, rules: Rules) -> Iterator[World]:
    """Leases run out, holding ends, people cancel and replay."""
    if world.state in LEASED:
        yield _taken_over(world, rules)
    if world.state == "unknown":
        yield _moved(world, "failed")
    if not world.withdrawn:
        withdrawn = world._replace(withdrawn=True)
        yield _moved(withdrawn, "cancelled") if world.state == "pending" else withdrawn
    if world.accepted:
        for kind in rules.receipts:
            if path := _hear(world.state, kind):
                yield _proven(world, path, rules)
    if world.state in ("dead", "failed") and world.replays < rules.replays:
        again = _moved(world, "pending")
        yield again._replace(attempts_before=world.attempts, crashes=0, replays=world.replays + 1, withdrawn=False)


def _taken_over(world: World, rules: Rules) -> World:
    sending = world.state == "sending"
    attempts = world.attempts - 1 if sending else world.attempts
    crashes = world.crashes + 1
    state = _after_crash(attempts, world.attempts_before, crashes, sending, rules)
    taken = _close(world, world.attempts, "unknown") if sending else world
    return _moved(taken._replace(crashes=crashes), state, raises_epoch=True)


def _proven(world: World, path: tuple[str, ...], rules: Rules) -> World:
    """Proof of acceptance is a fact, whoever holds the lease."""
    for state in path:
        world = _moved(world, state, raises_epoch=True)
    for number in range(1, len(world.outcomes) + 1):
        if rules.disowns and world.outcomes[number - 1] == "":
            world = _close(world, number, "unknown")
    return world


def _may_write(world: World, worker: Worker, rules: Rules, *, was: str) -> bool:
    return world.state == was and (worker.mine or not rules.fenced)


def _moved(world: World, state: str, *, raises_epoch: bool = False) -> World:
    """The guard trigger refuses what is not legal."""
    was = world.state
    if state != was and DeliveryState(state) not in LEGAL[DeliveryState(was)]:
        raise Broken(f"illegal move {was} -> {state}")
    if raises_epoch:
        world = world._replace(workers=tuple(w and w._replace(mine=False) for w in world.workers))
    return world._replace(state=state, proofs=world.proofs + (state == "sent"))


def _forgotten(world: World) -> World:
    """The same world without what nothing can depend on any more: how calls ended of which no worker will speak."""
    spoken_of = {worker.attempts for worker in world.workers if worker is not None and worker.doing != "claimed"}
    outcomes = (o if o == "" or at in spoken_of else "…" for at, o in enumerate(world.outcomes))
    return world._replace(outcomes=tuple(outcomes), withdrawn=world.withdrawn and world.state in OPEN)


def _close(world: World, number: int, outcome: str) -> World:
    """An attempt is closed once; `unknown` may still become known."""
    if number > len(world.outcomes) or world.outcomes[number - 1] not in ("", "unknown"):
        return world
    outcomes = (*world.outcomes[: number - 1], outcome, *world.outcomes[number:])
    news = outcome == "unknown" and world.outcomes[number - 1] != "unknown"
    return world._replace(outcomes=outcomes, lost_answers=world.lost_answers + news)


def _with(world: World, index: int, worker: Worker | None) -> World:
    return world._replace(workers=(*world.workers[:index], worker, *world.workers[index + 1 :]))


STEPS = {"claimed": _before_the_call, "calling": _during_the_call, "answered": _after_the_answer}


def _troubles(world: World, rules: Rules) -> Iterator[str]:
    """The promises that this world breaks."""
    if world.proofs > 1 + world.replays:
        yield "became sent twice"
    if world.outcomes.count("") > 1:
        yield "two calls open at once"
    if len(world.outcomes) != world.attempts:
        yield "calls without a row"
    if world.attempts - world.attempts_before > rules.budget:
        yield "more calls than the budget allows"
    if rules.honours_key and world.accepted > 1:
        yield "taken twice in spite of the key"
    if not rules.honours_key and rules.unknown_policy == "at_most_once" and world.accepted > 1 + world.replays:
        yield "held, and taken twice all the same"
    if world.accepted > 1 + world.lost_answers + world.replays:
        yield "taken twice and nothing says so"
    if world.state in ("sent", "delivered") and not world.accepted:
        yield "called sent and never taken"
    called_lost = world.state not in (*OPEN, "sent", "delivered", "bounced")
    told = world.lost_answers or world.proofs
    if called_lost and world.accepted and not any(world.workers) and not told:
        yield "taken, called lost, and nothing says so"


def _stuck(seen: set[World], reached_from: Mapping[World, list[World]]) -> tuple[World, ...]:
    """The worlds from which no settled one can be reached: closed for good, and no call left open."""
    good = {world for world in seen if world.state not in OPEN and "" not in world.outcomes}
    queue = deque(good)
    while queue:
        for before in reached_from[queue.popleft()]:
            if before not in good:
                good.add(before)
                queue.append(before)
    return tuple(seen - good)


# -- the real rules, asked --------------------------------------------------------------------------------------------


@cache
def _after_call(
    attempts: int, attempts_before: int, crashes: int, answer: str, rules: Rules
) -> tuple[tuple[str, bool], ...]:
    delivery = _delivery(attempts, attempts_before, crashes, rules)
    return tuple((move.state, move.free) for move in after_call(delivery, ANSWERS[answer], _road(rules), at=AT))


@cache
def _after_crash(attempts: int, attempts_before: int, crashes: int, sending: bool, rules: Rules) -> str:
    delivery = _delivery(attempts, attempts_before, crashes, rules)
    return after_crash(delivery, _road(rules), sending=sending, at=AT).state


@cache
def _hear(state: str, kind: ReceiptKind) -> tuple[str, ...]:
    return tuple(str(step) for step in hear(DeliveryState(state), kind).path)


@cache
def _stays(worker: Worker, hindrance: str, withdrawn: bool, rules: Rules) -> str | None:
    delivery = _delivery(worker.attempts, 0, worker.crashes, rules, expires_at=AT if hindrance == "expired" else None)
    found = Circumstances(
        notification_status="cancelled" if withdrawn else "processing",
        earlier_step_succeeded=hindrance == "earlier_step_succeeded",
        reachable=True,
        has_account=True,
    )
    move = stays(delivery, found, at=AT)
    return None if move is None else move.state


def _road(rules: Rules) -> Road:
    return Road(budget=rules.budget, honours_key=rules.honours_key)


def _delivery(
    attempts: int, attempts_before: int, crashes: int, rules: Rules, *, expires_at: datetime | None = None
) -> ClaimedDelivery:
    return a_claimed_delivery(
        last_step=0 if rules.last_step else 1,
        attempts=attempts,
        attempts_before=attempts_before,
        crashes=crashes,
        expires_at=expires_at,
        unknown_policy=rules.unknown_policy,
    )
