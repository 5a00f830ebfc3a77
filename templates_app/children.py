"""The render children of this process: borrowed for a batch, replaced when they die, one always kept in reserve.

Safe for threads and for processes that fork: whoever finds the children of a parent gets its own.
"""

import atexit
import logging
import mmap
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from kernel import structs
from templates_app.child.limits import Limits
from templates_app.child.wire import Answer, Ask, Failed, Hung, receive, send
from templates_app.rules.batch import Blank, Filled, Source
from templates_app.values import RenderError

ROOT = Path(__file__).resolve().parent.parent
MOST_DEATHS = 3  # of one text in one batch; what is left of it is not tried any more
MOST_KNOWN = 2000  # sources a child is told before it forgets them all
START_SECONDS = 30.0  # until the server has read what it needs
MOST_STILLBORN = 3  # children that die before they begin; then something else is wrong
NOT_BEGUN = (-1).to_bytes(4, sys.byteorder, signed=True)
ANSWER_SECONDS = 20.0  # without a word a child counts as dead
DEFAULT_LIMITS = Limits()
_ask = msgspec.msgpack.Encoder()
_answer = structs.packed_decoder(Answer)

log = logging.getLogger(__name__)


class NoChildren(Exception):
    """This process cannot have render children."""


class Child:
    """One child, and the sources it has been told of."""

    def __init__(self, line: socket.socket, progress: mmap.mmap) -> None:
        self._line, self._progress = line, progress
        self._line.settimeout(ANSWER_SECONDS)
        self._known: dict[Source, int] = {}
        self.worn_out = False

    def ask(self, blanks: Sequence[Blank]) -> list[Filled]:
        """Raises `Hung` when it dies of it."""
        answer = _answer.decode(self._exchange(self._question(blanks)))
        self.worn_out = answer.last
        return [
            RenderError(said.code, said.message, line=said.line) if isinstance(said, Failed) else said
            for said in answer.filled
        ]

    def busy_with(self) -> int:
        """The place of the text it is at; -1 before it has begun."""
        return int.from_bytes(self._progress[:4], sys.byteorder, signed=True)

    def leave(self) -> None:
        """It goes when its line is cut."""
        self._line.close()
        self._progress.close()

    def _exchange(self, question: Ask) -> bytes:
        try:
            message = _ask.encode(question)
        except OverflowError:  # whole numbers of more than 64 bits, which texts show as well
            question.shared = [_narrow(value) for value in question.shared]
            message = _ask.encode(question)
        self._progress[:4] = NOT_BEGUN
        send(self._line, message)
        return receive(self._line)

    def _question(self, blanks: Sequence[Blank]) -> Ask:
        forget = len(self._known) > MOST_KNOWN
        if forget:
            self._known.clear()
        asked = Ask(forget, [], [], [], [], [])
        numbers: dict[int, int] = {}
        contexts: dict[int, int] = {}
        told = _Told(asked)
        for blank in blanks:
            number = numbers.get(id(blank.source))
            if number is None:
                number = numbers[id(blank.source)] = self._number(blank.source, asked)
            place = contexts.get(id(blank.context))
            if place is None:
                place = contexts[id(blank.context)] = len(asked.contexts)
                asked.contexts.append(told.context(blank.context))
            asked.blanks.append((number, place))
        return asked

    def _number(self, source: Source, asked: Ask) -> int:
        number = self._known.get(source)
        if number is None:
            number = self._known[source] = len(self._known)
            asked.sources.append((number, source.text, source.treatment, source.lenient))
        return number


class _Told:
    """What a question tells of contexts: each value and each list of names once, however many have them."""

    def __init__(self, asked: Ask) -> None:
        self._asked = asked
        self._values: dict[int, int] = {}
        self._shapes: dict[tuple[str, ...], int] = {}

    def context(self, context: Mapping[str, Any]) -> tuple[int, list[int]]:
        """Which names it has, and where their values are."""
        names = tuple(context)
        shape = self._shapes.get(names)
        if shape is None:
            shape = self._shapes[names] = len(self._shapes)
            self._asked.shapes.append(names)
        values, shared = self._values, self._asked.shared
        places = []
        for value in context.values():
            place = values.get(id(value))
            if place is None:
                place = values[id(value)] = len(shared)
                shared.append(value)
            places.append(place)
        return shape, places


def _narrow(value: Any) -> Any:
    match value:
        case int() if not isinstance(value, bool) and not -(2**63) <= value < 2**64:
            return str(value)
        case dict():
            return {key: _narrow(item) for key, item in value.items()}
        case list() | tuple():
            return [_narrow(item) for item in value]
    return value


class Children:
    """The children of one process. They are born when the first text is to be filled in."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self.begin_anew()

    def begin_anew(self) -> None:
        """Leave those we have to the process we were forked from; a lock somebody held there is of no use either."""
        self._lock = Lock()
        self._begin()

    def fill(self, blanks: Sequence[Blank]) -> list[Filled]:
        """One text or `RenderError` per blank, in their order. A text that kills its child fails; the others are filled
        in by the next child. Raises `NoChildren` when none can be had.
        """
        filled: list[Filled | None] = [None] * len(blanks)
        deaths: dict[Source, int] = {}
        stillborn = 0
        while left := [place for place, done in enumerate(filled) if done is None]:
            child = self._borrow()
            try:
                answers = child.ask([blanks[place] for place in left])
            except Hung:
                busy_with = child.busy_with()
                child.leave()
                if busy_with >= 0:
                    self._mourn(blanks, filled, left[min(busy_with, len(left) - 1)], deaths)
                elif (stillborn := stillborn + 1) > MOST_STILLBORN:
                    raise NoChildren("render children die before they begin") from None
                continue
            for place, said in zip(left, answers, strict=True):
                filled[place] = said
            self._give_back(child)
        return [said for said in filled if said is not None]

    def warm(self) -> None:
        """Have a child ready, so that the first message need not wait. Raises `NoChildren`."""
        self._give_back(self._borrow())

    def close(self) -> None:
        """Send all of them home."""
        with self._lock:
            if self._pid != os.getpid():
                return
            for child in self._idle:
                child.leave()
            self._end_server()
            self._begin()

    def _mourn(
        self, blanks: Sequence[Blank], filled: list[Filled | None], killer: int, deaths: dict[Source, int]
    ) -> None:
        source = blanks[killer].source
        deaths[source] = deaths.get(source, 0) + 1
        log.warning("template.crashed", extra={"chars": len(source.text), "deaths": deaths[source]})
        message = "it took more time or memory than a message may; shorter loops and texts would do"
        filled[killer] = RenderError("template_crashed", message)
        if deaths[source] >= MOST_DEATHS:
            for place, blank in enumerate(blanks):
                if filled[place] is None and blank.source == source:
                    filled[place] = RenderError("template_too_expensive", message)

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._idle: list[Child] = []
        self._ordered = 0
        self._control: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def _borrow(self) -> Child:
        with self._lock:
            if self._pid != os.getpid():
                self._begin()  # those of the process we were forked from are its own
            child = self._idle.pop() if self._idle else self._received()
            if not self._idle and not self._ordered:
                with suppress(OSError):  # the server has just died: whoever needs the next child finds out
                    self._order()
            return child

    def _give_back(self, child: Child) -> None:
        with self._lock:
            if child.worn_out or self._pid != os.getpid():
                child.leave()
            else:
                self._idle.append(child)

    def _received(self) -> Child:
        """The next child the server has. A server that is gone gets one successor."""
        for last_try in (False, True):
            try:
                if not self._ordered:
                    self._order()
                assert self._control is not None
                _, fds, _, _ = socket.recv_fds(self._control, 1, 2)
                if len(fds) == 2:
                    self._ordered -= 1
                    with os.fdopen(fds[1], "r+b", buffering=0) as progress:
                        return Child(socket.socket(fileno=fds[0]), mmap.mmap(progress.fileno(), mmap.PAGESIZE))
            except OSError as trouble:
                if last_try:
                    raise NoChildren(str(trouble)) from trouble
            self._end_server()
        raise NoChildren("the server of render children ends as soon as it is asked")

    def _order(self) -> None:
        """Ask for one more, without waiting for it."""
        if self._control is None:
            self._start_server()
        assert self._control is not None
        self._control.sendall(b"n")
        self._ordered += 1

    def _start_server(self) -> None:
        limits = str(self._limits.memory_bytes), str(self._limits.cpu_seconds)
        ours, theirs = socket.socketpair()
        ours.settimeout(START_SECONDS)
        path = os.pathsep.join(entry or str(ROOT) for entry in sys.path)
        self._server = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "templates_app.child", str(theirs.fileno()), *limits],
            pass_fds=(theirs.fileno(),),
            cwd=ROOT,
            env={"PYTHONPATH": os.pathsep.join((str(ROOT), path)), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._control = ours

    def _end_server(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            try:
                self._server.wait(1)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._control, self._server, self._ordered = None, None, 0


children = Children()
atexit.register(children.close)
os.register_at_fork(after_in_child=children.begin_anew)
