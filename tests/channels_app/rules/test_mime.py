"""Mails as bytes, read back by Python's own parser and by a plain look at the lines."""

import base64
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels_app.rules.mime import File, Mail, UnsafeHeader, build, envelope_address

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NASTY = st.text(alphabet=st.sampled_from('a:\r\n\0\v\f\x1c\x85\u2028\u2029 \t=?é@<>,;"\\'), max_size=40) | st.text()
ENDS_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
FIXED = ["Date", "From", "To", "Subject", "Message-ID", "MIME-Version"]


def make_mail(**changes: Any) -> Mail:
    fields: dict[str, Any] = {
        "id": "01a1f8f5",
        "message_id": "<1@example.org>",
        "at": AT,
        "sender": "Shop <shop@example.org>",
        "to": "ana@example.org",
        "subject": "Your order",
        "text": "Hello",
    }
    return Mail(**fields | changes)


def read(mail: Mail) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(build(mail), policy=policy.default))


def part_of(mail: Mail, kind: str) -> str:
    part = read(mail).get_body((kind,))
    assert part is not None
    return str(part.get_content())


@given(NASTY)
@example("Order\r\nBcc: eve@example.org")
@example("=?utf-8?q?fake?=")
@example("x" * 500)
@example("é" * 300)
def test_a_subject_is_read_as_it_was_written_or_refused(subject: str) -> None:
    if ENDS_A_LINE.search(subject):
        with pytest.raises(UnsafeHeader):
            build(make_mail(subject=subject))
        return

    mail = read(make_mail(subject=subject))

    expected = subject.encode(errors="replace").decode()
    assert [name for name, _ in mail.raw_items()][:6] == [*FIXED]
    assert str(mail["Subject"] or "").strip() == expected.strip()


@given(
    name=st.just("X-A") | NASTY,
    value=NASTY,
    field=st.sampled_from(["subject", "reply_to", "header", "filename", "content_type"]),
)
def test_nothing_adds_a_header(name: str, value: str, field: str) -> None:
    changes: dict[str, Any] = {
        "subject": {"subject": value},
        "reply_to": {"reply_to": value},
        "header": {"headers": {name: value}},
        "filename": {"files": [File(value, "text/plain", "")]},
        "content_type": {"files": [File("a", value, "")]},
    }[field]

    try:
        data = build(make_mail(**changes))
    except UnsafeHeader:
        return

    # A plain look at the bytes, for what parsers of other people's might see.
    head = data.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    allowed = {*FIXED, "Content-Type", "Content-Transfer-Encoding", "Reply-To", *changes.get("headers", {})}
    assert len(names) == len(set(names)) or field == "header"
    assert set(names) <= allowed
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert b"\n" not in data.replace(b"\r\n", b"")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
@example(".")
@example("a\n.\nb")
@example("line \n" * 3)
@example("x" * 2000)
@example("From me\n=20\ttab \n--=_01a1f8f5_a--\n")
@example("\r\r\n\x0b\x0c\x85\u2028")
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    data = build(make_mail(text=text, html=f"<p>{text}"))

    body = message_from_bytes(data, policy=policy.default)
    plain = next(part for part in body.walk() if part.get_content_type() == "text/plain")
    found = plain.get_payload(decode=True)
    assert isinstance(found, bytes)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    assert found.decode().replace("\r\n", "\n").removesuffix("\n") == lines.removesuffix("\n")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert data.isascii()


def test_text_and_html_are_alternatives() -> None:
    mail = make_mail(text="Grüße", html="<p>Grüße")

    assert read(mail).get_content_type() == "multipart/alternative"
    assert (part_of(mail, "plain").strip(), part_of(mail, "html").strip()) == ("Grüße", "<p>Grüße")


@pytest.mark.parametrize(("changes", "kind"), [({}, "text/plain"), ({"text": "", "html": "<p>"}, "text/html")])
def test_one_of_them_stands_alone(changes: dict[str, str], kind: str) -> None:
    assert read(make_mail(**changes)).get_content_type() == kind


def test_files_go_along_and_come_out_the_same() -> None:
    content = bytes(range(256)) * 5
    file = File('Rechnung "März" 1%.pdf', "application/pdf", base64.b64encode(content).decode())

    mail = read(make_mail(html="<p>", files=[file, File("b.txt", "text/plain", "aGk=")]))

    first, second = mail.iter_attachments()
    assert mail.get_content_type() == "multipart/mixed"
    assert (first.get_filename(), first.get_content_type(), first.get_content()) == (
        file.filename,
        "application/pdf",
        content,
    )
    assert second.get_payload(decode=True) == b"hi"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hello", '<div style="display:none;max-height:0;overflow:hidden">5 &lt; 6</div><p>Hello'),
        (
            "<html><BODY class='a'><p>Hello",
            "<html><BODY class='a'><div style=\"display:none;max-height:0;overflow:hidden\">5 &lt; 6</div><p>Hello",
        ),
    ],
)
def test_the_preheader_comes_first_and_is_escaped(html: str, expected: str) -> None:
    assert part_of(make_mail(html=html, preheader="5 < 6"), "html").strip() == expected


def test_the_same_mail_is_the_same_bytes() -> None:
    files = [File("a.txt", "text/plain", "aGk=")]

    assert build(make_mail(html="<p>", files=files)) == build(make_mail(html="<p>", files=files))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ana@example.org", "ana@example.org"),
        ("o'hara+tag@sub.example.org", "o'hara+tag@sub.example.org"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("анна@bücher.example", "анна@xn--bcher-kva.example"),
        ("ana", None),
        ("@example.org", None),
        ("ana@", None),
        ("ana@a@b", None),
        ("<ana@example.org>", None),
        ("ana@example.org, eve@example.org", None),
        ("ana@example.org\r\nBcc: eve@example.org", None),
        ("ana @example.org", None),
        ("ana@\u2028example.org", None),
        ("ana@bü_cher.example", None),
    ],
)
def test_addresses_that_fit_a_command(address: str, expected: str | None) -> None:
    assert envelope_address(address) == expected


@given(NASTY)
def test_an_address_never_ends_its_command(address: str) -> None:
    found = envelope_address(address)

    assert found is None or not set(found) & set("\r\n\0 <>\x85\u2028\u2029")
