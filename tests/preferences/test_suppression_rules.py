"""Whom not to reach: which suppression binds what, and under which code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preferences.rules import Ban, Reason, barred, scope_of

BOUNCED, COMPLAINED, STOPPED = Ban(Reason.HARD_BOUNCE), Ban(Reason.COMPLAINT), Ban(Reason.STOP)
LEFT_MARKETING = Ban(Reason.UNSUBSCRIBE, "category:marketing")
LEFT_TYPE = Ban(Reason.UNSUBSCRIBE, "type:digest")
LEFT_ALL = Ban(Reason.UNSUBSCRIBE)

CASES = [
    pytest.param([], "marketing", "digest", None, id="nothing is known"),
    pytest.param([BOUNCED], "security", "password", "suppressed", id="a dead address is dead for passwords too"),
    pytest.param([Ban(Reason.MANUAL)], "security", "", "suppressed", id="by hand"),
    pytest.param([COMPLAINED], "security", "", "suppressed", id="a complaint holds for everything"),
    pytest.param([STOPPED], "security", "", "unsubscribed", id="stop holds for everything"),
    pytest.param([LEFT_MARKETING], "marketing", "sale", "unsubscribed", id="its category"),
    pytest.param([LEFT_MARKETING], "orders", "sale", None, id="another category"),
    pytest.param([LEFT_MARKETING], "", "marketing", None, id="a type of that name"),
    pytest.param([LEFT_TYPE], "", "digest", "unsubscribed", id="its type"),
    pytest.param([LEFT_TYPE], "", "sale", None, id="another type"),
    pytest.param([LEFT_ALL], "orders", "shipped", "unsubscribed", id="everything"),
    pytest.param([LEFT_ALL], "security", "password", None, id="everything but what is required"),
    pytest.param([BOUNCED, LEFT_ALL], "orders", "", "unsubscribed", id="the person's word comes first"),
    pytest.param([LEFT_MARKETING, BOUNCED], "orders", "", "suppressed", id="the one that binds"),
]


@pytest.mark.parametrize(("bans", "category", "type", "code"), CASES)
def test_what_binds(bans: list[Ban], category: str, type: str, code: str | None) -> None:
    found = barred(bans, category=category, type=type)

    assert (found.code if found else None) == code


@given(bans=st.permutations([BOUNCED, COMPLAINED, STOPPED, LEFT_MARKETING, LEFT_ALL, Ban(Reason.MANUAL)]))
def test_the_order_in_which_they_are_known_does_not_matter(bans: list[Ban]) -> None:
    assert barred(bans, category="marketing") == COMPLAINED


@given(
    bans=st.lists(st.sampled_from([BOUNCED, COMPLAINED, STOPPED, LEFT_MARKETING, LEFT_TYPE, LEFT_ALL])),
    more=st.sampled_from([BOUNCED, COMPLAINED, STOPPED, LEFT_MARKETING, LEFT_TYPE, LEFT_ALL]),
    category=st.sampled_from(["", "marketing", "security"]),
)
def test_one_suppression_more_never_lets_anything_through(bans: list[Ban], more: Ban, category: str) -> None:
    if barred(bans, category=category, type="digest"):
        assert barred([*bans, more], category=category, type="digest")


def test_who_unsubscribes_leaves_the_category_else_the_type() -> None:
    assert scope_of(category="marketing", type="sale") == "category:marketing"
    assert scope_of(category="", type="sale") == "type:sale"
    assert scope_of(category="", type="") == ""
