"""Rights on the tables of Django and Celery beat: the admin and beat run as the dispatcher, the API needs none.

Both roles read `django_migrations`, by which a process tells whether its database is ready for it.
"""

from django.db import migrations

from tenants.migration_ops import PlatformTable

FRAMEWORK_TABLES = (
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "auth_user",
    "auth_user_groups",
    "auth_user_user_permissions",
    "django_admin_log",
    "django_celery_beat_clockedschedule",
    "django_celery_beat_crontabschedule",
    "django_celery_beat_intervalschedule",
    "django_celery_beat_periodictask",
    "django_celery_beat_periodictasks",
    "django_celery_beat_solarschedule",
    "django_content_type",
    "django_session",
)


class Migration(migrations.Migration):
    dependencies = (
        ("tenants", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("sessions", "0001_initial"),
    )
    operations = (
        *(PlatformTable(table) for table in FRAMEWORK_TABLES),
        migrations.RunSQL(
            "GRANT SELECT ON django_migrations TO carillon_app, carillon_dispatcher", migrations.RunSQL.noop
        ),
    )
