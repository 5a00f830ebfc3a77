"""Figures looked up when somebody asks for the metrics: queue depths, ages, sizes. Upper floors register them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kernel.registry import Registry

Reading = tuple[tuple[str, ...], float]  # the values of the labels, and the figure
Read = Callable[[], Iterable[Reading]]


@dataclass(frozen=True, slots=True)
class GaugeSource:
    """One gauge. `read` may look into the database; it has about a second and may raise when it cannot say."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    read: Read

    @property
    def key(self) -> str:
        return self.name


gauge_sources: Registry[GaugeSource] = Registry("gauge")


def gauge_source(name: str, *, meaning: str, labels: tuple[str, ...] = ()) -> Callable[[Read], Read]:
    """Register the decorated function as the source of gauge `name`. Labels are closed lists, never ids."""

    def register(read: Read) -> Read:
        gauge_sources.register(GaugeSource(name=name, meaning=meaning, labels=labels, read=read))
        return read

    return register
