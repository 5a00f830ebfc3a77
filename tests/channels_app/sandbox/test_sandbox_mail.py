"""Reading mails: what a person sees, whatever the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.sandbox.links import links_of
from channels_app.sandbox.mail import clean, read_mail, with_inline_images


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?q?D=C3=A9j=C3=A0?=", "Déjà"),
        (b"=?utf-8?b?RMOpasOg?= =?utf-8?q?_l=C3=A0?=", "Déjà là"),
        (b"folded\r\n over lines", "folded over lines"),
        ("您好".encode(), "您好"),
        (b"latin \xe9", "latin \ufffd"),
        (b"=?no-such-charset?q?abc?=", "=?no-such-charset?q?abc?="),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_a_subject_is_decoded_or_shown_as_it_is(header: bytes, seen: str) -> None:
    assert read_mail(b"Subject: " + header + b"\r\n\r\n").subject == seen


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (b"", b"plain\r\n", "plain\n"),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n", b"\xe9t\xe9", "été"),
        (b"Content-Type: text/plain; charset=no-such\r\n", "été".encode(), "été"),
        (b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n", b"w6l0w6k=", "été"),
        (b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n", b"=C3=A9", "é"),
        (b"Content-Type: multipart/mixed\r\n", b"no boundary", ""),
        (b"Content-Type: nonsense\r\n", b"still text", "still text"),
    ],
)
def test_a_text_is_decoded_as_well_as_it_can_be(head: bytes, body: bytes, text: str) -> None:
    assert read_mail(b"MIME-Version: 1.0\r\n" + head + b"\r\n" + body).text == text


def test_images_inside_a_mail_are_put_in_place() -> None:
    mail = read_mail(
        b'Content-Type: multipart/related; boundary="x"\r\n\r\n'
        b'--x\r\nContent-Type: text/html\r\n\r\n<img src="cid:logo"><img src="cid:page">\r\n'
        b"--x\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n"
        b"--x\r\nContent-Type: text/css\r\nContent-ID: <page>\r\n\r\nx\r\n--x--\r\n"
    )

    assert with_inline_images(mail).strip() == '<img src="data:image/png;base64,iVBORw=="><img src="cid:page">'


@given(st.binary(max_size=2000))
def test_any_bytes_can_be_read(raw: bytes) -> None:
    read_and_store(raw)


SCRAPS = [
    b"\r\n",
    b"--x\r\n",
    b"--x--\r\n",
    b"\xff\xfe",
    b"+2AA-",
    b"\\ud800",
    b"Subject: ",
    b"=?utf-8?b?/w==?=",
    b"begin 644 x\r\n",
    b"X-Carillon-Delivery-Id: 1\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: text/html; charset=utf-7\r\n",
    b'Content-Type: ;;=="\r\n',
    b"Content-Type: text/plain; charset*=''%00;\r\n",
    b'Content-Type: text/plain; charset="unicode_escape"\r\n',
    b"Content-Disposition: attachment; filename*=utf-8''%ff%00\r\n",
    b"Content-Disposition: attachment; filename*0*=x'y'z;",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n",
]


@given(st.lists(st.sampled_from(SCRAPS), max_size=14))
def test_any_heap_of_mail_scraps_can_be_read(scraps: list[bytes]) -> None:
    read_and_store(b"".join(scraps))


def test_a_mail_the_library_cannot_read_is_shown_flat() -> None:
    head = (
        b"Content-Type: multipart/mixed; x*0*=a; x*=b\r\nSubject: =?utf-8?q?=C3=A9?=\r\nX-Carillon-Delivery-Id: d-1\r\n"
    )

    mail = read_mail(head + b"\r\nall\r\n")

    assert (mail.subject, mail.delivery_id, mail.text, mail.attachments) == ("é", "d-1", "all\n", ())


def test_a_mail_nested_beyond_reason_can_be_read() -> None:
    read_and_store(
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(3000))
    )


def read_and_store(raw: bytes) -> None:
    mail = read_mail(raw)
    for text in (mail.subject, mail.text, mail.html, mail.message_id, str(mail.headers), with_inline_images(mail)):
        text.encode("utf-8")
    for part in mail.attachments:
        (part.filename + part.content_type + part.content_id).encode("utf-8")


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=50))
def test_clean_texts_can_be_encoded(text: str) -> None:
    clean(text).encode("utf-8")


def test_links_are_listed_with_their_words_and_only_safe_schemes() -> None:
    html = (
        '<a href="https://x.example/?a=1&amp;b=2">Your <b>order</b></a><a href=javascript:alert(1)>no</a>'
        '<a href=" HTTP://y.example ">y</a><a href="mailto:a@example.org"><img alt="Write to us"></a><a>none</a>'
    )

    assert links_of(html) == [
        {"text": "Your order", "url": "https://x.example/?a=1&b=2"},
        {"text": "y", "url": "HTTP://y.example"},
        {"text": "Write to us", "url": "mailto:a@example.org"},
    ]


@given(st.text(max_size=200))
def test_any_text_can_be_searched_for_links(html: str) -> None:
    assert isinstance(links_of("<a href=http://x>" + html), list)


@pytest.mark.parametrize("html", ["<![nonsense[", "<!", "<a href='http://x'", "<![CDATA[x]]>"])
def test_odd_declarations_do_not_hide_earlier_links(html: str) -> None:
    assert links_of(f'<a href="http://x">x</a>{html}')[0]["url"] == "http://x"
