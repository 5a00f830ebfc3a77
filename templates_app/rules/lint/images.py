"""Images without words for those who do not see them: screen readers, and mail programs that load none."""

from collections.abc import Iterator

from templates_app.rules.lint.markup import elements
from templates_app.rules.making import Made
from templates_app.values import Finding


def images_without_words(made: Made) -> Iterator[Finding]:
    """An empty `alt` says that the image is decoration, and is fine."""
    for piece in made.pieces:
        for element in elements(piece):
            if element.name in ("img", "mj-image") and "alt" not in element.attributes:
                message = f'<{element.name}> has no alt; alt="what it shows" would do, or alt="" for decoration'
                yield element.spot.finding("image_without_alt", message, line=element.line)
