"""Links and images that lead nowhere, or where they must not."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from templates_app.rules.links import SCHEMES, is_safe
from templates_app.rules.lint.markup import Element, elements
from templates_app.rules.making import Made
from templates_app.rules.source import has_tags
from templates_app.values import Finding, Severity

_NOT_REACHED = ("localhost", "127.0.0.1", "0.0.0.0", "example.com")  # noqa: S104 - looked for, not listened on


def bad_links(made: Made) -> Iterator[Finding]:
    """Every address of a page: of a kind that can do harm, misspelt, empty, or reached by nobody."""
    for piece in made.pieces:
        for element in elements(piece):
            for name in ("href", "src", "action", "background"):
                if name in element.attributes:
                    yield from _judged(element, name, element.attributes[name].strip())


def _judged(element: Element, name: str, address: str) -> Iterator[Finding]:
    if not is_safe(address):
        kinds = ", ".join(sorted(SCHEMES))
        yield _finding(element, "unsafe_link", f"'{address[:40]}' may not be led to; {kinds} may", "error")
    elif not address or address == "#":
        yield _finding(element, "empty_link", f"an empty {name} in <{element.name}>; an address would do", "warning")
    elif not has_tags(address) and (trouble := _misspelt(address)):
        yield _finding(element, "broken_link", f"'{address[:80]}' {trouble}", "error")
    elif address.startswith("//"):
        message = f"'{address[:40]}' has no scheme, which mail programs read as a file; https: before it would do"
        yield _finding(element, "link_without_scheme", message, "warning")
    elif not has_tags(address) and _host(address) in _NOT_REACHED:
        yield _finding(element, "unreachable_link", f"'{address[:80]}' is reached by nobody", "warning")


def _misspelt(address: str) -> str:
    if any(character in address for character in " \t\n"):
        return "has a blank in it; %20 would do"
    if address.startswith(("http", "www.")):
        try:
            parts = urlsplit(address)
        except ValueError:
            return "is no address"
        if address.startswith("www."):
            return "has no scheme; https:// before it would do"
        if not parts.netloc:
            return "has no host; https://shop.example/path would do"
    return ""


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _finding(element: Element, code: str, message: str, severity: Severity) -> Finding:
    return element.spot.finding(code, message, line=element.line, severity=severity)
