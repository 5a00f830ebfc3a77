"""Ten thousand decisions with every rule in play: as many statements for 500 people as for 50, and the same again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from channels_app.accounts import forget_accounts, ways_of
from orchestrator.rules.planning import Decision
from orchestrator.rules.record import outcome
from orchestrator.selectors import forget_strategies
from orchestrator.services.claim import claim_notifications
from orchestrator.services.planning import decide
from preferences.consent_requirements import forget_requirements
from tests.make import a_notification, a_tenant
from tests.orchestrator.services.population import CONTENT, a_population

pytestmark = pytest.mark.django_db

NOTIFICATIONS = 20
BUDGET = 17  # statements, whatever the batch; what is kept in memory for a second is read anew


@dataclass(frozen=True, slots=True)
class Decided:
    """What a batch came to, and what it cost."""

    decisions: Sequence[Decision]
    statements: int

    @property
    def reasons(self) -> Counter[str]:
        return Counter(d.reason or d.wait_reason for decision in self.decisions for d in decision.deliveries)


@pytest.fixture(autouse=True)
def mail(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    forget_accounts()


def test_ten_thousand_decisions_cost_as_many_statements_as_a_thousand() -> None:
    few, many = decided(people=50), decided(people=500)

    assert (len(few.decisions), len(many.decisions)) == (1_000, 10_000)
    assert few.statements == many.statements
    assert many.statements <= BUDGET
    told = {
        "", "earlier_step", "quiet_hours", "preference_off", "consent_missing", "suppressed", "unsubscribed",
        "duplicate", "frequency_cap",
    }  # fmt: skip
    assert set(many.reasons) == told, many.reasons


def decided(*, people: int) -> Decided:
    """Decide on all notifications for all people of a new tenant, twice: the same comes of it, to the bit."""
    tenant = a_tenant(f"tenant-{people}")
    everybody = a_population(tenant, people)
    for n in range(NOTIFICATIONS):
        # Every second one says what the one before has said.
        a_notification(tenant, everybody, type="offer", category="marketing", content=CONTENT, data={"n": n // 2},
                       strategy="sequential-email-first", priority=2)  # fmt: skip
    claimed = claim_notifications(2, limit=100)
    shares = [(one, one.recipients) for one in claimed]
    at = claimed[0].at
    ways = ways_of({tenant.id})
    with transaction.atomic():
        forget_requirements()  # what is kept in memory for a second is read anew
        forget_strategies()
        with CaptureQueriesContext(connection) as captured:
            found = decide(shares, ways=ways, at=at).decisions
        assert outcome(decide(shares, ways=ways, at=at).decisions) == outcome(found)
    return Decided(found, len(captured))
