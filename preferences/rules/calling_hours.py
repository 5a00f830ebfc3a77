"""When marketing may be texted to people, by country: data, with its sources. No legal advice, and not complete.

A country that is not here has no hours that we could source; type policies hold those that a tenant wants besides.
Looked for in 2026-11 and left out: Canada (the curfew of the CRTC, 9:00 to 21:30 and 10:00 to 18:00 at weekends, is
about calls: crtc.gc.ca/eng/phone/telemarketing/tobligations/rules-regles.htm), Brazil, Belgium and Australia (providers
contradict each other), Mexico (a carrier has hours and does not tell them: docs.aws.amazon.com/end-user-messaging),
Georgia (other hours on public holidays, which this table cannot say), Germany, Italy, Japan, Singapore, Spain and the
United Kingdom (nothing found). What states of a country add (Florida ends at 20:00) is not here either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from preferences.rules.quiet_hours import Window

MARKETING = "marketing"  # the category or purpose that calling hours are about
TEXTS = frozenset({"sms"})  # the channels that they are about

_WORKDAYS_AND_SATURDAY = frozenset(range(6))


@dataclass(frozen=True, slots=True)
class CallingHours:
    """The hours of a country, on the recipient's clock. `source` tells who says so and when it was read."""

    country: str  # ISO 3166-1 alpha-2
    windows: tuple[Window, ...]
    source: str
    not_on_holidays: bool = False  # days that the tenant's `holidays` name for the country


CALLING_HOURS: Mapping[str, CallingHours] = {
    hours.country: hours
    for hours in (
        CallingHours(
            "US",
            (Window(time(8), time(21)),),
            "47 CFR 64.1200(c)(1): not before 8 a.m. or after 9 p.m., local time at the called party's location; texts "
            "too, twilio.com/docs/api/errors/30610, 2026-11",
        ),
        CallingHours(
            "FR",
            (Window(time(8), time(22), _WORKDAYS_AND_SATURDAY),),
            "Operators hold marketing texts from 22:00 to 8:00, on Sundays and public holidays: "
            "developers.brevo.com/reference/transactional-sms-1, 2026-11. (Décret 2022-1313, Monday to Friday 10:00 to "
            "13:00 and 14:00 to 20:00, is about calls: legifrance.gouv.fr/jorf/id/JORFTEXT000046421823, 2026-11.)",
            not_on_holidays=True,
        ),
        CallingHours(
            "IN",
            (Window(time(10), time(21)),),
            "TRAI, TCCCPR 2018; operators refuse promotional texts outside of 10:00 to 21:00 since October 2025: "
            "crm.smsgatewayhub.com/knowledge-base, 'Service Explicit message restriction time', 2026-11",
        ),
        CallingHours(
            "AE",
            (Window(time(7), time(21)),),
            "Promotional texts are not delivered from 21:00 to 7:00 local time: twilio.com/en/guidelines/ae/sms, "
            "2026-11",
        ),
        CallingHours(
            "KR",
            (Window(time(8), time(21)),),
            "Network Act, article 50: from 21:00 to 8:00 only with a consent of its own, which is not recorded here: "
            "docs.dfinery.ai/user-guide/en/action/off-site-campaign/info-vs-ads, 2026-11",
        ),
        CallingHours(
            "SA",
            (Window(time(9), time(22)),),
            "CST: promotional texts from 9:00 to 22:00 on any day, docs.unifonic.com/docs/compliance-sms, 2026-11. "
            "(Others tell of 8:00, tawasolsms.com/en/sms-regulations-you-must-know, 2026-11; these hours keep both.)",
        ),
    )
}


def calling_hours(country: str, *, channel: str, purpose: str) -> CallingHours | None:
    """The hours that hold for a message to a country; `None`: none that we know. `purpose`: else its category."""
    return CALLING_HOURS.get(country) if purpose == MARKETING and channel in TEXTS else None
