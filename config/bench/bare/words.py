"""The letter for the upper bound: compiled once, rendered with the Liquid library as it comes, and a MIME skeleton."""

import binascii

from liquid import Environment

from config.bench.letter import HTML, SUBJECT, TEXT, context

_PLAIN, _ESCAPING = Environment(), Environment(autoescape=True)
_SUBJECT, _HTML, _TEXT = _PLAIN.from_string(SUBJECT), _ESCAPING.from_string(HTML), _PLAIN.from_string(TEXT)
_SENDER = "shop@example.org"


def rendered(number: int) -> tuple[str, str, str]:
    """Subject, HTML and text for the person with this number."""
    about = context(number)
    return _SUBJECT.render(**about), _HTML.render(**about), _TEXT.render(**about)


def mail(delivery: str, address: str, number: int) -> bytes:
    """A whole mail with both bodies, quoted-printable, without the final dot."""
    subject, html, text = rendered(number)
    edge = f"=_{delivery}"
    head = (
        f"Subject: {subject}\r\nFrom: {_SENDER}\r\nTo: {address}\r\nMessage-ID: <{delivery}@example.org>\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{edge}"\r\n'
    )
    return b"".join(
        (
            head.encode(),
            _part(edge, "text/plain", text),
            _part(edge, "text/html", html),
            f"\r\n--{edge}--\r\n".encode(),
        )
    )


def _part(edge: str, kind: str, body: str) -> bytes:
    head = f"\r\n--{edge}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + binascii.b2a_qp(body.encode(), istext=True).replace(b"\n", b"\r\n")
