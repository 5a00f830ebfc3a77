"""The hook of the naive build: the signature is checked, then each event is applied in a transaction of its own."""

import json
import os
import time
from base64 import b64decode
from functools import cache
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from config.bench.naive.models import Delivery, History
from config.bench.receipts import SIGNATURE, TIMESTAMP

FRESH_SECONDS = 300


@csrf_exempt
def hook(request: HttpRequest) -> HttpResponse:
    """A batch of events. Raises InvalidSignature."""
    timestamp = request.headers[TIMESTAMP]
    if abs(time.time() - int(timestamp)) > FRESH_SECONDS:
        return HttpResponse(status=403)
    _key().verify(b64decode(request.headers[SIGNATURE]), timestamp.encode() + request.body, ec.ECDSA(SHA256()))
    for event in json.loads(request.body):
        _apply(event)
    return HttpResponse()


def _apply(event: dict[str, str]) -> None:
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=UUID(event["carillon_delivery"]))
        if delivery.status == event["event"]:
            return
        delivery.status = event["event"]
        delivery.save()
        History.objects.create(delivery=delivery, status=event["event"])


@cache
def _key() -> ec.EllipticCurvePublicKey:
    key = load_der_public_key(b64decode(os.environ["NAIVE_VERIFICATION_KEY"]))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key
