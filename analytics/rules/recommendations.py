"""What could be done better, said only where the numbers are beyond doubt: pure.

| Code                    | Said when                                                                                 |
|-------------------------|-------------------------------------------------------------------------------------------|
| `channel_bounces`       | more than 5 % of what was sent on a channel comes back                                    |
| `channel_fails`         | more than 5 % of what was tried on a channel is never taken                               |
| `type_complaints`       | more than 0.1 % of a type's messages on a channel are called spam                         |
| `type_unsubscribes`     | more than 0.5 % of a type's messages on a channel make people leave                       |
| `cheaper_channel_first` | on a channel at half the price a type is engaged with no less, by at most two points      |

"More than" is the lower end of the 95 % interval. Nothing is said of fewer messages than the rule's minimum. Who gets a
type on which channel was not left to chance, so that a cheaper channel does as well is a reason to try: only an
experiment tells.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

from analytics.values import Figures
from orchestrator.rules.comparing import Share, compared, wilson

HALF = 0.5
POINTS = 0.02  # of engagement that a cheaper channel may do worse by, at the worst
ENGAGEMENTS = ("clicked", "opened")  # the one that proves more first

Cells = Mapping[tuple[str, str], Figures]  # by type and channel


@dataclass(frozen=True, slots=True)
class Evidence:
    """A share of the messages of a channel, with its 95 % interval (Wilson)."""

    what: str
    channel: str
    count: int
    of: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        return self.count / self.of


@dataclass(frozen=True, slots=True)
class Saving:
    """What the dearer messages were charged beyond what the cheaper ones would have been, in millionths."""

    currency: str
    micros: int


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`threshold` is the rate that the interval lies beyond; with a `saving` what the difference is within."""

    code: str
    channel: str
    type: str | None
    says: str
    evidence: tuple[Evidence, ...]
    threshold: float
    minimum: int
    saving: Saving | None = None


@dataclass(frozen=True, slots=True)
class _TooMany:
    """A rule on how much of something is too much."""

    code: str
    counted: tuple[str, ...]
    of: tuple[str, ...]
    threshold: float
    minimum: int
    says: str


# Amazon SES puts accounts under review from 5 % bounces on (docs.aws.amazon.com/ses/latest/dg/faqs-enforcement.html,
# read 2026-11); Gmail wants spam below 0.1 % (support.google.com/a/answer/81126, read 2026-11). The others are ours.
_OF_CHANNELS = (
    _TooMany("channel_bounces", ("bounced",), ("sent",), 0.05, 200,
             "Many messages on {channel} come back: look at where the addresses come from."),
    _TooMany("channel_fails", ("failed", "dead"), ("sent", "failed", "dead"), 0.05, 200,
             "Providers refuse many messages on {channel}: look at its accounts and dead letters."),
)  # fmt: skip
_OF_TYPES = (
    _TooMany("type_complaints", ("complained",), ("sent",), 0.001, 1000,
             "People call {type} on {channel} spam: send it less often, or only to those who asked for it."),
    _TooMany("type_unsubscribes", ("unsubscribed",), ("sent",), 0.005, 500,
             "{type} on {channel} makes people leave: send it less often, as a digest, or in the inbox alone."),
)  # fmt: skip
CHEAPER_MINIMUM = 200  # messages on each of the two channels


def recommendations(cells: Cells) -> list[Recommendation]:
    """What there is to say of a tenant's messages of some time; nothing where there are too few."""
    return [*_of_channels(cells), *_of_types(cells), *_cheaper(cells)]


def _of_channels(cells: Cells) -> Iterator[Recommendation]:
    channels: dict[str, Figures] = defaultdict(Figures)
    for (_, channel), figures in sorted(cells.items()):
        channels[channel].add(figures)
    for channel, figures in channels.items():
        for rule in _OF_CHANNELS:
            yield from _too_many(rule, figures, channel=channel, type=None)


def _of_types(cells: Cells) -> Iterator[Recommendation]:
    for (type, channel), figures in sorted(cells.items()):
        for rule in _OF_TYPES:
            yield from _too_many(rule, figures, channel=channel, type=type)


def _too_many(rule: _TooMany, figures: Figures, *, channel: str, type: str | None) -> Iterator[Recommendation]:
    count, of = sum(map(figures.number, rule.counted)), sum(map(figures.number, rule.of))
    if of < rule.minimum or count > of:
        return
    found = _evidence(" + ".join(rule.counted), channel, count, of)
    if found.low > rule.threshold:
        says = rule.says.format(channel=channel, type=_named(type))
        yield Recommendation(rule.code, channel, type, says, (found,), rule.threshold, rule.minimum)


def _cheaper(cells: Cells) -> Iterator[Recommendation]:
    types: dict[str, dict[str, Figures]] = defaultdict(dict)
    for (type, channel), figures in sorted(cells.items()):
        if figures.number("sent") >= CHEAPER_MINIMUM:
            types[type][channel] = figures
    for type, channels in types.items():
        for dear, cheap in permutations(channels, 2):
            saving = _saving(channels[dear], channels[cheap])
            outcome = _engagement(channels[dear], channels[cheap])
            if saving is None or outcome is None:
                continue
            evidence = tuple(
                _evidence(outcome, name, channels[name].number(outcome), channels[name].number("sent"))
                for name in (cheap, dear)
            )
            theirs, ours = (Share(one.count, one.of) for one in evidence)
            if compared(ours, theirs).low >= -POINTS:
                says = (
                    f"{_named(type)} is engaged with on {cheap} as much as on {dear}, for half the price or less: "
                    f"try {cheap} first, as an experiment."
                )
                yield Recommendation(
                    "cheaper_channel_first", cheap, type, says, evidence, POINTS, CHEAPER_MINIMUM, saving
                )


def _saving(dear: Figures, cheap: Figures) -> Saving | None:
    """`None` unless both are charged in one and the same currency, and the cheap one at most half as much."""
    if len(dear.costs) != 1 or dear.costs.keys() != cheap.costs.keys():
        return None
    ((currency, theirs),) = dear.costs.items()
    ours = cheap.costs[currency]
    if ours.micros / ours.messages > HALF * theirs.micros / theirs.messages:
        return None
    return Saving(currency, theirs.micros - theirs.messages * ours.micros // ours.messages)


def _engagement(*both: Figures) -> str | None:
    """What both channels tell of: where one tells nothing, there is nothing to compare. More than sent is of before."""
    for outcome in ENGAGEMENTS:
        if all(0 < figures.number(outcome) <= figures.number("sent") for figures in both):
            return outcome
    return None


def _evidence(what: str, channel: str, count: int, of: int) -> Evidence:
    low, high = wilson(Share(count, of))
    return Evidence(what, channel, count, of, low, high)


def _named(type: str | None) -> str:
    return f"'{type}'" if type else "what has no type"
