"""Routes of the conductor, below `/api/v1/`."""

from django.urls import path

from orchestrator.api import (
    backtests,
    dead_letters,
    digests,
    experiments,
    explain,
    preview,
    quotas,
    strategies,
    strategy_default,
    strategy_versions,
    template_samples,
    template_tests,
)

urlpatterns = [
    path("notifications/preview", preview.NotificationPreview.as_view()),
    path("notifications/<uuid:id>/decisions", explain.NotificationDecisions.as_view()),
    path("recipients/<str:external_id>/explain", explain.RecipientExplanation.as_view()),
    path("dead-letters", dead_letters.DeadLetters.as_view()),
    path("dead-letters/replay", dead_letters.DeadLetterReplay.as_view()),
    path("dead-letters/tag", dead_letters.DeadLetterTag.as_view()),
    path("dead-letters/discard", dead_letters.DeadLetterDiscard.as_view()),
    path("dead-letters/<uuid:id>", dead_letters.DeadLetterDetail.as_view()),
    path("templates/<str:key>/samples", template_samples.TemplateSamples.as_view()),
    path("quotas", quotas.Quotas.as_view()),
    path("digests", digests.Digests.as_view()),
    path("digests/<uuid:id>", digests.DigestDetail.as_view()),
    path("digests/<uuid:id>/close", digests.DigestClose.as_view()),
    path("digests/<uuid:id>/items/<uuid:notification>", digests.DigestItemDetail.as_view()),
    path("templates/<str:key>/test-send", template_tests.TemplateTestSend.as_view()),
    path("strategies", strategies.Strategies.as_view()),
    path("experiments", experiments.Experiments.as_view()),
    path("experiments/<str:key>", experiments.ExperimentDetail.as_view()),
    path("experiments/<str:key>/start", experiments.ExperimentStart.as_view()),
    path("experiments/<str:key>/stop", experiments.ExperimentStop.as_view()),
    path("types/<str:key>/findings", strategies.TypeFindings.as_view()),
    path("strategies/default", strategy_default.StrategyByDefault.as_view()),
    path("strategies/validate", strategies.StrategyValidation.as_view()),
    path("strategies/backtest", backtests.StrategyBacktest.as_view()),
    path("strategies/<str:key>", strategies.StrategyDetail.as_view()),
    path("strategies/<str:key>/versions", strategy_versions.StrategyVersions.as_view()),
    path("strategies/<str:key>/rollback", strategy_versions.StrategyRollback.as_view()),
]
