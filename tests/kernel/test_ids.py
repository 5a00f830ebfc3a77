"""Ids that carry their moment: whatever is derived from an id is found beside it, whoever made that id up."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import derived, id_range

ANY_ID = st.uuids() | st.sampled_from([UUID(int=0), UUID(int=(1 << 128) - 1)])


@given(st.lists(ANY_ID, min_size=1))
def test_everything_derived_lies_in_the_range(ids: list[UUID]) -> None:
    low, high = id_range(ids)

    assert all(low <= derived(id, "ana", "email") < high for id in ids)


def test_the_range_of_one_id_is_its_millisecond() -> None:
    id = UUID("019a0000-0001-7abc-8def-000000000001")

    assert id_range([id]) == (
        UUID("019a0000-0001-0000-0000-000000000000"),
        UUID("019a0000-0002-0000-0000-000000000000"),
    )


def test_the_range_of_no_ids_is_empty() -> None:
    low, high = id_range([])

    assert low == high
