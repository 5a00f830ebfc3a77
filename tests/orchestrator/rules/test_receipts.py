"""Receipts come early, late, fifty times and out of order, and always end in the same state."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.values import ReceiptKind
from notifications.rules.states import LEGAL, DeliveryState
from orchestrator.rules.receipts import PROVES, hear

KINDS: tuple[ReceiptKind, ...] = get_args(ReceiptKind)
D = DeliveryState


def end_of(state: DeliveryState, kinds: list[ReceiptKind]) -> DeliveryState:
    for kind in kinds:
        for moved in hear(state, kind).path:
            assert moved in LEGAL[state]
            state = moved
    return state


@pytest.mark.parametrize(
    ("state", "kind", "path"),
    [
        (D.SENT, "delivered", (D.DELIVERED,)),
        (D.SENT, "accepted", ()),
        (D.SENT, "bounced", (D.BOUNCED,)),
        (D.SENT, "failed", (D.BOUNCED,)),
        (D.DELIVERED, "failed", (D.BOUNCED,)),
        (D.FAILED, "delivered", ()),
        (D.DELIVERED, "bounced", (D.BOUNCED,)),
        (D.DELIVERED, "delivered", ()),
        (D.BOUNCED, "delivered", ()),
        (D.UNKNOWN, "delivered", (D.SENT, D.DELIVERED)),
        (D.PENDING, "accepted", (D.SENT,)),
        (D.CLAIMED, "bounced", (D.SENT, D.BOUNCED)),
        (D.DEAD, "delivered", (D.SENT, D.DELIVERED)),
        (D.CANCELLED, "delivered", ()),
        (D.SENT, "opened", (D.DELIVERED,)),
    ],
)
def test_a_receipt_moves_a_delivery_as_far_as_it_proves(
    state: DeliveryState, kind: ReceiptKind, path: tuple[DeliveryState, ...]
) -> None:
    assert hear(state, kind).path == path


def test_every_kind_of_receipt_proves_something() -> None:
    assert set(PROVES) == set(KINDS)


@given(state=st.sampled_from(list(D)), kinds=st.lists(st.sampled_from(KINDS)))
def test_no_receipts_lead_to_an_illegal_move(state: DeliveryState, kinds: list[ReceiptKind]) -> None:
    assert end_of(state, kinds) in D


@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=1),
    seed=st.randoms(),
    repeats=st.integers(1, 5),
)
def test_any_order_and_any_number_of_receipts_ends_the_same(
    kinds: list[ReceiptKind], seed: object, repeats: int
) -> None:
    shuffled = kinds * repeats
    seed.shuffle(shuffled)  # type: ignore[attr-defined]

    assert end_of(D.SENT, shuffled) == end_of(D.SENT, kinds)
