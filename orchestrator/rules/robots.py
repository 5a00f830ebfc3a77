"""Was it a person who followed a link or saw a pixel? Pure.

Mail gateways follow every link before a mail arrives, and privacy proxies load every picture whether anybody looks or
not (wordtothewise.com/2013/07/barracuda-filters-clicking-all-links, help.socketlabs.com/docs/identifying-apple-mpp-
opens-in-notification-api-events; read 2026-11). Who cannot be told from a person counts as one, so figures are upper
bounds. Pictures that Gmail and Yahoo load are loaded when somebody looks: their proxies count.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Why = Literal["", "head_request", "prefetch", "no_user_agent", "privacy_proxy", "robot", "too_soon", "burst"]

# Sooner after it was handed over nobody has read it. Gateways look while the provider still waits for their answer.
READING = timedelta(seconds=1)
BURST = timedelta(seconds=10)
MOST_AT_ONCE = 2  # different links of one message that a person follows within `BURST`

# MDN, HTTP headers: Sec-Purpose; chromium third_party/blink/common/navigation/preloading_headers.cc; read 2026-11.
_AHEAD = re.compile(r"\s*(?:prefetch|preview|prerender)", re.IGNORECASE)
# A proxy of Apple's that says no more than this loads pictures as mails arrive.
_SAYS_NOTHING = "Mozilla/5.0"
# What programs call themselves (rfc-editor.org/rfc/rfc9110#section-10.1.5: product names), and what gateways do.
_ROBOTS = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|scan|headless|phantomjs|lighthouse|preview|monitor|uptime|validator|fetcher|"
    r"curl/|wget|python|aiohttp|httpx|okhttp|java/|go-http-client|node-fetch|axios|undici|libwww|winhttp|"
    r"apache-httpclient|guzzle|php/|ruby|perl|postman|insomnia|facebookexternalhit|whatsapp/|telegrambot|"
    r"barracuda|proofpoint|mimecast|ironport|symantec|messagelabs|fortimail|fortinet|sophos|trendmicro|tmes|"
    r"forcepoint|safelinks|urldefense|office existence discovery",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a tracked link or a pixel. `purposes` are what headers say it is for, all of them."""

    method: str
    user_agent: str
    purposes: tuple[str, ...]
    at: datetime  # aware


def automated(visit: Visit, *, handed_over_at: datetime | None, links_lately: int) -> Why:
    """Why this was no person; "" when it may have been one.

    `handed_over_at`: when the provider had the message, `None` while that is not known yet. `links_lately`: how many
    different links of the message were followed within `BURST`, with this one.
    """
    if why := by_itself(visit):
        return why
    if handed_over_at is None or visit.at < handed_over_at + READING:
        return "too_soon"
    return "burst" if links_lately > MOST_AT_ONCE else ""


def by_itself(visit: Visit) -> Why:
    """What a request alone tells of why this was no person."""
    agent = visit.user_agent.strip()
    if visit.method == "HEAD":
        return "head_request"
    if any(_AHEAD.match(purpose) for purpose in visit.purposes):
        return "prefetch"
    if not agent:
        return "no_user_agent"
    if agent == _SAYS_NOTHING:
        return "privacy_proxy"
    return "robot" if _ROBOTS.search(agent) else ""
