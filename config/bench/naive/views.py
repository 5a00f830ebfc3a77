"""The API of the naive build: a serializer, a row, a message per notification."""

from functools import partial

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.bench.naive.models import Notification
from config.bench.naive.tasks import send_one


class NotificationSerializer(serializers.Serializer[Notification]):
    idempotency_key = serializers.CharField(max_length=200)
    template = serializers.CharField(max_length=100)
    user_id = serializers.CharField(max_length=100)
    channel = serializers.ChoiceField(choices=("email", "sms", "push"))
    address = serializers.EmailField()
    variables = serializers.DictField()


class Notifications(APIView):
    def post(self, request: Request) -> Response:
        """Take one, or a list of them."""
        serializer = NotificationSerializer(data=request.data, many=isinstance(request.data, list))
        serializer.is_valid(raise_exception=True)
        found = serializer.validated_data
        asked = found if isinstance(found, list) else [found]
        with transaction.atomic():
            rows = Notification.objects.bulk_create(Notification(**one) for one in asked)
            for row in rows:
                transaction.on_commit(partial(send_one.delay, str(row.id)))
        return Response({"ids": [str(row.id) for row in rows]}, status=202)
