"""What an API's "no" means, and how long it wants us to wait."""

from datetime import UTC, datetime, timedelta

import pytest

from channels_app.rules.api_replies import Reply, Words, judge, retry_after, until_reset
from channels_app.values import Refused, Retry, SendResult, Unknown

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WORDS = Words(
    bad_address=frozenset({"no_such_number"}),
    busy=frozenset({"queue_full"}),
    ours=frozenset({"suspended"}),
    not_ours=frozenset({"opted_out"}),
)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(400), Refused("http_400", "400")),
        (Reply(400, "no_such_number"), Refused("no_such_number", "400", reason="invalid_address")),
        (Reply(400, "queue_full"), Retry("queue_full", "400")),
        (Reply(400, "suspended"), Refused("suspended", "400", provider_fault=True)),
        (Reply(401), Refused("bad_credentials", "401", provider_fault=True)),
        (Reply(403), Refused("bad_credentials", "403", provider_fault=True)),
        (Reply(403, "opted_out"), Refused("opted_out", "403")),
        (Reply(404), Refused("http_404", "404")),
        (Reply(302), Refused("http_302", "302", provider_fault=True)),
        (Reply(408), Retry("http_408", "408")),
        (Reply(425), Retry("http_425", "425")),
        (Reply(429, after=timedelta(7)), Retry("rate_limited", "429", after=timedelta(7))),
        (Reply(500), Unknown("http_500", "500")),
        (Reply(502), Unknown("http_502", "502")),
        (Reply(503, after=timedelta(7)), Retry("http_503", "503", after=timedelta(7))),
        (Reply(504), Unknown("http_504", "504")),
        (Reply(500, "no_such_number"), Refused("no_such_number", "500", reason="invalid_address")),
        (Reply(400, "Some.Weird Code!"), Refused("some_weird_code", "400")),
    ],
    ids=lambda value: f"{value.status} {value.code}" if isinstance(value, Reply) else "",
)
def test_each_answer_has_one_meaning(reply: Reply, expected: SendResult) -> None:
    assert judge(reply, WORDS) == expected


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("no ana@example.org here", "400 no a•••@example.org here"),
        ("two\r\nlines", "400 two lines"),
        ("The 'To' number 0612345678 is not valid", "400 The 'To' number [number] is not valid"),
        ("x" * 400, f"400 {'x' * 300}"),
        ("", "400"),
    ],
)
def test_words_for_people_hide_addresses_and_keep_to_a_line(text: str, detail: str) -> None:
    assert judge(Reply(400, "", text)) == Refused("http_400", detail)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("42", timedelta(seconds=42)),
        (" 1.5 ", timedelta(seconds=1.5)),
        ("0", timedelta()),
        ("999999999", timedelta(hours=24)),
        ("Fri, 20 Nov 2026 12:01:00 GMT", timedelta(minutes=1)),
        ("Fri, 20 Nov 2026 12:01:00 -0000", timedelta(minutes=1)),
        ("Fri, 20 Nov 2026 11:00:00 GMT", timedelta()),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
        ("1e9", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(value: str, expected: timedelta | None) -> None:
    assert retry_after(value, at=AT) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(str(int(AT.timestamp()) + 30), timedelta(seconds=30)), ("0", timedelta()), ("x", None)]
)
def test_the_end_of_a_limit_is_read(value: str, expected: timedelta | None) -> None:
    assert until_reset(value, at=AT) == expected
