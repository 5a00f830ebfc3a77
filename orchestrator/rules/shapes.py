"""What many rows have in common is written once."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

T = TypeVar("T")


def in_shapes(items: Iterable[T], shape_of: Callable[[T], Hashable]) -> tuple[list[T], list[int]]:
    """One item of each shape, and for every item the number of its shape; PostgreSQL counts from one."""
    known: dict[Hashable, int] = {}
    shapes: list[T] = []
    numbers = []
    for item in items:
        shape = shape_of(item)
        number = known.get(shape)
        if number is None:
            shapes.append(item)
            number = known[shape] = len(shapes)
        numbers.append(number)
    return shapes, numbers
