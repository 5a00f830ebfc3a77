"""The arithmetic of the benchmark."""

import pytest

from config.bench.figures import Figure, back_after, calm_after, percentile, ratio
from config.bench.report.session import number_words


def test_a_figure_is_the_median_between_its_least_and_its_most() -> None:
    figure = Figure((30.0, 10.0, 20.0))

    assert (figure.low, figure.median, figure.high) == (10.0, 20.0, 30.0)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        (range(1, 101), 0.50, 50),
        (range(1, 101), 0.95, 95),
        (range(1, 101), 0.99, 99),
        (range(1, 101), 1.0, 100),
        ([3.0, 1.0, 2.0], 0.50, 2.0),
        ([7.0], 0.99, 7.0),
        ([1.0, 2.0], 0.0, 1.0),
    ],
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    values: list[float], share: float, expected: float
) -> None:
    assert percentile(list(values), share) == expected


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_nothing_is_compared_with_an_anchor_of_nothing() -> None:
    assert ratio(5.0, 2.0) == 2.5
    assert ratio(5.0, 0.0) is None


@pytest.mark.parametrize(
    ("moments", "back"),
    [
        ([-1.0, -0.5, 3.0, 3.1, 3.2, 3.3], 3.3),  # four in less than a second
        ([-0.2, -0.1, 0.0, 0.9, 5.0], None),  # what came before does not count
        ([1.0, 2.0, 3.0, 3.2, 3.4, 3.9], 3.9),  # slowly at first
        ([1.0, 2.0, 3.0, 4.0, 5.0], None),
        ([], None),
    ],
)
def test_it_is_back_at_the_end_of_the_first_second_with_enough_in_it(moments: list[float], back: float | None) -> None:
    assert back_after(moments, rate=4, window=1.0) == back


@pytest.mark.parametrize(
    ("waited", "calm"),
    [
        ([(0.0, 0.1), (5.0, 9.0), (11.0, 3.0), (13.5, 1.5), (14.0, 0.2), (15.0, 0.1)], 3.5),
        ([(13.5, 1.5), (15.0, 0.1), (11.0, 3.0)], 3.5),  # in any order
        ([(5.0, 9.0), (11.0, 1.0), (12.0, 0.5)], 0.0),  # slow only while it lasted; the limit itself is calm
        ([(11.0, 3.0), (12.0, 2.0)], None),
    ],
)
def test_it_is_calm_after_the_last_arrival_that_waited_too_long(
    waited: list[tuple[float, float]], calm: float | None
) -> None:
    assert calm_after(waited, end=10.0, limit=1.0) == calm


def test_without_arrivals_nobody_knows_whether_it_is_calm() -> None:
    with pytest.raises(ValueError, match="nothing arrived"):
        calm_after([], end=10.0, limit=1.0)


@pytest.mark.parametrize(
    ("value", "words"),
    [(24123.4, "24,123"), (120.04, "120"), (17.62, "17.6"), (8.254, "8.25"), (0.0412, "0.041"), (0.0, "0.00")],
)
def test_numbers_are_said_with_the_digits_that_mean_something(value: float, words: str) -> None:
    assert number_words(value) == words
