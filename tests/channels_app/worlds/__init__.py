"""The world outside each provider, as the contract tests need it: one file per provider, named like it.

A world has `moods`, the ways it can be, and `enter(mood)`, a context manager that gives an account to send through. It
may have `message(**changes)`, which builds a message the world can take, and `taken()`, what arrived.
"""

from contextlib import AbstractContextManager
from enum import Enum
from typing import Any, Protocol

import pytest

from channels_app.values import Account, Message


class Mood(Enum):
    """How the outside is."""

    KIND = "takes everything"
    GARBAGE = "answers with nonsense"
    SILENT = "takes the call and says nothing"
    LOST = "takes the message and hangs up"
    BUSY = "asks to come back later"
    GONE = "is not there"
    DRIP = "answers a byte at a time"


class World(Protocol):
    """What the contract tests want of a provider's surroundings."""

    moods: tuple[Mood, ...]

    def __init__(self, request: pytest.FixtureRequest) -> None: ...

    def enter(self, mood: Mood) -> AbstractContextManager[Account]: ...

    def message(self, **changes: Any) -> Message: ...

    def taken(self) -> list[str]:
        """The delivery ids that arrived, in any order."""
