"""People are told from machines by what can be known of a request."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from orchestrator.rules.robots import Visit, automated
from tests.make import AT

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
SENT = AT - timedelta(minutes=5)
PERSON = Visit("GET", CHROME, (), AT)


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param(CHROME, id="Chrome"),
        pytest.param(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.1 Mobile/15E148 Safari/604.1",
            id="Safari",
        ),
        pytest.param("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", id="Firefox"),
        pytest.param("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
                     id="Apple Mail"),
        pytest.param("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
                     id="Gmail, when somebody looks"),
        pytest.param("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
                     id="Yahoo, when somebody looks"),
        pytest.param("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.17126)", id="Outlook"),
        pytest.param("Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/124.0 Mobile Safari/537.36",
                     id="a telephone of the make CUBOT"),
    ],
)  # fmt: skip
def test_people_count(agent: str) -> None:
    assert automated(replace(PERSON, user_agent=agent), handed_over_at=SENT, links_lately=1) == ""


@pytest.mark.parametrize(
    ("agent", "why"),
    [
        pytest.param("", "no_user_agent", id="nothing"),
        pytest.param("  ", "no_user_agent", id="blanks"),
        pytest.param("Mozilla/5.0", "privacy_proxy", id="Apple's proxy"),
        pytest.param("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "robot", id="Google"),
        pytest.param("Mozilla/5.0 (compatible; bingbot/2.0)", "robot", id="Bing"),
        pytest.param("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "robot", id="Slack"),
        pytest.param("facebookexternalhit/1.1", "robot", id="Facebook"),
        pytest.param("WhatsApp/2.23.20.0", "robot", id="WhatsApp's preview"),
        pytest.param("Mozilla/5.0 (Windows NT 6.1) BarracudaCentral", "robot", id="Barracuda"),
        pytest.param("Mozilla/5.0 AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36", "robot", id="headless"),
        pytest.param("python-requests/2.32.3", "robot", id="requests"),
        pytest.param("curl/8.5.0", "robot", id="curl"),
        pytest.param("Go-http-client/1.1", "robot", id="Go"),
        pytest.param("Java/1.8.0_402", "robot", id="Java"),
        pytest.param("Microsoft Office Existence Discovery", "robot", id="Office"),
    ],
)
def test_machines_do_not(agent: str, why: str) -> None:
    assert automated(replace(PERSON, user_agent=agent), handed_over_at=SENT, links_lately=1) == why


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "Prefetch;anonymous-client-ip", "preview"])
def test_what_is_fetched_ahead_is_not_followed(purpose: str) -> None:
    assert automated(replace(PERSON, purposes=("", purpose)), handed_over_at=SENT, links_lately=1) == "prefetch"


def test_a_look_at_the_head_is_no_visit() -> None:
    assert automated(replace(PERSON, method="HEAD"), handed_over_at=SENT, links_lately=1) == "head_request"


@pytest.mark.parametrize(
    ("handed_over_at", "why"),
    [
        pytest.param(None, "too_soon", id="before the provider has answered"),
        pytest.param(AT, "too_soon", id="at once"),
        pytest.param(AT + timedelta(seconds=3), "too_soon", id="before it was handed over"),
        pytest.param(AT - timedelta(milliseconds=999), "too_soon", id="within a second"),
        pytest.param(AT - timedelta(seconds=1), "", id="after a second"),
    ],
)
def test_nobody_reads_faster_than_a_second(handed_over_at: datetime | None, why: str) -> None:
    assert automated(PERSON, handed_over_at=handed_over_at, links_lately=1) == why


@pytest.mark.parametrize(("links", "why"), [(0, ""), (1, ""), (2, ""), (3, "burst"), (20, "burst")])
def test_nobody_follows_many_links_at_once(links: int, why: str) -> None:
    assert automated(PERSON, handed_over_at=SENT, links_lately=links) == why
