"""What people share is filled in once, and nobody can tell from what they get."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from templates_app.rules.links import addresses
from templates_app.rules.liquid import Known, fill_text
from templates_app.values import RenderError
from tests.templates_app.simple_links import simple_addresses

SHARED: Mapping[str, Any] = {
    "shop": {"name": "Acme <b>", "url": "https://acme.test"},
    "items": [{"name": "a & b", "price": 3}, {"name": "c", "price": 0}, {"name": "", "price": None}],
    "empty": "",
    "big": list(range(4000)),
}
FEW = "{% for item in items limit: recipient.few %}{{ item.name }}{% endfor %}"
THE_REST = "{% for item in items offset: continue %}{{ item.name }}{% endfor %}"
PIECES = (
    *("Hello ", " \n ", "<b>", "{{ shop.name }}", "{{ recipient.name }}", "{{- recipient.name -}}", "{{ name }}"),
    "{% for item in items %}{{ item.name }}-{{ forloop.index }}{% else %}none{% endfor %}",
    "{% for item in items limit: 1 %}{{ item.name }}{{ recipient.name }}{% endfor %}",
    *(FEW, THE_REST),
    "{% for item in items %}{% if item.price == 0 %}{% break %}{% endif %}{{ item.price }}{% endfor %}",
    "{% if shop %}{{ shop.url }}{% else %}?{% endif %}",
    "{% unless recipient.vip %}ordinary{% endunless %}",
    "{% case name %}{% when 'x' %}X{% else %}{{ shop.name }}{% endcase %}",
    "{% assign name = shop.name %}",
    "{% capture name %}{{ recipient.name }}!{% endcapture %}",
    *("{% increment n %}", "{% decrement n %}", "{% comment %}{{ nobody }}{% endcomment %}", "{% # said aside %}"),
    *("{{ nobody.home }}", "{{ shop }}", "{{ shop.name | upcase | append: recipient.name }}", "{{ items | size }}"),
    "{{ items[0][name] }}",
    "{% if empty %}{% endif %}",
    '<a href="{{ shop.url }}/{{ recipient.name }}">',
    '<a href="{{ recipient.link }}">',
    "{% break %}",
    "{% partial 'card@1', title: shop.name %}{{ title }}{{ name }}{% endpartial %}",
    "{% partial 'card@1', title: recipient.name %}{{ title }} {{ recipient.name }}{% endpartial %}",
)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "recipient": st.fixed_dictionaries(
                {
                    "name": st.sampled_from(["Ana", "<i>", ""]),
                    "vip": st.booleans(),
                    "link": st.just("javascript:x"),
                    "few": st.integers(0, 3),
                }
            ),
            "name": st.sampled_from(["x", "y"]),
        }
    ),
    min_size=1,
    max_size=4,
)


def _somebody(few: int = 0) -> dict[str, Any]:
    return {"recipient": {"name": f"number {few}", "vip": False, "link": "", "few": few}, "name": "x"}


def _outcome(text: str, treatment: str, context: Mapping[str, Any], known: Known) -> str | tuple[str, str, int]:
    try:
        return fill_text(text, treatment, context, lenient=False, known=known)
    except RenderError as trouble:
        return trouble.code, trouble.message, trouble.line


def _alone(text: str, treatment: str, context: Mapping[str, Any]) -> str | tuple[str, str, int]:
    """As the library fills it in: a template with a variable of its own is not cut."""
    return _outcome(f"{text}{{% assign whole = 1 %}}", treatment, context, Known())


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9), st.sampled_from(["html", "text", "line"]), PEOPLE)
@example([FEW, ", ", THE_REST], "text", [_somebody(few=1), _somebody(few=2)])
@example(["{% capture name %}{{ recipient.name }}!{% endcapture %}", "{{ name }}"], "text", [_somebody(), _somebody()])
def test_in_a_batch_everybody_gets_what_they_would_get_alone(
    pieces: Sequence[str], treatment: str, people: Sequence[Mapping[str, Any]]
) -> None:
    text = "".join(pieces)
    contexts = [{**SHARED, **person} for person in people]
    known = Known()
    assert [_outcome(text, treatment, context, known) for context in contexts] == [
        _alone(text, treatment, context) for context in contexts
    ]


def test_what_a_hundred_people_share_is_filled_in_once() -> None:
    text = "{{ shop.name }}: {{ recipient.name }}, {% for item in items %}{{ item.name }}{% endfor %}"
    known = Known()
    people = [{**SHARED, "recipient": {"name": f"p{number}"}} for number in range(100)]
    found = [fill_text(text, "text", context, lenient=False, known=known) for context in people]
    assert found == [f"Acme <b>: p{number}, a & bc" for number in range(100)]
    assert sorted(text for text, _ in known.stretches.values()) == [", a & bc", "Acme <b>: "]


def test_what_was_filled_in_before_is_paid_for_all_the_same() -> None:
    loop = "{% for one in big %}{{ one }}{% endfor %}"
    turns = next(n for n in range(1, 40) if _costs_too_much(loop * n))
    text = f"{{{{ recipient.name }}}}{loop * (turns - 1)}{{{{ recipient.name }}}}{loop}"
    known = Known()
    people = [{**SHARED, "recipient": {"name": name}} for name in ("Ana", "Bo", "Cy")]
    found = {_outcome(text, "text", context, known) for context in people}
    assert {code for code, *_ in found} == {"template_too_expensive"}


def _costs_too_much(text: str) -> bool:
    return not isinstance(_outcome(text, "text", SHARED, Known()), str)


WORDS = ("href", "src", "SRCSET", "action", "formaction", "poster", "background", "data-src", "javascript:", "a", "é")
SIGNS = (" ", "\n", "\u00a0", "=", "==", '"', "'", ">", "<", "-", "_")
MARKUP = st.lists(st.sampled_from((*WORDS, *SIGNS)), max_size=16).map("".join)


@given(MARKUP)
def test_addresses_are_found_where_one_expression_finds_them(page: str) -> None:
    assert list(addresses(page)) == list(simple_addresses(page))
