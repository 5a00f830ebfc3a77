"""What of a `traceparent` is believed, and what goes on from it."""

import pytest

from kernel import trace

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN_ID = "00f067aa0ba902b7"


def test_a_valid_header_goes_on_with_a_span_of_our_own() -> None:
    found = trace.continued(f"00-{TRACE_ID}-{SPAN_ID}-01", request_id="r1")

    assert (found.trace_id, found.sampled, found.request_id) == (TRACE_ID, True, "r1")
    assert found.span_id != SPAN_ID
    assert found.traceparent == f"00-{TRACE_ID}-{found.span_id}-01"


def test_a_caller_that_does_not_sample_is_heeded() -> None:
    assert not trace.continued(f"00-{TRACE_ID}-{SPAN_ID}-00").sampled


def test_a_later_version_may_carry_more() -> None:
    assert trace.continued(f"01-{TRACE_ID}-{SPAN_ID}-01-more").trace_id == TRACE_ID


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="absent"),
        pytest.param("hello", id="not a header"),
        pytest.param(f"ff-{TRACE_ID}-{SPAN_ID}-01", id="forbidden version"),
        pytest.param(f"00-{'0' * 32}-{SPAN_ID}-01", id="trace id of zeros"),
        pytest.param(f"00-{TRACE_ID}-{'0' * 16}-01", id="span id of zeros"),
        pytest.param(f"00-{TRACE_ID.upper()}-{SPAN_ID}-01", id="upper case"),
        pytest.param(f"00-{TRACE_ID}-{SPAN_ID}-01-more", id="version 00 with more"),
        pytest.param(f"01-{TRACE_ID}-{SPAN_ID}-01more", id="later version without the dash"),
        pytest.param(f"00-{TRACE_ID}-{SPAN_ID}-01\n", id="line end"),
        pytest.param(f"00-{TRACE_ID[:-1]}-{SPAN_ID}-01", id="too short"),
    ],
)
def test_anything_else_begins_a_new_journey(header: str) -> None:
    found = trace.continued(header)

    assert found.trace_id != TRACE_ID
    assert len(found.trace_id) == 32
    assert len(found.span_id) == 16
    assert not found.sampled


def test_the_current_trace_is_that_of_the_innermost_block() -> None:
    outer, inner = trace.fresh(), trace.fresh()

    assert trace.current() is None
    with trace.entered(outer):
        with trace.entered(inner):
            assert trace.current() is inner
        assert trace.current() is outer
    assert trace.current() is None


def test_providers_are_told_the_running_span_of_a_tracing_library_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "_running_span", trace._running_span)
    mine = trace.fresh()

    assert trace.provider_traceparent() == ""
    with trace.entered(mine):
        assert trace.provider_traceparent() == mine.traceparent
        trace.ask_for_running_span(lambda: "00-span-of-the-library")
        assert trace.provider_traceparent() == "00-span-of-the-library"
