"""`manage.py backtest`: what a change would have done to recorded traffic."""

import json
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from kernel.clock import now
from orchestrator.api.backtest_shapes import BacktestShown, SideShown, backtest_shown
from orchestrator.rules.backtest import Change
from orchestrator.rules.situation import StrategyFacts
from orchestrator.rules.strategy import BadConfiguration, strategies
from orchestrator.services.backtesting import backtest
from tenants.models import Tenant
from tenants.scope import tenant_scope


class Command(BaseCommand):
    help = "Take recorded decisions again under a changed strategy or changed default preferences; changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="key of the tenant whose traffic it is")
        parser.add_argument("--strategy", default="", help="key of the strategy that is changed (all, unless given)")
        parser.add_argument("--kind", default="", help="what it becomes: a registered kind")
        parser.add_argument("--configuration", type=Path, help="JSON file with its configuration (its defaults)")
        parser.add_argument("--defaults", type=Path, help="JSON file with the tenant's default preferences to try")
        parser.add_argument("--type", default="", help="only notifications of this type")
        parser.add_argument("--days", type=int, default=30, help="how far to go back (30)")
        parser.add_argument("--most", type=int, default=1_000_000, help="decisions to look at (1,000,000)")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *, tenant: str, days: int, most: int, as_json: bool, **asked: Any) -> None:
        """Raises `CommandError` for a tenant, strategy or file that will not do."""
        whose = Tenant.objects.filter(key=tenant).first()
        if whose is None:
            raise CommandError(
                f"no tenant '{tenant}'; known: {', '.join(Tenant.objects.values_list('key', flat=True))}"
            )
        change = _change(**{name: asked[name] for name in ("strategy", "kind", "configuration", "defaults")})
        console = Console(stderr=True)
        with tenant_scope(whose.id), Progress(console=console, disable=not console.is_terminal) as progress:
            bar = progress.add_task("deciding anew", total=None)
            found = backtest(
                change,
                tenant_id=whose.id,
                since=now() - timedelta(days=days),
                most=most,
                type=asked["type"],
                progress=lambda decisions: progress.update(bar, completed=decisions),
            )
            shown = backtest_shown(found)
        if as_json:
            self.stdout.write(msgspec.json.encode(shown).decode())
        else:
            _print(shown, Console(file=cast(IO[str], self.stdout)))


def _change(*, strategy: str, kind: str, configuration: Path | None, defaults: Path | None) -> Change:
    if not kind and defaults is None:
        raise CommandError("say what is to be tried: --kind with a strategy, --defaults with preferences, or both")
    return Change(
        strategy=_strategy(strategy, kind, configuration) if kind else None,
        everywhere=not strategy,
        defaults=_read(defaults) if defaults else None,
    )


def _strategy(key: str, kind: str, configuration: Path | None) -> StrategyFacts:
    if kind not in strategies:
        raise CommandError(f"no kind of strategy '{kind}'; known: {', '.join(strategies.keys())}")
    chosen = _read(configuration) if configuration else dict(strategies.get(kind).defaults)
    try:
        strategies.get(kind).check(chosen)
    except BadConfiguration as error:
        raise CommandError(f"{configuration}: {error}") from error
    return StrategyFacts(key, kind, 0, chosen)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise CommandError(f"{path} holds no JSON object")
    return found


def _print(shown: BacktestShown, console: Console) -> None:
    more = "" if shown.complete else ", the newest; there are more"
    console.print(
        f"{shown.decisions:,} decisions looked at{more}; {shown.concerned:,} are about the change, "
        f"{shown.changed:,} would have come out differently"
    )
    table = Table("", "before", "after")
    for name, of in _ROWS:
        table.add_row(name, of(shown.before), of(shown.after))
    console.print(table)
    console.print(f"gained: {_counts(shown.gained)}; lost: {_counts(shown.lost)}")
    for example in shown.examples:
        before, after = (" → ".join(side) or "nothing" for side in (example.before, example.after))
        console.print(f"  {example.recipient or 'erased'} ({example.notification}): {before}, then {after}")


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in sorted(found.items())) or "none"


def _cost(side: SideShown) -> str:
    return f"{side.cost_micros.least / 1_000_000:,.2f} to {side.cost_micros.most / 1_000_000:,.2f}"


_ROWS = (
    ("recipients reached", lambda side: f"{side.recipients_reached:,}"),
    ("messages sent whatever happens", lambda side: _counts(side.first)),
    ("messages if those are not enough", lambda side: _counts(side.later)),
    ("skipped", lambda side: _counts(side.skipped)),
    ("waiting, mean seconds", lambda side: f"{side.waiting:,}, {side.mean_wait_seconds:,.0f}"),
    ("cost", _cost),
)
