import base64

import pytest

from audience.rules.readers import (
    MAX_CHARS,
    BadAddress,
    read_email,
    read_phone,
    read_secret,
    read_subscription,
    read_token,
    read_url,
)

P256DH = base64.urlsafe_b64encode(b"\x04" + bytes(64)).decode().rstrip("=")
AUTH = base64.urlsafe_b64encode(bytes(16)).decode().rstrip("=")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("ana@example.org", "ana@example.org", id="plain"),
        pytest.param("Ana.B@EXAMPLE.org", "Ana.B@example.org", id="only the domain loses its case"),
        pytest.param("a@shop.test", "a@shop.test", id="test domain"),
        pytest.param("a@test", "a@test", id="bare test domain"),
        pytest.param("a@mail.corp.local", "a@mail.corp.local", id="inside a company"),
        pytest.param("a@localhost", "a@localhost", id="this machine"),
        pytest.param("a+tag@example.org", "a+tag@example.org", id="tag"),
        pytest.param("jörg@bücher.example", "jörg@bücher.example", id="international"),
        pytest.param("a@xn--bcher-kva.example", "a@bücher.example", id="punycode"),
    ],
)
def test_an_email_address_is_kept_in_normal_form(given: str, kept: str) -> None:
    assert read_email(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("", id="empty"),
        pytest.param("ana", id="no at sign"),
        pytest.param("ana@", id="no domain"),
        pytest.param("@example.org", id="no local part"),
        pytest.param("ana@example", id="no such top-level domain can have mail"),
        pytest.param("ana@127.0.0.1", id="an address for a domain"),
        pytest.param("ana@example.invalid", id="reserved for never"),
        pytest.param("ana@hidden.onion", id="onion"),
        pytest.param("Ana <ana@example.org>", id="display name"),
        pytest.param("a b@example.org", id="space"),
        pytest.param("ana@example.org\r\nBcc: eve@example.org", id="header injection"),
        pytest.param("ana\n@example.org", id="line feed"),
        pytest.param("ana@example.org\x00", id="nul"),
        pytest.param("ana\u2028@example.org", id="line separator"),
        pytest.param("ana\u202e@example.org", id="right-to-left override"),
        pytest.param("ana@example.org,eve@example.org", id="two of them"),
        pytest.param("a" * 300 + "@example.org", id="too long"),
    ],
)
def test_what_is_no_email_address_is_refused(given: str) -> None:
    with pytest.raises(BadAddress) as refused:
        read_email(given)

    assert refused.value.code == "invalid_email"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("+33612345678", "+33612345678", id="E.164"),
        pytest.param("+33 6 12 34 56 78", "+33612345678", id="spaces"),
        pytest.param("+1 (202) 555-0123", "+12025550123", id="American"),
        pytest.param("+49.151.1234567", "+491511234567", id="dots"),
        pytest.param("+15005550006", "+15005550006", id="a provider's magic test number"),
        pytest.param("+447700900123", "+447700900123", id="reserved for fiction: possible, not valid"),
        pytest.param("+15555550100", "+15555550100", id="not a valid range, but possible"),
    ],
)
def test_a_phone_number_is_kept_as_e164(given: str, kept: str) -> None:
    assert read_phone(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("", id="empty"),
        pytest.param("0612345678", id="no country code"),
        pytest.param("0033612345678", id="zeros for a plus"),
        pytest.param("+336123", id="too short"),
        pytest.param("+3361234567890123", id="too long"),
        pytest.param("+999123456789", id="no such country"),
        pytest.param("+33612345678;ext=12", id="extension"),
        pytest.param("+33612345678 x3", id="extension in words"),
        pytest.param("tel:+33612345678", id="URI"),
        pytest.param("+1800FLOWERS", id="letters"),
        pytest.param("+33612345678\r\nX: y", id="header injection"),
        pytest.param("+١٢٣٤٥٦٧٨٩٠١", id="other digits"),
    ],
)
def test_what_is_no_phone_number_is_refused(given: str) -> None:
    with pytest.raises(BadAddress) as refused:
        read_phone(given)

    assert refused.value.code == "invalid_phone"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("https://example.org/hook", id="plain"),
        pytest.param("https://example.org:8443/a/b?c=d#e", id="port, query, fragment"),
        pytest.param("https://my_host.example.org/", id="underscore"),
        pytest.param("https://[2001:db8::1]/x", id="IPv6"),
        pytest.param("https://192.0.2.1/x", id="IPv4"),
        pytest.param("https://example.org/%C3%A9", id="percent-encoded"),
        pytest.param("HTTPS://example.org/", id="scheme in capitals"),
    ],
)
def test_an_https_url_is_kept_as_it_is(given: str) -> None:
    assert read_url(given) == given


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("", id="empty"),
        pytest.param("example.org/hook", id="relative"),
        pytest.param("//example.org/hook", id="no scheme"),
        pytest.param("http://example.org/hook", id="plain http"),
        pytest.param("ftp://example.org/", id="ftp"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///path", id="empty host"),
        pytest.param("https://ana:secret@example.org/", id="credentials"),
        pytest.param("https://@example.org/", id="empty credentials"),
        pytest.param("https://example.org:99999/", id="no such port"),
        pytest.param("https://[::1/", id="broken IPv6"),
        pytest.param("https://exa mple.org/", id="space"),
        pytest.param("https://example.org/\r\nHost: evil", id="header injection"),
        pytest.param("https://example.org\\@evil.example/", id="backslash"),
        pytest.param("https://bücher.example/", id="not percent-encoded"),
        pytest.param("https://-bad.example/", id="label begins with a dash"),
        pytest.param("https://a..b/", id="empty label"),
        pytest.param("https://example.org/" + "a" * MAX_CHARS, id="too long"),
    ],
)
def test_what_is_no_https_url_is_refused(given: str) -> None:
    with pytest.raises(BadAddress) as refused:
        read_url(given)

    assert refused.value.code == "invalid_url"


def test_plain_http_reaches_only_the_hosts_named() -> None:
    allowed = frozenset({"127.0.0.1:8025"})

    assert read_url("http://127.0.0.1:8025/hook", plain_http=allowed) == "http://127.0.0.1:8025/hook"
    with pytest.raises(BadAddress):
        read_url("http://127.0.0.1:8026/hook", plain_http=allowed)


@pytest.mark.parametrize("given", ["", "two words", "line\nfeed", "ünicode", "x" * (MAX_CHARS + 1)])
def test_what_is_no_device_token_is_refused(given: str) -> None:
    with pytest.raises(BadAddress) as refused:
        read_token(given)

    assert refused.value.code == "invalid_token"


def test_a_subscription_is_its_url_and_its_keys() -> None:
    given = {"endpoint": "https://push.example.org/x", "expirationTime": None, "keys": {"p256dh": P256DH, "auth": AUTH}}

    address, extra = read_subscription(given)

    assert address == "https://push.example.org/x"
    assert extra == {"keys": {"p256dh": P256DH, "auth": AUTH}}


def test_a_subscription_at_an_excepted_host_may_be_plain_http() -> None:
    given = {"endpoint": "http://127.0.0.1:8025/web_push/ana", "keys": {"p256dh": P256DH, "auth": AUTH}}

    address, _ = read_subscription(given, plain_http=frozenset({"127.0.0.1:8025"}))

    assert address == given["endpoint"]
    with pytest.raises(BadAddress):
        read_subscription(given)


@pytest.mark.parametrize(
    ("given", "code", "at"),
    [
        pytest.param("https://push.example.org/x", "invalid_subscription", "", id="only the URL"),
        pytest.param({}, "invalid_subscription", "/endpoint", id="empty"),
        pytest.param({"endpoint": "https://p.example/x"}, "invalid_subscription", "/keys", id="no keys"),
        pytest.param(
            {"endpoint": "http://p.example/x", "keys": {"p256dh": P256DH, "auth": AUTH}},
            "invalid_url",
            "/endpoint",
            id="plain http",
        ),
        pytest.param(
            {"endpoint": "https://p.example/x", "keys": {"p256dh": AUTH, "auth": AUTH}},
            "invalid_subscription",
            "/keys/p256dh",
            id="key too short",
        ),
        pytest.param(
            {"endpoint": "https://p.example/x", "keys": {"p256dh": P256DH}},
            "invalid_subscription",
            "/keys/auth",
            id="no auth",
        ),
        pytest.param(
            {"endpoint": "https://p.example/x", "keys": {"p256dh": "!" * 87, "auth": AUTH}},
            "invalid_subscription",
            "/keys/p256dh",
            id="not base64url",
        ),
    ],
)
def test_what_is_no_subscription_is_refused_with_its_place(given: object, code: str, at: str) -> None:
    with pytest.raises(BadAddress) as refused:
        read_subscription(given)  # type: ignore[arg-type]

    assert (refused.value.code, refused.value.at) == (code, at)


def test_a_webhook_secret_is_kept_with_its_prefix() -> None:
    random = base64.b64encode(bytes(range(24))).decode()

    assert read_secret(f"whsec_{random}") == f"whsec_{random}"
    assert read_secret(random) == f"whsec_{random}"


@pytest.mark.parametrize("size", [32, 64])
def test_an_ed25519_key_may_sign_too(size: int) -> None:
    key = f"whsk_{base64.b64encode(bytes(range(size))).decode()}"

    assert read_secret(key) == key


@pytest.mark.parametrize(
    "given", ["", "whsec_", "hunter2", "whsec_" + base64.b64encode(bytes(23)).decode(), "whsec_ä", "whsk_AAAA"]
)
def test_what_is_no_webhook_secret_is_refused(given: str) -> None:
    with pytest.raises(BadAddress) as refused:
        read_secret(given)

    assert refused.value.code == "invalid_secret"
