"""One looks for all who want to know at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from kernel.together import Together
from tests.stack.running import wait_until


def test_one_looks_for_all() -> None:
    together, looked, go = Together[int](), [], Event()

    def up() -> int:
        looked.append(1)
        go.wait(10)
        return 7

    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(together.look, "key", up) for _ in range(8)]
        wait_until(lambda: looked, seconds=10, what="somebody to look")
        go.set()
        assert {one.result() for one in found} == {7}

    assert len(looked) < 8


def test_who_comes_later_looks_again() -> None:
    together, looked = Together[int](), []

    def up() -> int:
        looked.append(1)
        return len(looked)

    assert [together.look("key", up), together.look("key", up)] == [1, 2]


def test_nobody_waits_for_something_else() -> None:
    together = Together[str]()

    assert together.look("outer", lambda: together.look("inner", lambda: "found")) == "found"


def test_what_went_wrong_is_told_to_all_and_tried_again_by_the_next() -> None:
    together, waiting, go = Together[int](), Event(), Event()

    def fail() -> int:
        waiting.set()
        go.wait(10)
        raise ValueError("no")

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(together.look, "key", fail)
        waiting.wait(10)
        second = threads.submit(together.look, "key", fail)
        go.set()
        for one in (first, second):
            with pytest.raises(ValueError, match="no"):
                one.result()

    assert together.look("key", lambda: 1) == 1


def test_what_was_begun_before_a_change_is_not_taken_after_it() -> None:
    together, looking, go = Together[str](), Event(), Event()

    def slow() -> str:
        looking.set()
        go.wait(10)
        return "old"

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(together.look, "key", slow)
        assert looking.wait(10)
        together.forget()
        assert together.look("key", lambda: "new") == "new"
        go.set()
        assert first.result() == "old"
