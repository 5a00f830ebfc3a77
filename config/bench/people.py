"""The people whom Carillon writes to: made once by its API, kept on a list, used by every turn."""

from collections.abc import Callable
from typing import Any

from config.bench.client import PAGE, Api

Describe = Callable[[int], dict[str, Any]]


def list_of(api: Api, key: str, *, size: int, describe: Describe) -> str:
    """A segment of the people numbered 0 to `size` - 1; its key."""
    api("PUT", f"/segments/{key}", {"name": f"{size:,} people"})
    for start in range(0, size, PAGE):
        people = [describe(number) for number in range(start, min(start + PAGE, size))]
        api("POST", "/recipients/bulk", {"recipients": people})
        api("POST", f"/segments/{key}/members", {"add": [person["id"] for person in people]})
    return key
