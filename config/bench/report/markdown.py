"""The report that is kept: Markdown for `docs/benchmarks/`."""

from collections.abc import Iterator, Sequence

from config.bench.report.session import SYMBOLS, Session, bound_words, figure_words, number_words
from config.bench.values import Result


def written(session: Session) -> str:
    """The whole page."""
    return "\n".join(_lines(session)) + "\n"


def _lines(session: Session) -> Iterator[str]:
    yield f"# Benchmark of {session.at:%Y-%m-%d %H:%M} UTC"
    yield ""
    yield "Quote ratios within this run, not absolute figures: those belong to this machine and this hour."
    if session.caveat:
        yield session.caveat
    yield ""
    yield f"- command: `{session.command}`, {session.repeats} turns each, medians (least to most)"
    yield from (f"- {name}: {fact}" for name, fact in session.facts.items())
    for result in session.results:
        yield ""
        yield from _workload(result)
    if session.profile:
        yield ""
        yield "## Where the time of a worker goes"
        yield ""
        yield "One campaign, planned and sent by one process under cProfile, which makes small functions look dearer."
        yield ""
        yield from _table(("own", "with what it calls", "calls", "function"), _spent(session))


def _workload(result: Result) -> Iterator[str]:
    yield f"## {result.id}: {result.title}"
    yield ""
    yield from (f"- {condition}" for condition in result.conditions)
    yield from (f"- **{trouble}**" for trouble in result.troubles)
    yield ""
    yield from _table(("contender", "size", *(measure.words for measure in result.measures)), _rows(result))
    yield ""
    yield from (f"- {tally.name}: {tally.about}" for tally in result.tallies)
    yield from (f"- **{tally.name}: {trouble}**" for tally in result.tallies for trouble in tally.troubles)
    yield from (f"- {note}" for note in result.notes)
    if result.goals:
        yield ""
        yield from _table(("goal", "what", "found", "floor", "goal", ""), _verdicts(result))


def _rows(result: Result) -> Iterator[Sequence[str]]:
    for tally in result.tallies:
        if tally.absent:
            yield (tally.name, tally.absent, *("" for _ in result.measures))
        else:
            figures = (figure_words(tally.figures.get(measure.key), measure) for measure in result.measures)
            yield (tally.name, f"{tally.size:,}", *figures)


def _verdicts(result: Result) -> Iterator[Sequence[str]]:
    for verdict in result.verdicts:
        found = "–" if verdict.value is None else number_words(verdict.value)
        yield (verdict.goal.id, verdict.words, found, *bound_words(verdict), SYMBOLS[verdict.standing])


def _spent(session: Session) -> Iterator[Sequence[str]]:
    for spent in session.profile:
        yield f"{spent.own:.1%}", f"{spent.within:.1%}", f"{spent.calls:,}", f"`{spent.where}`"


def _table(heading: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield _row(heading)
    yield "|" + "---|" * len(heading)
    yield from (_row(row) for row in rows)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
