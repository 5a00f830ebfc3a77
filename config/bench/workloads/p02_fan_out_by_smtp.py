"""P2: the same fan-out, as real mails to a mail server."""

from collections.abc import Sequence

from config.bench.bare.contender import Bare
from config.bench.campaign import ACCEPTED_MS, FIRST_MS, FULL, RATE, Campaign
from config.bench.naive.contender import Naive
from config.bench.post_office.contender import ABSENT, SENDING, PostOffice
from config.bench.sinks.alone import SinkAlone
from config.bench.values import CARILLON, Contender, Goal
from config.bench.workload import Workload, workloads

NAIVE_SHARE, OFFICE_SHARE = 50, 10  # of the work: their rates do not depend on how much there is


@workloads.register
class FanOutBySmtp(Workload):
    key = "P2"
    title = "One notification to {size:,} recipients by e-mail to an SMTP sink, accepted → all taken by the sink"
    measures = (RATE, SENDING, ACCEPTED_MS, FIRST_MS)
    goals = (
        Goal("P2", "rate", floor=0.35, goal=0.75, over=Bare.name),
        Goal("P2", "rate", floor=3, goal=7, over=PostOffice.name, over_measure="sending"),
        Goal("sink", "rate", floor=3, goal=3, of=SinkAlone.name, over=Bare.name),
    )
    conditions = (*FULL, "mails in MIME with text and HTML, over connections that stay open")

    def contenders(self) -> Sequence[Contender]:
        size = self.scale.of(full=100_000, quick=3_000)
        sink = self.arena.mail_sink
        url = f"smtp://{sink.address[0]}:{sink.address[1]}?tls=none&from=shop@example.org"
        self.arena.stack.account("mail", key="sink", provider="smtp", credentials={"url": url})
        campaign = Campaign(self.arena, tenant="mail", sink=sink)
        campaign.prepare(size)
        bare, office = Bare(self.arena, sink=sink), PostOffice(self.arena, sink)
        naive, alone = Naive(self.arena, reuse=False, sink=sink), SinkAlone(self.arena, sink)
        return (
            Contender(CARILLON, campaign.about, size, campaign.send),
            Contender(bare.name, bare.about, size, bare.fan_out),
            Contender(office.name, office.about, max(size // OFFICE_SHARE, 20), office.send, ABSENT),
            Contender(naive.name, naive.about, max(size // NAIVE_SHARE, 20), naive.fan_out),
            Contender(alone.name, alone.about, size, alone.take),
        )
