"""One running Carillon for all faults of a worker, and the seed they are drawn from.

The short form takes some minutes; the long one (`./carillon test faults --long`) has the numbers of RELIABILITY 6.1.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.stack import Stack, running_stack

LONG = os.environ.get("CARILLON_FAULTS") == "long"
SEED = int(os.environ.setdefault("FAULTS_SEED", str(random.SystemRandom().randrange(10**6))))  # workers inherit it

# More calls than by default: the tests kill the provider too, and are not about what an outage does to a budget of 3.
ENVIRON = {"RETRY_MAX_ATTEMPTS": "10"}


@dataclass(frozen=True, slots=True)
class Form:
    """How much of everything: `form(short, long)` is one of the two."""

    long: bool

    def __call__(self, short: int, long: int) -> int:
        return long if self.long else short


def pytest_report_header() -> str:
    return f"faults: {'long' if LONG else 'short'} form, seed {SEED} (FAULTS_SEED={SEED} draws the same again)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/faults/" in item.path.as_posix():
            item.add_marker(pytest.mark.timeout(7200 if LONG else 600))


@pytest.fixture(scope="session")
def running() -> Iterator[Stack]:
    with running_stack(environ=ENVIRON) as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """Carillon, all of it up, and a world that accepts everything."""
    running.wait_until_up()
    running.sandbox.behave()
    return running


@pytest.fixture
def form() -> Form:
    return Form(LONG)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of this test, told with its output; each test has draws of its own."""
    print(f"\nFAULTS_SEED={SEED}")
    return random.Random(f"{SEED}/{request.node.name}").randrange(10**9)
