"""S4: what it costs that strangers' templates are filled in by a child, when no two messages are alike."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from statistics import median

from config.bench.values import CARILLON, Contender, Goal, Measure, Turn
from config.bench.workload import Workload, workloads
from kernel.clock import monotonic
from templates_app.catalogue import shapes
from templates_app.rendering import render_jobs
from templates_app.rules.making import Made, make
from templates_app.rules.showing import PERSON, context_of
from templates_app.starter.folder import read_layouts, read_shelf, read_templates
from templates_app.values import Job, RenderError

TEMPLATE = "order_confirmation"
BATCH = 50  # as workers send
AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HERE = "Carillon, platform's words"


@workloads.register
class DistinctRenders(Workload):
    key = "S4"
    title = "{size:,} distinct mails of the starter set's order confirmation, filled in and not sent"
    measures = (
        Measure("rate", "filled in", "/s"),
        Measure("each", "each, median of batches", "µs"),
        Measure("more", "more than in the worker itself, each", "µs"),
    )
    goals = (Goal("S4", "more", floor=100, goal=50, at_most=True),)
    conditions = (f"batches of {BATCH}", "subject, page in the shared layout, and text; every mail has its own data")

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=10_000, quick=2_000)
        self._made = _made()
        return (
            Contender(CARILLON, "a tenant wrote it: a render child", size, partial(self._turn, trusted=False)),
            Contender(HERE, "the platform wrote it: the worker itself", size, partial(self._turn, trusted=True)),
        )

    def troubles(self) -> Sequence[str]:
        """Nothing was accepted, so there is no ledger to balance."""
        return ()

    def _turn(self, size: int, *, trusted: bool) -> Turn:
        seconds, errors = _filled_in(self._made, size, trusted=trusted)
        figures = {"rate": size / sum(seconds), "each": median(seconds) / BATCH * 1e6}
        if not trusted:
            here, _ = _filled_in(self._made, min(size, 20 * BATCH), trusted=True)  # at the same hour
            figures["more"] = figures["each"] - median(here) / BATCH * 1e6
        return Turn(size, figures, (f"{errors} of {size} could not be filled in",) if errors else ())


def _made() -> Made:
    """The template as publishing makes it ready."""
    written = next(one for one in read_templates() if one.key == TEMPLATE)
    layout = next(one.source for one in read_layouts() if one.key == written.source.layout)
    return make(written.source, shapes=shapes(), layout=layout, catalogue={}, default_locale="en", shelf=read_shelf())


def _filled_in(made: Made, size: int, *, trusted: bool) -> tuple[list[float], int]:
    """Seconds per batch, and how many failed."""
    seconds: list[float] = []
    errors = 0
    for batch in _batches(made, size, trusted=trusted):
        began = monotonic()
        found = render_jobs(batch)
        seconds.append(monotonic() - began)
        errors += sum(isinstance(one, RenderError) for one in found)
    return seconds, errors


def _batches(made: Made, size: int, *, trusted: bool) -> Iterator[list[Job]]:
    compiled = made.compiled()
    content = next(piece.ready for piece in made.pieces if piece.channel == "email" and not piece.locale)
    for first in range(0, size, BATCH):
        yield [
            Job(
                "email",
                content,
                context_of(
                    compiled,
                    locale="",
                    data={**made.source.example_data, "order_id": f"B-{number}", "total": number / 7},
                    person={**PERSON, "id": f"user-{number}"},
                    brand={"name": "Acme"},
                    at=AT,
                ),
                trusted=trusted,
            )
            for number in range(first, min(first + BATCH, size))
        ]
