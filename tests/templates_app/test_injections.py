"""No injection does anything: a worker's render children answer hundreds of them and go on (RELIABILITY 6.2, S4)."""

from collections.abc import Iterator

import pytest

from templates_app.children import Children
from templates_app.rules.batch import Blank, Source
from templates_app.values import RenderError
from tests.templates_app.hostile import COSTLY, CURIOUS, DATA, UNREADABLE
from tests.templates_app.injections import ARITHMETIC, INJECTIONS, SECRETS
from tests.templates_app.speaking import make_context

CONTEXT = make_context(DATA | {"order_id": "123", "items": [1, 2]})
TREATMENTS = ("text", "html", "line")


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    children = Children()
    children.warm()
    yield children
    children.close()


def test_there_are_hundreds_of_them() -> None:
    every = {*INJECTIONS, *COSTLY.values(), *UNREADABLE.values(), *CURIOUS.values()}

    assert len(INJECTIONS) >= 300
    assert len(every) >= 400


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_an_injection_shows_nothing_but_its_own_words(children: Children, treatment: str) -> None:
    filled = children.fill([Blank(Source(text, treatment, lenient=False), CONTEXT) for text in INJECTIONS])

    for text, said in zip(INJECTIONS, filled, strict=True):
        shown = "" if isinstance(said, RenderError) else said
        new = [secret for secret in SECRETS if secret in shown and secret not in text]
        assert new == [], text
        # What the language has no words for is either told as an error or left as it stands.
        if text in ARITHMETIC:
            assert isinstance(said, RenderError) or "49" not in shown or "49" in text, text


@pytest.mark.parametrize("lenient", [False, True])
def test_after_everything_that_hurts_the_same_child_still_answers(children: Children, lenient: bool) -> None:
    everything = (*COSTLY.values(), *UNREADABLE.values(), *CURIOUS.values(), *INJECTIONS)
    children.warm()

    filled = children.fill([Blank(Source(text, "html", lenient), CONTEXT) for text in everything])

    assert len(filled) == len(everything)
    crashed = [said for said in filled if isinstance(said, RenderError) and said.code == "template_crashed"]
    assert len(crashed) <= 3, "the limits of the language are there so that children rarely die"
    (after,) = children.fill([Blank(Source("{{ order_id }}", "text", lenient=False), CONTEXT)])
    assert after == "123"


@pytest.mark.parametrize("text", [text for text in INJECTIONS if "__" in text or "settings" in text])
def test_a_lenient_template_sees_nothing_either(children: Children, text: str) -> None:
    (said,) = children.fill([Blank(Source(text, "text", lenient=True), CONTEXT)])

    shown = "" if isinstance(said, RenderError) else said
    assert [secret for secret in SECRETS if secret in shown and secret not in text] == []
