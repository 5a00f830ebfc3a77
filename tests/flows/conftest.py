"""One running Carillon for all stories; after each file of them the ledger must balance, and in the end every decision
must come out the same when it is taken again."""

from collections.abc import Callable, Iterator
from itertools import count
from uuid import uuid4

import pytest

from tests.stack import Api, Sandbox, Stack, running_stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stories wait for real processes to do real work."""
    for item in items:
        if "/flows/" in item.path.as_posix():
            item.add_marker(pytest.mark.timeout(360))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with running_stack() as stack:
        yield stack
        replayed = stack.run("manage", "replay_decisions", seconds=120)
        assert replayed.returncode == 0, replayed.stdout + replayed.stderr


@pytest.fixture(scope="module", autouse=True)
def balanced(stack: Stack) -> Iterator[None]:
    """Whatever a file's stories did, everything accepted is accounted for afterwards."""
    yield
    verified = stack.verify_ledger()
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.fixture
def api(stack: Stack) -> Api:
    return stack.api


@pytest.fixture
def sandbox(stack: Stack) -> Sandbox:
    return stack.sandbox


@pytest.fixture
def someone() -> Callable[..., dict[str, object]]:
    """`someone()`: a person nobody has heard of, with an e-mail address; more facts, or others, on request."""
    story, numbers = uuid4().hex[:8], count(1)

    def make(**facts: object) -> dict[str, object]:
        name = f"{story}-{next(numbers)}"
        return {"id": name, "email": f"{name}@example.org", **facts}

    return make
