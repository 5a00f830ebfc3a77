"""Colours: buttons that cannot be read, and pages that turn out wrong where mail programs are dark."""

import re
from collections.abc import Iterator

from templates_app.rules.lint.markup import Element, elements, pages
from templates_app.rules.making import Made, Piece
from templates_app.values import Finding

ENOUGH = 4.5  # WCAG 2.2, 1.4.3 (AA), 2026-11
DARK = 0.05  # relative luminance up to which a colour vanishes on a dark ground
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\b", re.IGNORECASE)
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", re.IGNORECASE)
_NAMED = {
    "white": "#ffffff",
    "black": "#000000",
    "red": "#ff0000",
    "gray": "#808080",
    "grey": "#808080",
    "blue": "#0000ff",
    "green": "#008000",
    "yellow": "#ffff00",
    "orange": "#ffa500",
    "navy": "#000080",
}
_GROUND = ("background-color", "background", "bgcolor", "container-background-color")
_MJML_BUTTON = {"background-color": "#414141", "color": "#ffffff"}  # what mj-button has by default


def faint_buttons(made: Made) -> Iterator[Finding]:
    """Buttons whose words have too little contrast to their ground."""
    for piece in made.pieces:
        for element in elements(piece):
            ratio = _contrast(element)
            if ratio is not None and ratio < ENOUGH:
                message = f"the words of this button have a contrast of {ratio:.1f}; {ENOUGH} and more can be read"
                yield element.spot.finding("low_contrast", message, line=element.line)


def dark_traps(made: Made) -> Iterator[Finding]:
    """Dark words without a ground of their own vanish in the dark; a whole page should say that it knows of it."""
    for piece in made.pieces:
        yield from _vanishing(piece)
        for spot in pages(piece):
            if spot.name == "html" and "<head" in spot.text.lower() and "color-scheme" not in spot.text.lower():
                message = (
                    'the page does not tell how it looks in the dark; <meta name="color-scheme" content="light dark">'
                )
                yield spot.finding("no_color_scheme", f"{message} would do")


def _vanishing(piece: Piece) -> Iterator[Finding]:
    found = list(elements(piece))
    if any(element.style(*_GROUND) for element in found):
        return
    for element in found:
        colour = _read(element.style("color"))
        if colour is not None and _luminance(colour) < DARK:
            message = "dark words on no ground of their own vanish where mail programs are dark; a background would do"
            yield element.spot.finding("dark_on_nothing", message, line=element.line)
            return


def _contrast(element: Element) -> float | None:
    if element.name == "mj-button":
        ground = _read(element.style("background-color") or _MJML_BUTTON["background-color"])
        words = _read(element.style("color") or _MJML_BUTTON["color"])
    elif element.name in ("a", "button"):
        ground, words = _read(element.style("background-color", "background", "bgcolor")), _read(element.style("color"))
    else:
        return None
    if ground is None or words is None:
        return None
    darker, lighter = sorted((_luminance(ground), _luminance(words)))
    return (lighter + 0.05) / (darker + 0.05)


def _read(text: str) -> tuple[int, int, int] | None:
    text = _NAMED.get(text.strip().lower(), text)
    if found := _HEX.search(text):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.search(text):
        return int(found[1]), int(found[2]), int(found[3])
    return None


def _luminance(colour: tuple[int, int, int]) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (min(value, 255) / 255 for value in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
