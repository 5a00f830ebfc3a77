"""`manage.py seed` gives the first tenant types that say something without being told what."""

from io import StringIO

from django.core.management import call_command

from notifications.models import NotificationType
from templates_app.models import TemplateSettings, TemplateVersion
from templates_app.selectors import offers
from tenants.scope import platform_scope


def seed() -> None:
    call_command("seed", stdout=StringIO())


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
