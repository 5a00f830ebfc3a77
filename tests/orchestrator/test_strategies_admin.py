"""Experiments and versions of strategies in the admin: to see, never to change."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orchestrator.models import Experiment, StrategyVersion
from tests.make import AT, a_tenant


@pytest.fixture
def operator(db: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("eve"))
    return client


def test_experiments_and_versions_are_shown_and_not_changed(operator: Client) -> None:
    tenant = a_tenant()
    experiment = Experiment.objects.create(
        tenant_id=tenant.id, key="order", name="Which first", arms=[{"key": "a"}], salt="s", goal="clicked",
        created_at=AT, updated_at=AT,
    )  # fmt: skip
    version = StrategyVersion.objects.create(
        tenant_id=tenant.id, key="mine", version=3, name="Mine", kind="sequential", active=True, actor="key:x",
        created_at=AT,
    )  # fmt: skip

    for kind, row, words in (("experiment", experiment, "Which first"), ("strategyversion", version, "key:x")):
        listed = operator.get(f"/admin/orchestrator/{kind}/")
        assert words in listed.content.decode()
        assert operator.get(f"/admin/orchestrator/{kind}/{row.id}/change/").status_code == 200
        assert operator.post(f"/admin/orchestrator/{kind}/{row.id}/change/", {}).status_code == 403
        assert operator.get(f"/admin/orchestrator/{kind}/add/").status_code == 403
        assert operator.post(f"/admin/orchestrator/{kind}/{row.id}/delete/", {"post": "yes"}).status_code == 403
