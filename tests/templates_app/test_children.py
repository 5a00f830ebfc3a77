"""Render children: what they fill in, what they die of, and that nobody else notices."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from templates_app.child.limits import Limits
from templates_app.children import Children
from templates_app.rules.batch import Blank, Filled, Source, render_with
from templates_app.rules.liquid import render_batch
from templates_app.values import Job, RenderError
from tests.templates_app.hostile import COSTLY, DATA
from tests.templates_app.speaking import Words, make_context

COSTLY_BUT_ALLOWED = COSTLY["many variables"]
CONTEXT = make_context(DATA)


@pytest.fixture
def children() -> Iterator[Children]:
    children = Children()
    yield children
    children.close()


@pytest.fixture
def impatient() -> Iterator[Children]:
    """Children with so little time that what the language allows is too much."""
    children = Children(Limits(cpu_seconds=0.02))
    yield children
    children.close()


def blank(text: str, treatment: str = "text", context: Any = CONTEXT) -> Blank:
    return Blank(Source(text, treatment, lenient=False), context)


def codes(filled: list[Filled]) -> list[str]:
    return [said.code if isinstance(said, RenderError) else said for said in filled]


def pids(children: Children) -> list[int]:
    """Those of the children that live."""
    assert children._server is not None
    number = children._server.pid
    return [int(pid) for pid in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


def test_a_child_says_what_this_process_would_say(children: Children) -> None:
    words = Words(
        line="Order\n{{ order_id }}",
        html="<p>{{ items[0].name }}</p>{% for item in items %}{{ item.price }}{% endfor %}",
        text="{{ nobody }}",
        body={"deep": ["{{ recipient.id }}"]},
    )
    fine = Words(html="<p>{{ items[0].name }}</p>", text="no template", body=["{{ total }}", 10**300])
    jobs = [Job("email", content, make_context()) for content in (words, fine, fine)]

    found = render_with(children.fill, jobs)

    assert isinstance(found[0], RenderError)
    here = render_batch(jobs)
    assert (found[0].code, found[0].pointer, str(found[0])) == (here[0].code, here[0].pointer, str(here[0]))
    assert found[1:] == here[1:]


def test_numbers_of_any_size_are_printed(children: Children) -> None:
    context = make_context({"huge": 10**300, "list": [{"n": -(10**30)}], "small": 5})

    filled = children.fill([blank("{{ huge }} {{ list[0].n }} {{ small | plus: 1 }}", context=context)])

    assert filled == [f"{10**300} {-(10**30)} 6"]


def test_what_kills_its_child_fails_alone_and_the_others_are_done_again(impatient: Children) -> None:
    batch = [blank("a{{ number }}"), blank(COSTLY_BUT_ALLOWED), blank("b{{ number }}")]

    filled = impatient.fill(batch)

    assert codes(filled) == [f"a{10**15}", "template_crashed", f"b{10**15}"]


def test_a_text_that_kills_again_and_again_is_not_tried_for_ever(impatient: Children) -> None:
    filled = impatient.fill([*[blank(COSTLY_BUT_ALLOWED)] * 10, blank("fine")])

    assert codes(filled) == [*["template_crashed"] * 3, *["template_too_expensive"] * 7, "fine"]


def test_memory_is_bounded_and_costs_a_failure_at_most(children: Children) -> None:
    small = Children(Limits(memory_bytes=4 * 1024 * 1024))

    filled = small.fill([blank(COSTLY["much captured"]), blank("{{ number }}")])
    small.close()

    assert codes(filled)[0] in ("template_crashed", "template_too_expensive")
    assert filled[1] == str(10**15)


def test_a_child_that_died_in_its_sleep_is_nobodys_fault(children: Children) -> None:
    children.warm()
    for pid in pids(children):
        os.kill(pid, signal.SIGKILL)

    assert children.fill([blank("{{ number }}")]) == [str(10**15)]


def test_a_server_that_died_gets_a_successor(children: Children) -> None:
    children.warm()
    assert children._server is not None
    for pid in (*pids(children), children._server.pid):
        os.kill(pid, signal.SIGKILL)

    assert children.fill([blank("{{ number }}")]) == [str(10**15)]


def test_one_is_kept_in_reserve(children: Children) -> None:
    children.fill([blank("{{ number }}")])
    children.fill([blank("{{ number }}")])

    assert len(children._idle) + children._ordered == 2


def test_threads_fill_in_at_the_same_time(children: Children) -> None:
    found: list[Filled] = []

    def work(number: int) -> None:
        context = make_context({"n": number})
        for _ in range(20):
            found.extend(children.fill([blank("{{ n }}", context=context)]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, found)) == sorted(str(number) for number in range(6) for _ in range(20))


def test_a_process_that_forked_has_children_of_its_own(children: Children) -> None:
    children.warm()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            (said,) = children.fill([blank("{{ number }}")])
            os.write(writing, f"{said} {children._pid == os.getpid()}".encode())
            children.close()
        finally:
            os._exit(0)
    os.close(writing)

    assert os.read(reading, 1000).decode() == f"{10**15} True"
    os.waitpid(pid, 0)
    assert children.fill([blank("{{ number }}")]) == [str(10**15)]


def test_a_child_knows_no_secret_and_no_setting(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "told to nobody")
    children.warm()
    assert children._server is not None

    told = Path(f"/proc/{children._server.pid}/environ").read_bytes()

    assert b"SECRET_KEY" not in told
    assert b"DATABASE_URL" not in told
