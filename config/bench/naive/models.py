"""The tables of the naive build, indexed as teams do: wherever somebody once filtered."""

import uuid
from typing import ClassVar

from django.db import models


class Template(models.Model):
    name = models.CharField(max_length=100, unique=True)
    subject = models.TextField()
    html = models.TextField()
    text = models.TextField()

    objects: ClassVar[models.Manager["Template"]] = models.Manager()

    class Meta:
        app_label = "naive"


class Preference(models.Model):
    user_id = models.CharField(max_length=100, db_index=True)
    channel = models.CharField(max_length=20)
    enabled = models.BooleanField(default=True)

    objects: ClassVar[models.Manager["Preference"]] = models.Manager()

    class Meta:
        app_label = "naive"
        constraints = [models.UniqueConstraint(fields=("user_id", "channel"), name="naive_preference_unique")]


class Notification(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    idempotency_key = models.CharField(max_length=200, unique=True)
    template = models.CharField(max_length=100)
    user_id = models.CharField(max_length=100, db_index=True)
    channel = models.CharField(max_length=20)
    address = models.CharField(max_length=255)
    variables = models.JSONField(default=dict)
    status = models.CharField(max_length=20, default="pending", db_index=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager["Notification"]] = models.Manager()

    class Meta:
        app_label = "naive"


class Delivery(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    notification = models.ForeignKey(Notification, models.CASCADE)
    status = models.CharField(max_length=20, default="pending", db_index=True)
    address = models.CharField(max_length=255)
    message_id = models.CharField(max_length=255, blank=True, db_index=True)
    attempts = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager["Delivery"]] = models.Manager()

    class Meta:
        app_label = "naive"


class History(models.Model):
    delivery = models.ForeignKey(Delivery, models.CASCADE)
    status = models.CharField(max_length=20)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects: ClassVar[models.Manager["History"]] = models.Manager()

    class Meta:
        app_label = "naive"
