"""P9: webhooks to a server that takes its time."""

from collections.abc import Sequence
from typing import Any

from channels_app.providers.http_webhook import HttpWebhook
from config.bench.arena import HOOK_SECONDS
from config.bench.campaign import ACCEPTED_MS, FULL, RATE, Campaign, Road
from config.bench.letter import attributes
from config.bench.stack import BULK_PROCESSES
from config.bench.values import CARILLON, Contender, Goal, Measure, Turn
from config.bench.workload import Workload, workloads

IN_FLIGHT = BULK_PROCESSES * HttpWebhook.capabilities.concurrency
SHARE = Measure("share", f"of {IN_FLIGHT} in flight ÷ latency", "")
CONTENT = {"webhook": {"body": {"order": "{{ recipient.attributes.order }}", "total": "{{ total }}"}}}


@workloads.register
class HttpWithLatency(Workload):
    key = "P9"
    title = f"One notification to {{size:,}} webhooks on a server that answers after {HOOK_SECONDS * 1000:.0f} ms"
    measures = (RATE, SHARE, ACCEPTED_MS)
    goals = (Goal("P9", "share", floor=0.45, goal=0.62),)
    conditions = (
        *FULL,
        "signed by Standard Webhooks, connections kept, egress rules on with the sink as exception",
    )

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=20_000, quick=2_000)
        host, port = self.arena.hook_sink.address

        def subscriber(number: int) -> dict[str, Any]:
            webhook = {"channel": "webhook", "address": f"http://{host}:{port}/hooks/{number}"}
            return {"id": f"subscriber-{number}", "attributes": attributes(number), "endpoints": [webhook]}

        road = Road("webhook", CONTENT, subscriber)
        campaign = Campaign(self.arena, tenant="hook", sink=self.arena.hook_sink, road=road)
        campaign.prepare(size)
        return (Contender(CARILLON, campaign.about, size, lambda size: _with_share(campaign.send(size))),)


def _with_share(turn: Turn) -> Turn:
    if "rate" not in turn.figures:
        return turn
    share = turn.figures["rate"] * HOOK_SECONDS / IN_FLIGHT
    return Turn(turn.size, {**turn.figures, "share": share}, turn.troubles)
