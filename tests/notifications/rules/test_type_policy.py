"""A type's policy: what its shape takes, what is wrong beyond it, and how it is read back."""

import msgspec
import pytest

from notifications.rules.policy import (
    NO_POLICY,
    CapsPolicy,
    DigestPolicy,
    DigestWindow,
    KeyPart,
    SendingWindow,
    TypePolicy,
    policy_in,
    policy_troubles,
)

CHANNELS = ("email", "sms")
DIGEST = DigestPolicy(name="daily")


def test_a_policy_is_kept_without_its_defaults_and_read_back_the_same() -> None:
    policy = TypePolicy(digests=(DIGEST,), caps=(CapsPolicy(day=3, over="digest"),), windows=(SendingWindow(),))

    assert msgspec.to_builtins(NO_POLICY) == {}
    assert policy_in(msgspec.to_builtins(policy)) == policy
    assert list(policy_troubles(policy, known_channels=CHANNELS)) == []


@pytest.mark.parametrize("key", ["project.id", ["project.id", {"path": "made_at", "as": "week", "default": "none"}]])
def test_a_digest_is_keyed_by_one_path_or_by_several_parts(key: object) -> None:
    stored = {"digests": [{"key": key}]}

    assert msgspec.json.decode(msgspec.json.encode(policy_in(stored))) == stored


def test_a_part_that_a_later_version_wrote_is_left_out() -> None:
    assert policy_in({"quiet": "skip", "moon": {"phase": "full"}}) == TypePolicy(quiet="skip")


@pytest.mark.parametrize(
    ("policy", "pointer", "code"),
    [
        (TypePolicy(digests=(DIGEST, DIGEST)), "/digests/1/name", "duplicate"),
        (TypePolicy(digests=(DigestPolicy(channels=("fax",)),)), "/digests/0/channels/0", "unknown_channel"),
        (
            TypePolicy(digests=(DigestPolicy(window=DigestWindow(mode="sliding", seconds=60, max_seconds=30)),)),
            "/digests/0/window/max_seconds",
            "contradiction",
        ),
        (TypePolicy(digests=(DigestPolicy(min_items=5, max_items=4),)), "/digests/0/min_items", "contradiction"),
        (TypePolicy(digests=(DigestPolicy(key=("a", KeyPart(path="a"))),)), "/digests/0/key/1", "duplicate"),
        (
            TypePolicy(digests=(DigestPolicy(key=(KeyPart(path="a", default="\n"),)),)),
            "/digests/0/key/0/default",
            "bad_value",
        ),
        (TypePolicy(caps=(CapsPolicy(),)), "/caps/0", "required"),
        (TypePolicy(caps=(CapsPolicy(day=1, over="digest"),)), "/caps/0/over", "contradiction"),
        (TypePolicy(windows=(SendingWindow(begins="09:00", ends="09:00"),)), "/windows/0", "empty_window"),
    ],
)
def test_what_contradicts_itself_is_pointed_at(policy: TypePolicy, pointer: str, code: str) -> None:
    ((at, found, message),) = policy_troubles(policy, known_channels=CHANNELS)

    assert (at, found) == (pointer, code)
    assert message
