"""Addresses as logs, errors and lists may show them: recognisable to who knows them, useless to who does not."""


def mask(address: str) -> str:
    """`ana@example.org` → `a•••@example.org`, `+33612345678` → `+33••••••678`, a token or URL → its two ends."""
    local, at, domain = address.rpartition("@")
    if at:
        return f"{local[:1]}•••@{domain}"
    if address.startswith("+") and address[1:].isdigit():
        return address[:3] + "•" * max(len(address) - 6, 0) + address[-3:]
    if len(address) <= 8:
        return "•" * len(address)
    return f"{address[:4]}…{address[-4:]}"
