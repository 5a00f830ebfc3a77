"""The outside world as a protocol sees it: rules that choose, a ledger that remembers."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from channels_app.sandbox.behaviours import RECEIPTS, Behaviour, Standing, choose
from channels_app.sandbox.ledger import Ledger
from channels_app.sandbox.values import Message, Receipt, Rejection

ARRIVED = "delivered"
FINAL = (ARRIVED, "bounced")


class World:
    """Everything the protocols share. `clock` gives aware UTC; `chance` serves behaviours without a seed."""

    def __init__(
        self, ledger: Ledger, *, clock: Callable[[], datetime], chance: Callable[[], float] = random.random
    ) -> None:
        self.ledger = ledger
        self._clock, self._chance = clock, chance
        self.report_due = asyncio.Event()  # set when a receipt was planned
        self._standings = ledger.standings()

    @property
    def behaviours(self) -> tuple[Behaviour, ...]:
        """The behaviours in force, in order, with their remaining times."""
        return tuple(standing.rule for standing in self._standings)

    def behave(self, rules: Sequence[Behaviour]) -> None:
        """Put these behaviours in the place of all others; draws begin anew."""
        self._keep([Standing(rule) for rule in rules])

    def add_behaviour(self, rule: Behaviour, *, position: int) -> None:
        """Put one behaviour before the one now at `position` (0 = first); beyond the end means last."""
        self._keep([*self._standings[:position], Standing(rule), *self._standings[position:]])

    def drop_behaviour(self, position: int) -> bool:
        """Take one behaviour out of force; False when there is none at `position`."""
        if not 0 <= position < len(self._standings):
            return False
        self._keep([*self._standings[:position], *self._standings[position + 1 :]])
        return True

    def choose(self, *, channel: str, provider: str, to: str) -> Behaviour | None:
        """Find the behaviour for one recipient and use it up by one; None: accept plainly."""
        if not self._standings:
            return None
        choice = choose(self._standings, channel=channel, provider=provider, to=to, chance=self._chance)
        if choice.changed:
            for position, standing in choice.changed.items():
                self._standings[position] = standing
            self.ledger.note_standings(choice.changed)
        return choice.rule

    def accept(self, message: Message, *, chosen: Mapping[str, Behaviour]) -> tuple[str, ...]:
        """Record an accepted message before its answer goes out. `chosen`: the behaviours that act, by recipient.

        A message with a hook arrives unless a behaviour says otherwise, and its receipts are reported.
        """
        now = self._clock()
        receipts = {to: planned_receipts(chosen.get(to), at=now, reported=bool(message.hook)) for to in message.to}
        ids = self.ledger.accept(message, at=now, receipts=receipts)
        if message.hook:
            self.report_due.set()
        return ids

    def reject(self, rejection: Rejection) -> None:
        """Record a send that was turned away."""
        self.ledger.reject(rejection, at=self.now())

    def now(self) -> datetime:
        """The present moment, aware."""
        return self._clock()

    def _keep(self, standings: list[Standing]) -> None:
        self.ledger.keep_standings(standings)
        self._standings = standings


def planned_receipts(rule: Behaviour | None, *, at: datetime, reported: bool) -> tuple[Receipt, ...]:
    """What will be said of a message accepted at `at`. What is complained of, opened or clicked has arrived first."""
    arrival = (Receipt(kind=ARRIVED, due_at=at),) if reported else ()
    kind = None if rule is None else RECEIPTS.get(rule.do)
    if rule is None or kind is None:
        return arrival
    wanted = Receipt(kind=kind, due_at=at + timedelta(seconds=rule.seconds or 0), status=rule.status)
    return (wanted,) if kind in FINAL else (*arrival, wanted)
