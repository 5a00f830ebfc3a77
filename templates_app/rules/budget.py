"""What a template may cost. Counted, not timed, so that the same template ends the same way on every machine.

A unit of fuel is a step of about a microsecond or less; the hostile corpus of the tests keeps the sums honest:
every payload ends within 300 ms and 50 MB.
"""

from typing import Any

SOURCE_CHARS = 128 * 1024
OUTPUT_CHARS = 512 * 1024
VALUE_CHARS = 64 * 1024  # of one value that filters work on, or that is kept in a variable
LOCALS_BYTES = 1024 * 1024  # of all variables of one template
FUEL = 120_000
CHARS_PER_UNIT = 32
ITEM_CHARS = 8  # what an item of a list counts, beside its own size
NUMBER_BITS = 256  # of whole numbers


def weigh(value: Any) -> int:
    """How much a value is, in characters: texts, and lists and objects with all they hold. Stops beyond the limit."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple | dict):
        total = 0
        waiting: list[Any] = [value]
        while waiting and total <= VALUE_CHARS:
            found = waiting.pop()
            if isinstance(found, str):
                total += len(found)
            elif isinstance(found, dict):
                total += ITEM_CHARS * len(found) + sum(map(len, found))
                waiting.extend(found.values())
            elif isinstance(found, list | tuple):
                total += ITEM_CHARS * len(found)
                waiting.extend(found)
        return total
    return 1
