"""The report for people at a terminal, by rich."""

from rich.console import Console
from rich.table import Table

from config.bench.report.session import SYMBOLS, Session, bound_words, figure_words, number_words
from config.bench.values import Result

COLOURS = {"goal": "green", "floor": "yellow", "missed": "red", "unknown": "dim"}


def show(session: Session, console: Console) -> None:
    """Every workload with its contenders and goals; troubles in red."""
    for name, fact in session.facts.items():
        console.print(f"[dim]{name}:[/dim] {fact}", highlight=False)
    for result in session.results:
        console.print()
        console.print(_contenders(result))
        told = [*result.troubles, *(f"{tally.name}: {said}" for tally in result.tallies for said in tally.troubles)]
        for trouble in told:
            console.print(f"{result.id}: {trouble}", style="red", highlight=False, markup=False)
        if result.goals:
            console.print(_goals(result))
    if session.profile:
        console.print()
        console.print(_profile(session))
    console.print()
    if not session.sound:
        console.print("[red]not all of the work was done, so there is no verdict[/red]")
    elif session.caveat:
        console.print(session.caveat)


def _contenders(result: Result) -> Table:
    table = Table(title=f"{result.id}  {result.title}", title_justify="left", title_style="bold")
    table.add_column("contender")
    table.add_column("size", justify="right")
    for measure in result.measures:
        table.add_column(measure.words, justify="right")
    for tally in result.tallies:
        if tally.absent:
            table.add_row(tally.name, tally.absent)
            continue
        figures = [figure_words(tally.figures.get(measure.key), measure) for measure in result.measures]
        table.add_row(tally.name, f"{tally.size:,}", *figures)
    return table


def _goals(result: Result) -> Table:
    table = Table(show_edge=False)
    for heading in ("goal", "what", "found", "floor", "goal", ""):
        table.add_column(heading)
    for verdict in result.verdicts:
        found = "–" if verdict.value is None else number_words(verdict.value)
        colour = COLOURS[verdict.standing]
        standing = f"[{colour}]{SYMBOLS[verdict.standing]}[/{colour}]"
        table.add_row(verdict.goal.id, verdict.words, found, *bound_words(verdict), standing)
    return table


def _profile(session: Session) -> Table:
    table = Table(title="where the time of a worker goes", title_justify="left", title_style="bold")
    for heading in ("own", "with what it calls", "calls"):
        table.add_column(heading, justify="right")
    table.add_column("function", overflow="fold")
    for spent in session.profile:
        table.add_row(f"{spent.own:.1%}", f"{spent.within:.1%}", f"{spent.calls:,}", spent.where)
    return table
