"""When words that cannot be filled in are taken for broken."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from templates_app.rules.spikes import Spikes

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("seen", "spike"),
    [
        pytest.param([(0, 10, 0)], True, id="enough at once"),
        pytest.param([(0, 5, 0), (0, 5, 1)], True, id="enough together"),
        pytest.param([(0, 9, 0)], False, id="too few"),
        pytest.param([(1, 50, 0)], False, id="one went well"),
        pytest.param([(0, 9, 0), (1, 0, 1), (0, 9, 2)], False, id="one went well in between"),
        pytest.param([(0, 9, 0), (0, 1, 61)], False, id="long ago"),
        pytest.param([(0, 0, 0)], False, id="nothing was tried"),
    ],
)
def test_a_spike(seen: list[tuple[int, int, int]], spike: bool) -> None:
    spikes = Spikes(least=10, window=timedelta(seconds=60))

    *_, last = [
        spikes.note(ONE, filled=filled, failed=failed, at=AT + timedelta(seconds=seconds))
        for filled, failed, seconds in seen
    ]

    assert last is spike


def test_versions_are_counted_apart_and_anew_after_a_spike() -> None:
    spikes = Spikes(least=10)
    spikes.note(ONE, filled=0, failed=9, at=AT)

    assert spikes.note(OTHER, filled=0, failed=9, at=AT) is False
    assert spikes.note(ONE, filled=0, failed=1, at=AT) is True
    assert spikes.note(ONE, filled=0, failed=1, at=AT) is False
