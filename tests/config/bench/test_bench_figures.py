"""The arithmetic of the benchmark."""

import pytest

from config.bench.figures import Figure, percentile, ratio
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
    ("value", "words"),
    [(24123.4, "24,123"), (120.04, "120"), (17.62, "17.6"), (8.254, "8.25"), (0.0412, "0.041"), (0.0, "0.00")],
)
def test_numbers_are_said_with_the_digits_that_mean_something(value: float, words: str) -> None:
    assert number_words(value) == words
