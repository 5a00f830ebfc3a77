"""Requests that come at the same time share a transaction: its statements, its wait for the disk, its bell.

Whoever comes first works at once, alone. Those of the same tenant who come meanwhile stand in line, and the first of
them then works for all in line. Nobody waits for company, and with nobody else about nothing is different. An answer is
given once the transaction that holds it is committed.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from uuid import UUID

from django.db import InterfaceError, OperationalError

from notifications.services.accept import Asked, accept_together
from notifications.values import Answer, NotificationRequest, RecipientRef
from tenants.idempotency import MOST_LOCKS, LostRace

MOST_TOGETHER = MOST_LOCKS  # so that all their idempotency keys are locked
FEW_PEOPLE = 20  # a request to more of them goes alone: nobody waits for its rows

# A tenant, and whether the requests tell about people: that writes rows which somebody else may have locked, and then
# those who only name people are not held up.
_Line = tuple[UUID, bool]


def accept_beside_others(asked: Asked, *, at: datetime) -> Answer:
    """Accept or refuse one request, in a transaction of its own or of several. Needs to be outside of any.

    Raises what the database raises, when it raised it for this request.
    """
    place = _Place(asked)
    if len(asked.request.recipients or ()) > FEW_PEOPLE:
        _work([place], at=at)
    elif not _join(place):
        place.called.acquire()
    if place.leads:
        _lead(place, at=at)
    if place.again:
        (answer,) = accept_together(asked.door.tenant_id, [asked], at=at)
        return answer
    if place.error is not None:
        raise place.error
    assert place.answer is not None
    return place.answer


def _closed() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Place:
    """A request's place in line. It is called when it shall lead, or when its answer is there."""

    asked: Asked
    called: Lock = field(default_factory=_closed)
    leads: bool = False
    again: bool = False  # it did not work together with others: try it on its own
    answer: Answer | None = None
    error: BaseException | None = None

    @property
    def line(self) -> _Line:
        return self.asked.door.tenant_id, _tells_of_people(self.asked.request)


_guard = Lock()
_lines: dict[_Line, deque[_Place]] = {}  # those in line; a line that is not here has nobody working for it


def _join(place: _Place) -> bool:
    """Whether the place leads at once, because nobody works for its line."""
    with _guard:
        waiting = _lines.get(place.line)
        if waiting is not None:
            waiting.append(place)
            return False
        _lines[place.line] = deque()
        place.leads = True
        return True


def _lead(place: _Place, *, at: datetime) -> None:
    """Work for the place and those who stand in line by now, then call the next one to lead."""
    group = [place, *_taken(place.line)]
    try:
        _work(group, at=at)
    except BaseException as error:
        for one in group:
            one.error = error
        raise
    finally:
        _hand_over(place.line)
        for one in group[1:]:
            one.called.release()


def _taken(line: _Line) -> list[_Place]:
    with _guard:
        waiting = _lines[line]
        return [waiting.popleft() for _ in range(min(len(waiting), MOST_TOGETHER - 1))]


def _hand_over(line: _Line) -> None:
    with _guard:
        waiting = _lines[line]
        if not waiting:
            del _lines[line]
            return
        following = waiting.popleft()
        following.leads = True
    following.called.release()


def _work(group: Sequence[_Place], *, at: datetime) -> None:
    """Answer everybody. What is wrong with one fails all of them, and then each tries again on its own."""
    try:
        answers = accept_together(group[0].asked.door.tenant_id, [place.asked for place in group], at=at)
    except Exception as error:
        # A race that was lost is not lost again: now the other's answer is there.
        if not isinstance(error, LostRace) and (len(group) == 1 or not _surely_undone(error)):
            raise
        for place in group:
            place.again = True
        return
    for place, answer in zip(group, answers, strict=True):
        place.answer = answer


def _surely_undone(error: Exception) -> bool:
    """Whether nothing of the transaction can have been committed: who was cut off at its end cannot know."""
    if not isinstance(error, OperationalError | InterfaceError):
        return True
    state = getattr(error.__cause__, "sqlstate", None)
    # 08 is a broken connection, 57P a server that goes down. postgresql.org/docs/18/errcodes-appendix.html, 2026-11
    return state is not None and not state.startswith(("08", "57P"))


def _tells_of_people(request: NotificationRequest) -> bool:
    return any(isinstance(person, RecipientRef) for person in request.recipients or ())
