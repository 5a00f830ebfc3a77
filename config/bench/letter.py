"""The letter that everybody sends: the confirmation of an order, in Liquid, which here is also Django's language."""

from collections.abc import Mapping
from typing import Any

_ROW = (
    '<tr><td style="padding:8px;border-bottom:1px solid #eee">{{ item.name }}</td>'
    '<td style="padding:8px;border-bottom:1px solid #eee" align="center">{{ item.qty }}</td>'
    '<td style="padding:8px;border-bottom:1px solid #eee" align="right">{{ currency }} {{ item.price }}</td></tr>'
)
SUBJECT = "Your {{ shop.name }} order {{ recipient.attributes.order }} is confirmed"
HTML = f"""<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{{{ shop.name }}}} order {{{{ recipient.attributes.order }}}}</title></head>
<body style="margin:0;padding:0;background:#f6f6f6;font-family:Helvetica,Arial,sans-serif">
<table width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table width="600" style="background:#fff;margin:24px;border-radius:6px">
<tr><td style="padding:24px;font-size:22px;color:#222">Hi {{{{ recipient.attributes.name }}}}, thank you!</td></tr>
<tr><td style="padding:0 24px;color:#555;line-height:1.5">Your order <b>{{{{ recipient.attributes.order }}}}</b>
placed on {{{{ placed }}}} is confirmed. We will write again when it leaves our warehouse.</td></tr>
<tr><td style="padding:24px"><table width="100%" style="border-collapse:collapse;font-size:14px">
<tr><th align="left" style="padding:8px;border-bottom:2px solid #222">Item</th>
<th style="padding:8px;border-bottom:2px solid #222">Qty</th>
<th align="right" style="padding:8px;border-bottom:2px solid #222">Price</th></tr>
{{% for item in items %}}{_ROW}{{% endfor %}}
</table></td></tr>
{{% if discount %}}<tr><td style="padding:0 24px;color:#0a0">Discount: {{{{ discount }}}}</td></tr>{{% endif %}}
<tr><td style="padding:0 24px;font-size:18px">Total: <b>{{{{ currency }}}} {{{{ total }}}}</b></td></tr>
<tr><td style="padding:24px;color:#555">Ship to:<br>{{{{ address.line1 }}}}<br>{{{{ address.city }}}}
{{{{ address.zip }}}}<br>{{{{ address.country }}}}</td></tr>
<tr><td style="padding:24px" align="center"><a href="{{{{ shop.url }}}}/orders/{{{{ recipient.attributes.order }}}}"
style="background:#0b5fff;color:#fff;padding:12px 28px;border-radius:4px;text-decoration:none">View order</a></td></tr>
<tr><td style="padding:24px;color:#999;font-size:12px">{{{{ shop.name }}}}, {{{{ shop.postal }}}}.</td></tr>
</table></td></tr></table></body></html>"""
TEXT = """Hi {{ recipient.attributes.name }}, thank you for your order {{ recipient.attributes.order }} of {{ placed }}.
{% for item in items %}- {{ item.name }} x {{ item.qty }}: {{ currency }} {{ item.price }}
{% endfor %}Total: {{ currency }} {{ total }}
Ship to: {{ address.line1 }}, {{ address.city }} {{ address.zip }}, {{ address.country }}
View: {{ shop.url }}/orders/{{ recipient.attributes.order }}
"""
CONTENT: Mapping[str, Any] = {"email": {"subject": SUBJECT, "html": HTML, "text": TEXT}}
DATA: Mapping[str, Any] = {
    "placed": "2026-11-20",
    "currency": "EUR",
    "total": "139.97",
    "discount": "",
    "items": [
        {"name": "Blue widget <XL>", "qty": 2, "price": "19.99"},
        {"name": "Red widget", "qty": 1, "price": "60.01"},
        {"name": "Green gadget & co", "qty": 4, "price": "9.99"},
    ],
    "address": {"line1": "1 Main St", "city": "Springfield", "zip": "12345", "country": "US"},
    "shop": {"name": "Acme Shop", "url": "https://shop.example.com", "postal": "1 Acme Way, Dublin"},
}


def person(number: int) -> dict[str, Any]:
    """The person with this number, as the API takes people."""
    return {"id": f"person-{number}", "email": address(number), "attributes": attributes(number)}


def address(number: int) -> str:
    """Where the person with this number is written to."""
    return f"person-{number}@example.org"


def attributes(number: int) -> dict[str, str]:
    """What is known of the person with this number."""
    return {"name": f"Jane O'Doe {number}", "order": f"ORD-{100_000 + number}"}


def context(number: int) -> dict[str, Any]:
    """Everything that the letter to the person with this number is filled in with."""
    return {**DATA, "recipient": {"id": f"person-{number}", "attributes": attributes(number)}}
