"""Decide which channels can be used for one recipient, and why the others cannot: pure.

| Check       | Says no when                                                  | Reason                         |
|-------------|---------------------------------------------------------------|--------------------------------|
| duplicate   | the recipient was told the same within the window             | `duplicate`                    |
| holdout     | an experiment on this type keeps the recipient out of it      | `experiment_holdout`           |
| provided    | no provider account carries the channel                       | `channel_disabled`             |
| person      | the recipient was erased meanwhile                            | `no_endpoint`                  |
| preference  | they do not want it                                           | `preference_off`               |
| consent     | they took their consent back, or never gave one that it needs | `consent_missing`              |
| endpoint    | the channel needs an address and they have none               | `no_endpoint`                  |
| suppression | every address is suppressed, or the person said no on one     | `suppressed`, `unsubscribed`   |
| carrier     | no account takes addresses of the kinds they have             | `channel_disabled`             |
| digest      | it is gathered to be told with others later                   | `digest`                       |
| caps        | they got as many as its type allows, and it is not to wait    | `frequency_cap`                |
| quiet       | quiet hours, windows or the law hold it for longer than it    | `quiet_hours`,                 |
|             | lives, or at all where the type's policy says `quiet: skip`   | `outside_window`               |

The first check that says no decides. Each says what would turn it round.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from orchestrator.rules.caps import FREQUENCY_CAP, capped
from orchestrator.rules.digests import gathers
from orchestrator.rules.experiments import HOLDOUT
from orchestrator.rules.situation import Case, ChannelTraits, EndpointFacts, Situation, Unusable, Usable, Verdict
from orchestrator.rules.timing import first_moment, held_until, may_wait
from preferences.rules import Ban, barred, barred_everywhere, judged
from preferences.rules.consent import refused

FLIPS: Mapping[str, str] = {
    "no_endpoint": "give the recipient an address on this channel",
    "channel_disabled": "configure a provider account that reaches this channel and kind of address, and enable it",
    "suppressed": "lift the suppression of this address (see /suppressions)",
    "unsubscribed": "the recipient subscribes again",
    "quiet_hours": "a later expires_at, or the critical priority",
    "outside_window": "a later expires_at, or a moment inside of the window",
    "experiment_holdout": "the experiment ends, or its holdout gets smaller than this recipient's draw",
    "condition_not_met": "a strategy whose condition for this channel holds for this message",
    "not_in_strategy": "a strategy that names this channel",
    "frequency_cap": "a later expires_at, the critical priority, or a cap that lets it wait",
    "digest": "close the digest early, or the critical priority",
    "duplicate": "another dedup key, dedup.override, or waiting until the window has closed",
}


@dataclass(frozen=True, slots=True)
class Question:
    """May this channel be used for this recipient of this case?"""

    case: Case
    situation: Situation
    channel: ChannelTraits

    @property
    def endpoints(self) -> tuple[EndpointFacts, ...]:
        return self.situation.endpoints.get(self.channel.key, ())


Check = Callable[[Question], Unusable | None]


def judge(case: Case, situation: Situation) -> dict[str, Verdict]:
    """A verdict for every channel of the case, in its order."""
    return {traits.key: _judged(Question(case, situation, traits)) for traits in case.channels}


def _judged(question: Question) -> Verdict:
    for check in CHECKS:
        if refusal := check(question):
            return refusal
    if not question.channel.needs_endpoint:
        return Usable((None,))
    reached = tuple(endpoint.id for endpoint in _open(question) if endpoint.carried)
    return Usable(reached if question.channel.fan_out else reached[:1])


def _no(rule: str, reason: str, **detail: str) -> Unusable:
    return Unusable(reason, detail, rule, FLIPS.get(reason, ""))


def _duplicate(question: Question) -> Unusable | None:
    first = question.situation.duplicate_of
    return _no("duplicate", "duplicate", duplicate_of=str(first)) if first else None


def _holdout(question: Question) -> Unusable | None:
    case = question.case
    if case.arm != HOLDOUT or case.experiment is None:
        return None
    return _no("holdout", "experiment_holdout", experiment=case.experiment.key)


def _provided(question: Question) -> Unusable | None:
    return None if question.channel.provided else _no("provided", "channel_disabled")


def _person(question: Question) -> Unusable | None:
    return None if question.situation.known else _no("person", "no_endpoint")


def _preference(question: Question) -> Unusable | None:
    situation, notification = question.situation, question.case.notification
    refusal = judged(
        situation.wishes,
        channel=question.channel.key,
        category=notification.category,
        type=notification.type,
        data={**notification.data, **situation.data} if situation.data else notification.data,
        at=question.case.at,
    )
    return Unusable(refusal.code, refusal.detail, refusal.rule, refusal.flip) if refusal else None


def _consent(question: Question) -> Unusable | None:
    demand = question.case.consent
    if demand is None:
        return None
    refusal = refused(demand, channel=question.channel.key, state=question.situation.consents)
    return Unusable(refusal.code, refusal.detail, refusal.rule, refusal.flip) if refusal else None


def _endpoint(question: Question) -> Unusable | None:
    return _no("endpoint", "no_endpoint") if question.channel.needs_endpoint and not question.endpoints else None


def _suppression(question: Question) -> Unusable | None:
    notification = question.case.notification
    addresses = [endpoint.bans for endpoint in question.endpoints]
    ban = barred_everywhere(addresses, category=notification.category, type=notification.type) if addresses else None
    return _no("suppression", ban.code, suppression=ban.reason, scope=ban.scope) if ban else None


def _carrier(question: Question) -> Unusable | None:
    if not question.channel.needs_endpoint or any(endpoint.carried for endpoint in _open(question)):
        return None
    return _no("carrier", "channel_disabled")


def _digest(question: Question) -> Unusable | None:
    policy = gathers(question.case, question.situation, channel=question.channel.key)
    gathered = question.situation.digests.get(policy.name) if policy else None
    if gathered is None or gathered.leads:
        return None
    return _no("digest", "digest", digest=str(gathered.id), closes_at=gathered.closes_at.isoformat())


def _caps(question: Question) -> Unusable | None:
    """Over the cap it waits, if its type lets it and it lives to see the end of that."""
    over = capped(question.case, question.situation)
    if over is None:
        return None
    expires_at = question.case.notification.expires_at
    if over.over != "skip" and (expires_at is None or over.until < expires_at):
        return None
    return _no("caps", FREQUENCY_CAP, cap=over.cap, until=over.until.isoformat())


def _quiet(question: Question) -> Unusable | None:
    """A channel is of no use when it is to be left alone for longer than it lives, or may not be waited for."""
    case, expires_at = question.case, question.case.notification.expires_at
    if expires_at is None and case.policy.quiet != "skip":
        return None
    hold = held_until(case, question.situation, question.channel, first_moment(case, question.situation))
    if hold is None:
        return None
    until = hold.until.isoformat()
    if expires_at is not None and hold.until >= expires_at:
        return _no(hold.rule, hold.reason, until=until, expires_at=expires_at.isoformat())
    if may_wait(case.policy, hold):
        return None
    return replace(_no("type.quiet", hold.reason, until=until), flip="quiet: wait in the policy of the type")


def _open(question: Question) -> tuple[EndpointFacts, ...]:
    """The addresses that no suppression bars."""
    return tuple(endpoint for endpoint in question.endpoints if _ban(question, endpoint) is None)


def _ban(question: Question, endpoint: EndpointFacts) -> Ban | None:
    if not endpoint.bans:
        return None
    notification = question.case.notification
    return barred(endpoint.bans, category=notification.category, type=notification.type)


CHECKS: tuple[Check, ...] = (
    _duplicate,
    _holdout,
    _provided,
    _person,
    _preference,
    _consent,
    _endpoint,
    _suppression,
    _carrier,
    _digest,
    _caps,
    _quiet,
)
