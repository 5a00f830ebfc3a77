"""`manage.py seed` gives the first tenant types that say something without being told what."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from notifications.models import NotificationType
from templates_app.models import TemplateSettings, TemplateVersion
from templates_app.selectors import offers
from tenants.scope import platform_scope
from tests.templates_app.asking import Api, said


def seed() -> dict[str, Any]:
    """The first tenant's keys."""
    out = StringIO()
    call_command("seed", stdout=out)
    keys: dict[str, Any] = json.loads(out.getvalue())
    return keys


def test_every_seeded_type_has_words(db: None) -> None:
    seed()

    with platform_scope():
        wanted = list(NotificationType.objects.values_list("tenant_id", "template"))
        found = offers(wanted)
    assert len(wanted) == 8
    assert set(found) == set(wanted)


def test_seeding_again_leaves_what_people_changed(db: None) -> None:
    seed()
    with platform_scope():
        NotificationType.objects.filter(key="welcome").update(template="")
        TemplateSettings.objects.update(brand={"name": "Ours"})
        versions = TemplateVersion.objects.count()

    seed()

    with platform_scope():
        assert NotificationType.objects.get(key="welcome").template == ""
        assert TemplateSettings.objects.get().brand == {"name": "Ours"}
        assert TemplateVersion.objects.count() == versions


@pytest.mark.parametrize(
    ("locale", "title"),
    [
        ("en-GB", "Order 4711 is confirmed"),
        ("de-AT", "Bestellung 4711 ist bestätigt"),
        ("ar", "تم تأكيد الطلب رقم 4711"),
        ("sv", "Order 4711 is confirmed"),
    ],
)
def test_a_type_and_its_data_are_all_a_first_message_needs(db: None, locale: str, title: str) -> None:
    api = Api(seed()["test_key"])

    answer = api(
        "POST",
        "/notifications/preview",
        {
            "type": "order_confirmation",
            "recipients": [{"id": "ana", "email": "ana@example.org", "locale": locale}],
            "data": {"order_id": "4711", "total": "99.90"},
            "channels": ["in_app"],
        },
    )

    assert answer.status_code == 200, answer.content
    (step,) = said(answer)["results"][0]["steps"]
    assert step["content"]["title"] == title
