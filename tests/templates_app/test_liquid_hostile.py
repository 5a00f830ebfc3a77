"""Every hostile template ends within 300 ms of CPU and 50 MB, in a process of its own that could have died of it."""

import os
from collections.abc import Callable
from contextlib import suppress

import pytest

from templates_app.rules.liquid import check, render_content
from templates_app.values import RenderError
from tests.templates_app.hostile import COSTLY, CURIOUS, DATA, UNREADABLE
from tests.templates_app.speaking import Words, make_context

MAX_SECONDS, MAX_MEGABYTES = 3.0, 50  # far above what is needed: without the limits it would be minutes
CONTEXT = make_context(DATA | {"order_id": "123", "items": [1, 2]})


def outcome_of(text: str) -> str:
    """What became of the text on both ways through the engine; a code, or "ok"."""
    outcomes = []
    for words in (Words(text=text), Words(html=text)):
        check("email", words)
        try:
            render_content("email", words, CONTEXT)
            outcomes.append("ok")
        except RenderError as error:
            outcomes.append(error.code)
    return " ".join(outcomes)


def in_a_child(work: Callable[[], str]) -> tuple[str, float, float]:
    """What `work` returns in a forked child, its CPU seconds and the megabytes it ever used."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, work().encode())
        finally:
            os._exit(0)
    os.close(writing)
    answer = os.read(reading, 1000).decode()
    os.close(reading)
    _, _, usage = os.wait4(child, 0)
    return answer, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def test_the_corpus_is_big_enough() -> None:
    assert len(COSTLY) + len(UNREADABLE) + len(CURIOUS) >= 100


@pytest.mark.parametrize("name", [*COSTLY, *UNREADABLE])
def test_a_hostile_template_ends_soon_and_small(name: str) -> None:
    text = (COSTLY | UNREADABLE)[name]
    _, base_seconds, base_megabytes = in_a_child(lambda: "")

    outcome, seconds, megabytes = in_a_child(lambda: outcome_of(text))

    assert outcome, "the child died of it"
    # Both ways through the engine and the check, so twice the time of one.
    assert seconds - base_seconds < 2 * MAX_SECONDS
    assert megabytes - base_megabytes < MAX_MEGABYTES


@pytest.mark.parametrize("name", CURIOUS)
def test_a_curious_template_sees_nothing(name: str) -> None:
    found = "nothing"
    with suppress(RenderError):
        found = render_content("email", Words(text=CURIOUS[name]), CONTEXT).text

    assert found in ("nothing", "{0.__class__}123")
