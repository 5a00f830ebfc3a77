import pytest

from audience.rules.merging import NOBODY, endpoint_changes, merged, replaced
from audience.values import EndpointFacts, Profile, State

EMAIL, OLD_EMAIL, SMS = ("email", "ana@example.org"), ("email", "old@example.org"), ("sms", "+33612345678")
PUSH, HOOK = ("push", "token"), ("webhook", "https://h.example/")
PLAIN = EndpointFacts()
FCM = EndpointFacts(kind="fcm")
SIGNED = EndpointFacts(extra={"secret": "whsec_1"})
ANA = State(
    locale="fr",
    timezone="Europe/Paris",
    attributes={"plan": "pro", "age": 7},
    endpoints={OLD_EMAIL: PLAIN, SMS: PLAIN, PUSH: FCM, HOOK: SIGNED},
)


def test_merging_nothing_changes_nothing() -> None:
    assert merged(ANA, Profile("ana")) == ANA


@pytest.mark.parametrize(
    ("profile", "after"),
    [
        pytest.param(
            Profile("ana", email=EMAIL[1]),
            {EMAIL: PLAIN, SMS: PLAIN, PUSH: FCM, HOOK: SIGNED},
            id="e-mail replaces e-mail",
        ),
        pytest.param(
            Profile("ana", email=None), {SMS: PLAIN, PUSH: FCM, HOOK: SIGNED}, id="null takes the e-mail away"
        ),
        pytest.param(
            Profile("ana", phone=None), {OLD_EMAIL: PLAIN, PUSH: FCM, HOOK: SIGNED}, id="null takes the phone away"
        ),
        pytest.param(
            Profile("ana", email=EMAIL[1], endpoints=((OLD_EMAIL, PLAIN),)),
            {EMAIL: PLAIN, OLD_EMAIL: PLAIN, SMS: PLAIN, PUSH: FCM, HOOK: SIGNED},
            id="an endpoint named beside stays",
        ),
        pytest.param(
            Profile("ana", endpoints=((("push", "second"), FCM),)),
            {OLD_EMAIL: PLAIN, SMS: PLAIN, PUSH: FCM, ("push", "second"): FCM, HOOK: SIGNED},
            id="endpoints are added to",
        ),
        pytest.param(Profile("ana", endpoints=None), {OLD_EMAIL: PLAIN, SMS: PLAIN}, id="null takes endpoints away"),
        pytest.param(
            Profile("ana", endpoints=((HOOK, EndpointFacts(label="main")),)),
            {OLD_EMAIL: PLAIN, SMS: PLAIN, PUSH: FCM, HOOK: EndpointFacts(label="main", extra={"secret": "whsec_1"})},
            id="an unspoken secret stays",
        ),
        pytest.param(
            Profile("ana", endpoints=((HOOK, EndpointFacts(extra={"secret": None})),)),
            {OLD_EMAIL: PLAIN, SMS: PLAIN, PUSH: FCM, HOOK: PLAIN},
            id="null takes the secret away",
        ),
    ],
)
def test_merging_endpoints(profile: Profile, after: dict[tuple[str, str], EndpointFacts]) -> None:
    assert merged(ANA, profile).endpoints == after


def test_merging_adds_attributes_and_null_takes_one_away() -> None:
    after = merged(ANA, Profile("ana", attributes={"age": None, "city": "Paris"}))

    assert after.attributes == {"plan": "pro", "city": "Paris"}


def test_merging_null_attributes_takes_all_away() -> None:
    assert merged(ANA, Profile("ana", attributes=None)).attributes == {}


def test_merging_null_forgets_where_somebody_lives() -> None:
    after = merged(ANA, Profile("ana", locale=None, timezone="UTC"))

    assert (after.locale, after.timezone) == ("", "UTC")


def test_replacing_with_nothing_leaves_nothing() -> None:
    assert replaced(ANA, Profile("ana")) == NOBODY


def test_replacing_says_everything_anew_but_keeps_an_unspoken_secret() -> None:
    profile = Profile("ana", email=EMAIL[1], locale="de", attributes={"a": 1, "b": None}, endpoints=((HOOK, PLAIN),))

    assert replaced(ANA, profile) == State(
        locale="de", timezone="", attributes={"a": 1}, endpoints={EMAIL: PLAIN, HOOK: SIGNED}
    )


def test_only_the_difference_is_written() -> None:
    after = State(endpoints={OLD_EMAIL: PLAIN, PUSH: EndpointFacts(kind="apns"), EMAIL: PLAIN})

    changes = endpoint_changes(ANA, after)

    assert changes.forgotten == {SMS, HOOK}
    assert changes.written == {PUSH: EndpointFacts(kind="apns"), EMAIL: PLAIN}
