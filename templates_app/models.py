"""What words remember: templates and their versions, layouts, translations, and how a tenant's messages look.

Rows without a tenant are the platform's: everybody's default. Tenants never see them directly; `selectors` reads them.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from kernel.ids import uuid7
from templates_app.rules.promotion import PROMOTIONAL
from tenants.models import Tenant


class Template(models.Model):
    """The words of a kind of message. `live_id` is the version in use; what was archived may be written anew."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True)
    live_id = models.UUIDField(null=True, blank=True)
    canary_id = models.UUIDField(null=True, blank=True)  # the version that some get first, see `Canary`
    canary_percent = models.PositiveSmallIntegerField(default=0, db_default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "key"), nulls_distinct=False, name="template_key_unique_per_tenant"
            ),
            models.UniqueConstraint(fields=("tenant", "id"), name="template_of_tenant"),
        )

    def __str__(self) -> str:
        return self.name or self.key


class TemplateVersion(models.Model):
    """One state of a template: a draft, or published and from then on never changed (a trigger refuses it).

    `source` is `values.TemplateSource` as it was written. Publishing adds what was made of it: `offers` (channel → the
    locales it is written in), `compiled` (`values.Compiled`), `layout`, the source of the layout that was used, and
    `partials`, which versions of them went into it (key → `values.PartialUse`).
    `quarantined_at` holds back what is to be sent with it; `crashes` are the render children it has cost.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    template_id = models.UUIDField()
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    source = models.JSONField()
    offers = models.JSONField(default=dict)
    compiled = models.JSONField(default=dict)
    layout = models.JSONField(null=True, blank=True)
    partials = models.JSONField(default=dict, db_default={})
    note = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=120)
    publisher = models.CharField(max_length=120, blank=True)
    revision = models.PositiveIntegerField(default=1)  # of the draft; grows with every change
    rolled_back_from = models.PositiveIntegerField(null=True, blank=True)  # the version this one says again
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    quarantined_at = models.DateTimeField(null=True, blank=True)
    quarantine_reason = models.CharField(max_length=300, blank=True)
    crashes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "template_id", "number"),
                nulls_distinct=False,
                name="template_version_number_unique",
            ),
            models.UniqueConstraint(fields=("tenant", "id"), name="template_version_of_tenant"),
            models.UniqueConstraint(
                fields=("tenant", "template_id"),
                condition=models.Q(state="draft"),
                nulls_distinct=False,
                name="template_version_one_draft",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", published_at=None)
                | models.Q(state="published", published_at__isnull=False),
                name="template_version_published_has_moment",
            ),
        )

    def __str__(self) -> str:
        return f"version {self.number}"


class Canary(models.Model):
    """A version that some people get first, while the rest keep the one before it; see `rules.canary`.

    `stages` are `{"percent", "since"}`, one more whenever the share grows. `tallies` are `{"harm", "percent", "canary",
    "control"}`, `deliveries` those begun with either version. `log_xid` and `log_id` tell how far the log was read.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        PROMOTED = "promoted"
        ROLLED_BACK = "rolled_back"
        ABORTED = "aborted"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    template_id = models.UUIDField()
    version_id = models.UUIDField()
    before_id = models.UUIDField()
    state = models.CharField(max_length=16, choices=State, default=State.RUNNING)
    percent = models.PositiveSmallIntegerField()
    stages = models.JSONField(default=list)
    terms = models.JSONField(default=dict)  # rules.canary.Terms
    tallies = models.JSONField(default=list)
    deliveries = models.JSONField(default=dict)  # {"canary", "control"}
    harm = models.CharField(max_length=16, blank=True)  # the one that speaks most against it
    evidence = models.FloatField(default=0)
    log_xid = models.BigIntegerField()
    log_id = models.UUIDField()
    started_by = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    looked_at = models.DateTimeField()
    ended_by = models.CharField(max_length=120, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)  # why it ended

    class Meta:
        verbose_name_plural = "canaries"
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "template_id"), condition=models.Q(state="running"), name="canary_one_running"
            ),
            models.UniqueConstraint(fields=("tenant", "id"), name="canary_of_tenant"),
            models.CheckConstraint(
                condition=models.Q(state="running", ended_at=None)
                | models.Q(state__in=("promoted", "rolled_back", "aborted"), ended_at__isnull=False),
                name="canary_ended_has_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gte=1, percent__lte=99), name="canary_percent_is_a_part"
            ),
        )
        indexes = (
            models.Index(fields=("looked_at",), condition=models.Q(state="running"), name="canary_to_look_at"),
            models.Index(fields=("ended_at",), name="canary_ended"),
        )

    def __str__(self) -> str:
        return f"{self.state} at {self.percent} %"


class CanaryHarm(models.Model):
    """Somebody to whom one kind of harm came while a canary ran, counted once. Goes with the canary and the person."""

    pk = models.CompositePrimaryKey("tenant_id", "canary_id", "harm", "recipient_id")
    canary_id = models.UUIDField()
    harm = models.CharField(max_length=16)
    recipient_id = models.UUIDField()
    tenant_id = models.UUIDField()
    percent = models.PositiveSmallIntegerField()  # the canary's share when the message was planned
    canary = models.BooleanField()  # it had the new words
    at = models.DateTimeField()


class Layout(models.Model):
    """The frame around the e-mails of many templates, with `{{ content }}` where a template's part goes.

    Publishing a template takes the layout as it is then; a change is seen by what is published afterwards.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True)
    source = models.JSONField()  # values.LayoutSource
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "key"), nulls_distinct=False, name="layout_key_unique_per_tenant"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.key


class Partial(models.Model):
    """A fragment that templates, layouts and other partials render by its key. `live_id` is the version in use."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True)
    live_id = models.UUIDField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "key"), nulls_distinct=False, name="partial_key_unique_per_tenant"
            ),
            models.UniqueConstraint(fields=("tenant", "id"), name="partial_of_tenant"),
        )

    def __str__(self) -> str:
        return self.name or self.key


class PartialVersion(models.Model):
    """One state of a partial: the draft, number 0, or published and from then on never changed (a trigger refuses it).

    Publishing a template writes its words into that template's version; this row tells later what they were.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    partial_id = models.UUIDField()
    number = models.PositiveIntegerField()
    source = models.JSONField()  # values.PartialSource
    note = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=120)
    publisher = models.CharField(max_length=120, blank=True)
    revision = models.PositiveIntegerField(default=1)  # of the draft; grows with every change
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "partial_id", "number"),
                nulls_distinct=False,
                name="partial_version_number_unique",
            ),
            models.UniqueConstraint(fields=("tenant", "id"), name="partial_version_of_tenant"),
            models.CheckConstraint(
                condition=models.Q(number=0, published_at=None) | models.Q(number__gt=0, published_at__isnull=False),
                name="partial_version_published_has_moment",
            ),
        )

    def __str__(self) -> str:
        return f"version {self.number}"


class Translation(models.Model):
    """Short texts in one locale, which templates name with `{{ 'key' | t }}`. See `rules/translate.py`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    locale = models.CharField(max_length=40)
    messages = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "locale"), nulls_distinct=False, name="translation_locale_unique_per_tenant"
            ),
        )

    def __str__(self) -> str:
        return self.locale


def promotional_default() -> list[str]:
    """The categories whose mail must say how to leave and who sent it."""
    return list(PROMOTIONAL)


class TemplateSettings(models.Model):
    """What all templates of a tenant share: `brand` (templates read `{{ brand.… }}`, as it is when they are filled
    in), the locale its texts without one are written in, whether author and publisher must be two people, and the
    categories whose mail promotes something.
    """

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="+")
    brand = models.JSONField(default=dict)
    default_locale = models.CharField(max_length=40, blank=True)
    four_eyes = models.BooleanField(default=False)
    promotional = ArrayField(
        models.CharField(max_length=100), default=promotional_default, db_default=["marketing"], blank=True
    )
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "template settings"

    def __str__(self) -> str:
        return f"template settings of {self.tenant_id}"
