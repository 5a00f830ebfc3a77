"""Links that are not to be tracked stay so through the compiler of MJML."""

import re
import time

import pytest

from templates_app.rules.mjml import compile_mjml
from templates_app.rules.mjml_notrack import mark
from templates_app.rules.tracked_links import with_links


def page(inner: str) -> str:
    return compile_mjml(f"<mjml><mj-body><mj-section><mj-column>{inner}</mj-column></mj-section></mj-body></mjml>")


def followed(html: str) -> list[str]:
    """The addresses that would be tracked."""
    found: list[str] = []
    with_links(html, lambda address, _: found.append(address))
    return found


@pytest.mark.parametrize(
    ("inner", "tracked"),
    [
        pytest.param(
            '<mj-button href="https://a.example/">Go</mj-button>', ["https://a.example/"], id="an ordinary button"
        ),
        pytest.param('<mj-button href="https://a.example/" data-notrack="">Go</mj-button>', [], id="a button"),
        pytest.param(
            "<mj-button data-notrack='1' HREF='https://a.example/'>Go</mj-button>", [], id="before, in capitals"
        ),
        pytest.param(
            '<mj-image alt="x" src="https://a.example/i.png" href="https://a.example/" data-notrack="" />',
            [],
            id="an image",
        ),
        pytest.param('<mj-text><a data-notrack href="https://a.example/">x</a></mj-text>', [], id="in a text"),
        pytest.param(
            '<mj-button href="https://a.example/" data-notrack="">Go</mj-button>'
            '<mj-button href="https://b.example/">Go</mj-button>',
            ["https://b.example/"],
            id="one of two",
        ),
        pytest.param(
            '<mj-button href="https://a.example/" title="data-notrack">Go</mj-button>',
            ["https://a.example/"],
            id="only in a value",
        ),
    ],
)
def test_what_is_tracked_of_a_compiled_page(inner: str, tracked: list[str]) -> None:
    html = page(inner)

    assert followed(html) == tracked
    assert "carillon-no-track" not in html


def test_nothing_but_the_attribute_is_added() -> None:
    with_it = page('<mj-button href="{{ url }}" data-notrack="">Go</mj-button>')
    without = page('<mj-button href="{{ url }}">Go</mj-button>')

    assert re.findall(r'href="[^"]*"', with_it) == ['href="{{ url }}"']
    assert with_it.replace("data-notrack ", "") == without


def test_a_long_source_takes_no_longer_than_it_is() -> None:
    source = "data-notrack" + "<mj-x " * 20_000 + '<mj-x "' * 20_000
    began = time.process_time()

    mark(source)

    assert time.process_time() - began < 2
