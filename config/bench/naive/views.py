"""The API of the naive build: a serializer, a row, a message per notification; and in bulk as well as DRF can."""

from functools import partial

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.bench.naive.models import Notification
from config.bench.naive.tasks import send_many, send_one


class NotificationSerializer(serializers.Serializer[Notification]):
    idempotency_key = serializers.CharField(max_length=200)
    template = serializers.CharField(max_length=100)
    user_id = serializers.CharField(max_length=100)
    channel = serializers.ChoiceField(choices=("email", "sms", "push"))
    address = serializers.EmailField()
    variables = serializers.DictField()


class Notifications(APIView):
    def post(self, request: Request) -> Response:
        """Take one."""
        serializer = NotificationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            row = Notification.objects.create(**serializer.validated_data)
            transaction.on_commit(partial(send_one.delay, str(row.id)))
        return Response({"id": str(row.id)}, status=202)


class ManyNotifications(APIView):
    def post(self, request: Request) -> Response:
        """Take a list of them: one INSERT, one message."""
        serializer = NotificationSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            rows = Notification.objects.bulk_create(Notification(**one) for one in serializer.validated_data)
            ids = [str(row.id) for row in rows]
            transaction.on_commit(partial(send_many.delay, ids))
        return Response([{"id": id} for id in ids], status=202)
