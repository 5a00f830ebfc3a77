"""What ends up in a header is one line, whatever data holds (RELIABILITY 6.2, S5)."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from hypothesis import given, settings
from hypothesis import strategies as st

from templates_app.rules.liquid import render_content
from tests.templates_app.speaking import Words, make_context

BREAKS = ("\r", "\n", "\r\n", "\v", "\f", "\x00", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
values = st.lists(st.one_of(st.sampled_from(BREAKS), st.sampled_from(["Bcc: e@x", ":", " "]), st.text(max_size=8)))


@settings(max_examples=500, deadline=None)
@given(values.map("".join), values.map("".join))
def test_no_value_begins_a_line_of_its_own(first: str, second: str) -> None:
    words = Words(line="Order {{ a }} for {{ b }}{% if a %}\n{% endif %}")

    line = render_content("email", words, make_context({"a": first, "b": second})).line

    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", line)
    assert len(line.splitlines()) <= 1
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"] = line
    assert set(message_from_bytes(mail.as_bytes(), policy=policy.default).keys()) <= {"Subject"}
