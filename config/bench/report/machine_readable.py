"""The report for programs: one JSON object."""

import json
from dataclasses import asdict
from typing import Any

from config.bench.report.session import Session
from config.bench.values import Result


def written(session: Session) -> str:
    """Everything that was found, with every single turn."""
    return json.dumps(
        {
            "at": session.at.isoformat(),
            "command": session.command,
            "repeats": session.repeats,
            "caveat": session.caveat,
            "facts": dict(session.facts),
            "sound": session.sound,
            "profile": [asdict(spent) for spent in session.profile],
            "workloads": [_workload(result) for result in session.results],
        },
        indent=2,
        ensure_ascii=False,
    )


def _workload(result: Result) -> dict[str, Any]:
    return {
        "id": result.id,
        "title": result.title,
        "seconds": round(result.seconds, 1),
        "conditions": list(result.conditions),
        "troubles": list(result.troubles),
        "notes": list(result.notes),
        "measures": {measure.key: {"words": measure.words, "unit": measure.unit} for measure in result.measures},
        "contenders": [
            {
                "name": tally.name,
                "about": tally.about,
                "size": tally.size,
                "absent": tally.absent,
                "troubles": list(tally.troubles),
                "figures": {
                    key: {"median": figure.median, "low": figure.low, "high": figure.high, "turns": figure.values}
                    for key, figure in tally.figures.items()
                },
            }
            for tally in result.tallies
        ],
        "goals": [
            {
                "id": verdict.goal.id,
                "what": verdict.words,
                "value": verdict.value,
                "floor": verdict.goal.floor,
                "goal": verdict.goal.goal,
                "at_most": verdict.goal.at_most,
                "standing": verdict.standing,
            }
            for verdict in result.verdicts
        ],
    }
