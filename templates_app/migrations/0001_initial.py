"""Templates and their versions, layouts, translations and settings; what was published stays as it is."""

import django.db.models.deletion
from django.db import migrations, models

import kernel.ids
from tenants.migration_ops import TenantForeignKey, TenantTable

FROZEN = """
CREATE FUNCTION templates_app_version_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR to_jsonb(NEW) - ARRAY['quarantined_at', 'quarantine_reason', 'crashes']
      <> to_jsonb(OLD) - ARRAY['quarantined_at', 'quarantine_reason', 'crashes'] THEN
    RAISE EXCEPTION 'version % of template % is published: % refused', OLD.number, OLD.template_id, TG_OP
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER template_version_frozen BEFORE UPDATE OR DELETE ON templates_app_templateversion
  FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION templates_app_version_frozen();
"""

THAW = """
DROP TRIGGER template_version_frozen ON templates_app_templateversion;
DROP FUNCTION templates_app_version_frozen();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0003_idempotency_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="TemplateSettings",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tenants.tenant",
                    ),
                ),
                ("brand", models.JSONField(default=dict)),
                ("default_locale", models.CharField(blank=True, max_length=40)),
                ("four_eyes", models.BooleanField(default=False)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "template settings",
            },
        ),
        migrations.CreateModel(
            name="Layout",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=100)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("source", models.JSONField()),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "key"), name="layout_key_unique_per_tenant", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Template",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=100)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("live_id", models.UUIDField(blank=True, null=True)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "key"), name="template_key_unique_per_tenant", nulls_distinct=False
                    ),
                    models.UniqueConstraint(fields=("tenant", "id"), name="template_of_tenant"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TemplateVersion",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("template_id", models.UUIDField()),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("published", "Published")], default="draft", max_length=16
                    ),
                ),
                ("source", models.JSONField()),
                ("offers", models.JSONField(default=dict)),
                ("compiled", models.JSONField(default=dict)),
                ("layout", models.JSONField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("author", models.CharField(max_length=120)),
                ("publisher", models.CharField(blank=True, max_length=120)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("rolled_back_from", models.PositiveIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("quarantined_at", models.DateTimeField(blank=True, null=True)),
                ("quarantine_reason", models.CharField(blank=True, max_length=300)),
                ("crashes", models.PositiveIntegerField(default=0)),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "template_id", "number"),
                        name="template_version_number_unique",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(fields=("tenant", "id"), name="template_version_of_tenant"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")),
                        fields=("tenant", "template_id"),
                        name="template_version_one_draft",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("published_at", None), ("state", "draft")),
                            models.Q(("published_at__isnull", False), ("state", "published")),
                            _connector="OR",
                        ),
                        name="template_version_published_has_moment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Translation",
            fields=[
                ("id", models.UUIDField(default=kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("locale", models.CharField(max_length=40)),
                ("messages", models.JSONField(default=dict)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "locale"), name="translation_locale_unique_per_tenant", nulls_distinct=False
                    )
                ],
            },
        ),
        TenantTable("templates_app_template"),
        TenantTable("templates_app_templateversion"),
        TenantTable("templates_app_layout"),
        TenantTable("templates_app_translation"),
        TenantTable("templates_app_templatesettings"),
        TenantForeignKey("templates_app_templateversion", "template_id", "templates_app_template"),
        TenantForeignKey("templates_app_template", "live_id", "templates_app_templateversion", on_delete="NO ACTION"),
        migrations.RunSQL(FROZEN, THAW),
    ]
