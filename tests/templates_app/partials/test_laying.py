"""Partials put into texts: what is given, what is seen, and all that keeps one out. No database."""

from typing import Any
from uuid import UUID

import pytest

from templates_app.rules.liquid import render_content
from templates_app.rules.partials.inlay import MOST_CALLS, MOST_DEEP, Form, Laid, Shelf, Shelved, lay
from templates_app.values import PartialSource, RenderError
from tests.templates_app.speaking import DATA, Words, make_context

NONE = UUID(int=0)
BADGE = PartialSource(
    html="<b>{{ label }}</b>",
    text="[{{ label }}]",
    parameters={
        "properties": {
            "label": {"type": "string", "default": "it's new"},
            "note": {},
            "big": {"type": "boolean", "default": False},
        }
    },
)


def shelf(**sources: PartialSource) -> Shelf:
    return Shelf({key: Shelved(NONE, 3, source) for key, source in sources.items()})


def text_only(text: str, *parameters: str) -> PartialSource:
    return PartialSource(text=text, parameters={"properties": {name: {} for name in parameters}})


def laid(text: str, form: Form = "text", **sources: PartialSource) -> Laid:
    found = lay(text, form, shelf(badge=BADGE, **sources))
    assert found.troubles == ()
    return found


def filled(text: str, data: dict[str, Any] | None = None, **sources: PartialSource) -> str:
    found: str = render_content("email", Words(text=laid(text, **sources).text), make_context(data)).text
    return found


def codes(text: str, form: Form = "text", **sources: PartialSource) -> list[tuple[str, int]]:
    return [(one.code, one.line) for one in lay(text, form, shelf(badge=BADGE, **sources)).troubles]


def test_a_call_becomes_the_words_with_what_it_leaves_out() -> None:
    found = laid("a\n{%- render 'badge', label: order_id -%}\nb", "html")

    assert found.text == (
        "a\n{%- partial 'badge@3', label: order_id, note: nil, big: false %}<b>{{ label }}</b>{% endpartial -%}\nb"
    )
    assert found.folded == "a\n{%- partial 'badge', label: order_id %}{% endpartial -%}\nb"
    assert found.used == ("badge",)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        pytest.param("{% render 'badge' %}", "[it's new]", id="default"),
        pytest.param('{% render "badge" , label: order_id %}', "[123]", id="data"),
        pytest.param("{% render 'badge', label: items[0].name %}", "[<Lamp>]", id="path"),
        pytest.param(
            "{% for one in items %}{% render 'badge', label: one.name %}{% endfor %}", "[<Lamp>][Bulb]", id="loop"
        ),
        pytest.param("x {%- render 'badge', label: 'a' -%} y", "x[a]y", id="blanks"),
        pytest.param("{% raw %}{% render 'nobody' %}{% endraw %}", "{% render 'nobody' %}", id="raw"),
        pytest.param("{% comment %}{% render 'nobody' %}{% endcomment %}!", "!", id="comment"),
    ],
)  # fmt: skip
def test_a_partial_says_what_it_is_given(call: str, said: str) -> None:
    assert filled(call) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("{% if order_id %}seen{% endif %}", "", id="data"),
        pytest.param("{% if data %}seen{% endif %}", "", id="all data"),
        pytest.param("{% if mine %}seen{% endif %}", "", id="assigned around it"),
        pytest.param("{% if one %}seen{% endif %}{% if forloop %}seen{% endif %}", "", id="loop around it"),
        pytest.param("{{ recipient.attributes.plan }} {{ notification.type }}", "pro order_confirmation", id="common"),
    ],
)
def test_a_partial_sees_nothing_of_the_text_around_it(body: str, said: str) -> None:
    around = "{% assign mine = 1 %}{% for one in (1..1) %}{% render 'peek' %}{% endfor %}"

    assert filled(around, peek=text_only(body)) == said


def test_a_partial_leaves_nothing_behind() -> None:
    body = "{% assign left = 1 %}{% capture more %}x{% endcapture %}{% increment count %}{% break %}"
    turn = "{% render 'messy' %}{% if left or more %}left{% endif %}{% increment count %} "
    around = f"{{% for n in (1..3) %}}{turn}{{% endfor %}}"

    assert filled(around, messy=text_only(body)) == "00 01 02 "


def test_values_are_escaped_once_as_they_are_inline() -> None:
    kept = "{% capture kept %}<i>{{ name }}</i>{% endcapture %}{% render 'badge', label: kept %}"
    html = kept + "{% render 'badge', label: name %}"

    found = render_content("email", Words(html=laid(html, "html").text), make_context({"name": "<3"}))

    assert found.html == "<b><i>&lt;3</i></b><b>&lt;3</b>"


def test_a_value_that_is_missing_names_the_partial() -> None:
    with pytest.raises(RenderError) as told:
        filled("{% render 'outer' %}", outer=text_only("{% render 'inner' %}"), inner=text_only("{{ gone }}"))

    assert told.value.code == "missing_variable"
    assert "(in the partial 'inner@3')" in told.value.message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("\n{% render 'nobody' %}", [("unknown_partial", 2)], id="unknown"),
        pytest.param("{% render badge %}", [("partial_call", 1)], id="name without quotes"),
        pytest.param("{% render order_id %}", [("partial_call", 1)], id="name from data"),
        pytest.param("{% render 'badge' with order_id %}", [("partial_call", 1)], id="with"),
        pytest.param("{% render 'badge', 5 %}", [("partial_call", 1)], id="value without a name"),
        pytest.param("{% render 'badge', label: 'a', label: 'b' %}", [("partial_call", 1)], id="twice"),
        pytest.param("{% render 'badge', label: (1..9) %}", [("partial_call", 1)], id="range"),
        pytest.param("{% render 'badge', lable: 'a' %}", [("unknown_parameter", 1)], id="misspelt"),
        pytest.param("{% render 'badge', label: 5 %}", [("wrong_parameter", 1)], id="of another kind"),
        pytest.param("{% render 'badge' %}\n{% render 'badge', big: 1 %}", [("wrong_parameter", 2)], id="second line"),
        pytest.param("{% partial 'badge' %}{% endpartial %}", [("template_syntax", 1)], id="made by hand"),
        pytest.param("{% render '../etc/passwd' %}", [("unknown_partial", 1)], id="a path"),
        pytest.param("{% render 'a\\' b' %}", [("partial_call", 1)], id="quotes"),
    ],
)  # fmt: skip
def test_a_call_that_cannot_be_is_told_with_its_line(text: str, found: list[tuple[str, int]]) -> None:
    assert codes(text) == found


def test_a_parameter_that_is_needed_must_be_given() -> None:
    link = PartialSource(text="{{ url }}", parameters={"properties": {"url": {}}, "required": ["url"]})

    assert codes("{% render 'link' %}", link=link) == [("missing_parameter", 1)]


def test_a_partial_without_that_form_is_told_and_mjml_takes_html() -> None:
    assert codes("{% render 'words' %}", "html", words=text_only("x")) == [("partial_form_missing", 1)]
    assert "<b>" in laid("{% render 'badge' %}", "mjml").text


@pytest.mark.parametrize(
    ("bodies", "way"),
    [
        pytest.param({"a": "{% render 'a' %}"}, "a → a", id="itself"),
        pytest.param(
            {"a": "{% render 'b' %}", "b": "{% render 'c' %}", "c": "{% render 'b' %}"}, "b → c → b", id="ring"
        ),
    ],
)  # fmt: skip
def test_a_ring_of_partials_is_refused(bodies: dict[str, str], way: str) -> None:
    found = lay("{% render 'a' %}", "text", shelf(**{key: text_only(body) for key, body in bodies.items()}))

    ((code, message),) = ((one.code, one.message) for one in found.troubles)
    assert code == "partial_cycle"
    assert message.endswith(f"it would be within itself: {way}")


def test_partials_are_within_each_other_so_deep_and_no_deeper() -> None:
    tower = {f"p{n}": text_only(f"{{% render 'p{n + 1}' %}}") for n in range(MOST_DEEP)}

    assert codes("{% render 'p0' %}", **tower, **{f"p{MOST_DEEP}": text_only("end")}) == [("partial_too_deep", 1)]
    assert filled("{% render 'p1' %}", **tower, **{f"p{MOST_DEEP}": text_only("end")}) == "end"


def test_partials_that_multiply_are_no_bomb() -> None:
    bomb = {f"p{n}": text_only(f"{{% render 'p{n + 1}' %}}" * 50) for n in range(MOST_DEEP - 1)}
    end = {f"p{MOST_DEEP - 1}": text_only("x")}

    assert codes("{% render 'p0' %}" * 50, **bomb, **end) == [("too_many_partials", 1)]
    assert codes("{% render 'badge' %}" * (MOST_CALLS + 1)) == [("too_many_partials", 1)]


def test_partials_that_swell_are_no_bomb() -> None:
    assert codes("{% render 'big' %}" * 20, big=text_only("x" * 20_000)) == [("partial_too_big", 1)]


def test_work_within_partials_is_paid_from_the_same_purse() -> None:
    busy = text_only("{% for a in (1..300) %}{{ a }}{% endfor %}")

    with pytest.raises(RenderError) as told:
        filled("{% for n in (1..300) %}{% render 'busy' %}{% endfor %}", busy=busy)

    assert told.value.code == "template_too_expensive"


def test_what_partials_keep_counts_together() -> None:
    keeper = text_only(
        "{% assign kept = big | append: 'x' %}{% if deeper %}{% render 'last', big: big %}{% endif %}", "big", "deeper"
    )
    last = text_only("{% assign kept = big | append: 'y' %}", "big")
    around = (
        "".join(f"{{% assign v{n} = big | append: '{n}' %}}" for n in range(3))
        + "{% render 'keeper', big: big, deeper: true %}"
    )

    with pytest.raises(RenderError) as told:
        filled(around, DATA | {"big": "x" * 60_000}, keeper=keeper, last=last)

    assert told.value.code == "template_too_expensive"


def test_a_render_that_nobody_resolved_says_so() -> None:
    with pytest.raises(RenderError, match="render stands in templates, layouts and partials alone"):
        render_content("email", Words(text="{% render 'badge' %}"), make_context())
