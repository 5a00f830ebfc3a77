"""Which network addresses strangers may send us to: public ones, and nothing that only looks public.

Every socket address a name resolves to is judged here, never the text of a URL. `ipaddress.is_global` alone is not
enough: on CPython 3.11 it takes multicast, NAT64, 6to4 and `::127.0.0.1` for public, so a table of our own comes first.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# IANA IPv4 and IPv6 Special-Purpose Address Registries, iana.org/assignments, read 2026-11.
DENIED_V4 = {
    IPv4Network(network): name
    for network, name in {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by a carrier",
        "127.0.0.0/8": "loopback",
        "168.63.129.16/32": "a cloud's own services",  # Azure's wire server behind a public number
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "protocol assignments",
        "192.0.2.0/24": "documentation",
        "192.88.99.0/24": "6to4 relay",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "benchmarks",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
    }.items()
}
GLOBAL_UNICAST = IPv6Network("2000::/3")  # the only part of IPv6 that is given out
DENIED_V6 = {
    IPv6Network(network): name
    for network, name in {
        "2001::/23": "protocol assignments",  # Teredo, benchmarks, ORCHID: all of them tunnels or not routed
        "2001:db8::/32": "documentation",
        "2002::/16": "6to4 tunnel",
        "3fff::/20": "documentation",
    }.items()
}
# Both carry an IPv4 address that the network really calls, so that one is judged. RFC 4291 2.5.5.2, RFC 6052 2.1
MAPPED = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")


def why_denied(address: str) -> str:
    """Why this address, as a socket gives it, may not be called: a few words; "" when it is public."""
    try:
        found = ip_address(address)
    except ValueError:
        return "not an address"
    return _why_v4(found) if isinstance(found, IPv4Address) else _why_v6(found)


def _why_v4(found: IPv4Address) -> str:
    for network, name in DENIED_V4.items():
        if found in network:
            return name
    return "" if found.is_global else "not public"


def _why_v6(found: IPv6Address) -> str:
    if found.scope_id is not None:
        return "bound to one interface"
    if found in MAPPED or found in NAT64:
        return _why_v4(IPv4Address(int(found) & 0xFFFF_FFFF))
    if found not in GLOBAL_UNICAST:
        return "loopback" if found.is_loopback else "not global unicast"
    for network, name in DENIED_V6.items():
        if found in network:
            return name
    return "" if found.is_global else "not public"
