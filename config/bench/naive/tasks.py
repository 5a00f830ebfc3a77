"""The tasks of the naive build: one that fans out, one that sends a single notification, row by row."""

from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template import Template as Compiled
from django.utils import timezone

from config.bench import letter
from config.bench.naive.celery import app
from config.bench.naive.models import Delivery, History, Notification, Preference, Template


@app.task(name="naive.fan_out")
def fan_out(campaign: str, size: int) -> None:
    """A notification and a task for each of `size` people."""
    for number in range(size):
        notification = Notification.objects.create(
            idempotency_key=f"{campaign}-{number}",
            template="order",
            user_id=f"person-{number}",
            channel="email",
            address=letter.address(number),
            variables=letter.context(number),
        )
        send_one.delay(str(notification.id))


@app.task(name="naive.send_one")
def send_one(id: str) -> None:
    """Send one notification unless its person does not want it."""
    notification = Notification.objects.get(pk=UUID(id))
    wish = Preference.objects.filter(user_id=notification.user_id, channel=notification.channel).first()
    if wish is not None and not wish.enabled:
        return
    template = Template.objects.get(name=notification.template)
    context = Context(notification.variables)
    subject = Compiled(template.subject).render(context)
    html = Compiled(template.html).render(context)
    text = Compiled(template.text).render(context)
    delivery = Delivery.objects.create(notification=notification, address=notification.address, status="sending")
    History.objects.create(delivery=delivery, status="sending")
    delivery.message_id = _hand_over(str(delivery.id), notification.address, subject, html, text)
    delivery.status, delivery.attempts, delivery.sent_at = "sent", delivery.attempts + 1, timezone.now()
    delivery.save()
    History.objects.create(delivery=delivery, status="sent")
    notification.status = "completed"
    notification.save()


@app.task(name="naive.send_many")
def send_many(ids: list[str]) -> None:
    """Send the notifications of one request."""
    for id in ids:
        send_one(id)


def _hand_over(id: str, address: str, subject: str, html: str, text: str) -> str:
    message_id = f"<{id}@example.org>"
    if settings.EMAIL_HOST:
        mail = EmailMultiAlternatives(subject, text, to=[address], headers={"Message-ID": message_id})
        mail.attach_alternative(html, "text/html")
        mail.send()
    return message_id
