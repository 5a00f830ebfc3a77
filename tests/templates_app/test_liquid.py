"""What templates say, and what is said of those that cannot."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_app.rules.liquid import check, render_batch, render_content
from templates_app.values import Job, RenderError, TemplateFault
from tests.templates_app.speaking import DATA, Button, Words, fill, make_context


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("no template at all", "no template at all", id="literal"),
        pytest.param("{ just { braces } }%}", "{ just { braces } }%}", id="braces"),
        pytest.param("{{ order_id }}", "123", id="data at the top"),
        pytest.param("{{ data.order_id }}", "123", id="data by name"),
        pytest.param("{{ recipient.id }} {{ recipient.attributes.plan }}", "user-1 pro", id="the person"),
        pytest.param("{{ notification.type }}", "order_confirmation", id="the notification"),
        pytest.param("{{ items[1].name }} of {{ items.size }}", "Bulb of 2", id="lists"),
        pytest.param("{% for i in items %}{{ forloop.index }}:{{ i.price }} {% endfor %}", "1:5 2:7 ", id="for"),
        pytest.param("{% for i in (1..3) reversed %}{{ i }}{% endfor %}", "321", id="range"),
        pytest.param("{% for i in items limit: 1 %}{{ i.name }}{% endfor %}", "<Lamp>", id="limit"),
        pytest.param("{% if total > 50 %}much{% elsif total %}some{% else %}none{% endif %}", "much", id="if"),
        pytest.param("{% unless nothing %}none{% endunless %}", "none", id="unless"),
        pytest.param("{% case order_id %}{% when '1', '123' %}yes{% else %}no{% endcase %}", "yes", id="case"),
        pytest.param("{% assign a = total | times: 2 %}{{ a }}", "199.0", id="assign"),
        pytest.param("{% capture a %}no. {{ order_id }}{% endcapture %}{{ a }}", "no. 123", id="capture"),
        pytest.param("{% increment n %}{% increment n %}", "01", id="increment"),
        pytest.param("{% raw %}{{ order_id }}{% endraw %}", "{{ order_id }}", id="raw"),
        pytest.param("a{%- comment -%} secret {{ gone }} {%- endcomment -%}b", "ab", id="comment"),
        pytest.param("{% echo order_id | append: '!' %}", "123!", id="echo"),
        pytest.param("{{ items | map: 'name' | join: ', ' }}", "<Lamp>, Bulb", id="map and join"),
        pytest.param("{{ 'a-b' | split: '-' | last | upcase }}", "B", id="filters in a row"),
        pytest.param("{{ nothing }}{{ empty }}", "", id="null and empty are silent"),
        pytest.param("{{ true }} {{ 1.50 }}", "true 1.5", id="scalars"),
        pytest.param("{{ partial | default: 'p' }} {{ today | default: 't' }}", "p t", id="no names of the library"),
    ],
)
def test_the_language(text: str, expected: str) -> None:
    assert fill(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{{ nope | default: 'friend' }}", "friend", id="default"),
        pytest.param("{% if nope %}a{% else %}b{% endif %}", "b", id="if"),
        pytest.param("{% if nope == nil %}b{% endif %}", "b", id="nil"),
        pytest.param("{% if nope contains 'a' %}a{% else %}b{% endif %}", "b", id="contains"),
        pytest.param("{% if recipient.attributes.nope %}a{% else %}b{% endif %}", "b", id="deeper"),
    ],
)
def test_what_is_missing_can_be_asked_for(text: str, expected: str) -> None:
    assert fill(text) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{{ nope }}", "'nope'"),
        ("{{ data.nope }}", "'data.nope'"),
        ("{{ recipient.attributes.nope }}", "'recipient.attributes.nope'"),
        ("{{ nope | upcase }}", "'nope'"),
        ("{{ 'a' | append: nope }}", "'nope'"),
        ("{% for i in nope %}{% endfor %}", "'nope'"),
        ("{% for i in items %}{{ i.nope }}{% endfor %}", "'i.nope'"),
        ("{{ items[9].name }}", "index out of range"),
    ],
)
def test_what_is_missing_is_named(text: str, named: str) -> None:
    with pytest.raises(RenderError) as caught:
        fill(f"first line\n{text}")

    assert (caught.value.code, caught.value.pointer, caught.value.line) == (
        "missing_variable",
        "/content/email/text",
        2,
    )
    assert named in caught.value.message


@pytest.mark.parametrize(
    ("text", "timezone", "expected"),
    [
        ("{{ shipped_at | date: '%d.%m.%Y %H:%M' }}", "Europe/Paris", "21.11.2026 00:30"),
        ("{{ shipped_at | date: '%d.%m.%Y %H:%M' }}", "", "20.11.2026 23:30"),
        ("{{ shipped_at | date: '%H:%M' }}", "Nowhere/Atall", "23:30"),
        ("{{ 'now' | date: '%Y-%m-%d %H' }}", "Asia/Tokyo", "2026-11-20 21"),
        ("{{ '2026-12-24' | date: '%-d %B' }}", "Asia/Tokyo", "24 December"),
        ("{{ 1700000000 | date: '%Y' }}", "", "2023"),
        ("{{ 'some day' | date: '%Y' }}", "", "some day"),
        ("{{ nothing | date: '%Y' }}", "", ""),
    ],
)
def test_dates_are_told_in_the_readers_zone(text: str, timezone: str, expected: str) -> None:
    context = make_context(timezone=timezone)

    assert render_content("email", Words(text=text), context).text == expected


def test_html_is_escaped_where_it_becomes_html_and_nowhere_else() -> None:
    template = "<b>{{ items[0].name }}</b>{{ '<i>' }}{{ items[0].name | append: '<br>' }}"

    found = render_content("email", Words(html=template, text=template), make_context())

    assert found.html == "<b>&lt;Lamp&gt;</b><i>&lt;Lamp&gt;<br>"
    assert found.text == "<b><Lamp></b><i><Lamp><br>"


@given(st.text())
def test_no_value_brings_a_tag_into_html(value: str) -> None:
    template = "{{ v }}{{ v | upcase }}{{ v | append: v }}{% assign a = v | split: '' | join: '' %}{{ a }}"

    found: str = render_content("email", Words(html=template), {"v": value}).html

    assert not set("<>\"'") & set(found)


@given(st.text())
def test_a_single_line_stays_one(value: str) -> None:
    found: str = render_content("email", Words(line="Order {{ v }} "), {"v": value}).line

    assert not any(ord(character) < 32 or character in "\x7f\x85\u2028\u2029" for character in found)


def test_every_text_of_a_content_is_filled_in_and_nothing_else() -> None:
    content = Words(
        line="{{ order_id }}",
        file="{{ order_id }}",
        buttons=(Button("Open {{ order_id }}", 3), Button("Close")),
        body={"a/b": ["{{ order_id }}", 1, None, {"c": "{{ total }}"}], "{{ key }}": True},
        number=7,
    )

    found = render_content("webhook", content, make_context())

    assert found == Words(
        line="123",
        file="{{ order_id }}",
        buttons=(Button("Open 123", 3), Button("Close")),
        body={"a/b": ["123", 1, None, {"c": "99.5"}], "{{ key }}": True},
        number=7,
    )


def test_a_content_without_templates_is_handed_back_as_it_is() -> None:
    content = Words(line="Hello", html="<b>Hello</b>", buttons=(Button("Open"),), body={"a": ["b", {"c": "d"}]})

    assert render_content("email", content, make_context()) is content


def test_a_failing_text_is_pointed_at() -> None:
    with pytest.raises(RenderError) as caught:
        render_content("webhook", Words(body={"a/b": ["ok", "{{ nope }}"]}), make_context())

    assert caught.value.pointer == "/content/webhook/body/a~1b/1"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("{{ order_id", 1, "'{{' is never closed; '}}' ends it"),
        ("a\n{% if x %}", 2, "expected tag endif"),
        ("a\nb\n{% include 'x' %}", 3, "unexpected tag 'include'; known: assign, break"),
        ("{{ a | nope }}", 1, "no filter 'nope'; known: abs, append"),
        ("{{ a | safe }}", 1, "no filter 'safe'"),
        ("{% if x = 1 %}{% endif %}", 1, "found '='"),
        ("{% assign r = (1..5) %}", 1, "a range can only be looped through"),
        ("{{ 'a" + "b" * 501 + "' }}", 1, "a text of more than 500 characters in a tag"),
        ("{{}}" * 5001, 1, "more than 5,000 tags"),
        ("x" * 131_073 + "{{ a }}", 1, "a template has 131,072 at most"),
    ],
)
def test_faults_are_told_before_anything_is_accepted(text: str, line: int, words: str) -> None:
    (fault,) = check("email", Words(text=text))

    assert (fault.pointer, fault.code, fault.line) == ("/content/email/text", "template_syntax", line)
    assert words in fault.message


def test_all_faults_are_told_at_once() -> None:
    faults = check("chat", Words(line="{{ a", text="fine {{ a }}", body=["{% foo %}"]))

    assert [fault.pointer for fault in faults] == ["/content/chat/line", "/content/chat/body/0"]


def test_a_good_content_has_no_fault() -> None:
    assert check("email", Words(line="{{ a | default: 'b' }}", html="{% if a %}{{ a }}{% endif %}", body=[1])) == ()


def test_json_nested_too_deep_is_a_fault() -> None:
    body: Any = "{{ order_id }}"
    for _ in range(60):
        body = [body]

    (fault,) = check("webhook", Words(body=body))
    with pytest.raises(RenderError):
        render_content("webhook", Words(body=body), make_context())

    assert isinstance(fault, TemplateFault)
    assert fault.code == "too_deep"


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1 | divided_by: 0 }}",
        "{{ data }}",
        "{{ items }}",
        "{{ order_id | times: items }}{{ items | sort: 'price' | sort }}",
        "{{ 'x' | date: '%Q' }}",
        "{% if items > 3 %}{% endif %}",
    ],
)
def test_what_cannot_be_worked_out_fails_as_one_delivery(text: str) -> None:
    with pytest.raises(RenderError) as caught:
        fill(text)

    assert caught.value.code == "template_failed"


def test_one_bad_job_does_not_stop_its_batch() -> None:
    content = Words(text="{{ name }}")

    first, second, third = render_batch(
        [Job("sms", content, {"name": "Ana"}), Job("sms", content, {}), Job("sms", content, {"name": "Bo"})]
    )

    assert (first.text, third.text) == ("Ana", "Bo")
    assert isinstance(second, RenderError)


def test_a_batch_that_shares_its_data_is_filled_in_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from templates_app.rules import liquid

    runs: list[str] = []
    run = liquid._run
    monkeypatch.setattr(liquid, "_run", lambda *args, **options: runs.append(args[1]) or run(*args, **options))
    content = Words(line="{{ order_id }}", text="{{ recipient.id }}")

    found = render_batch([Job("sms", content, make_context(DATA) | {"recipient": {"id": str(n)}}) for n in range(50)])

    assert (runs.count("{{ order_id }}"), runs.count("{{ recipient.id }}")) == (1, 50)
    assert [(one.line, one.text) for one in found] == [("123", str(n)) for n in range(50)]


def test_sharing_never_mixes_people_up() -> None:
    texts = ["{{ v }}", "{{ recipient.v }}", "{{ [name] }}", "{% assign a = v %}{{ a }}", "{{ t | date: '%H' }}"]
    zones = ["Asia/Tokyo", "Europe/Paris", "UTC"]
    contexts = [
        {"v": f"v{n}", "name": "v", "t": "2026-11-20T12:00:00Z", "recipient": {"v": f"r{n}", "timezone": zones[n % 3]}}
        for n in range(30)
    ]

    for text in texts:
        alone = [render_content("sms", Words(text=text), context) for context in contexts]
        assert render_batch([Job("sms", Words(text=text), context) for context in contexts]) == alone
