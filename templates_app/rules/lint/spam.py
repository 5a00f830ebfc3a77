"""What filters for unwanted mail look for in a subject."""

import re
from collections.abc import Iterator, Mapping

from templates_app.rules.lint.texts import Spot, as_written
from templates_app.rules.making import Made
from templates_app.values import Finding

SUBJECT_CHARS = 78  # most programs show less; RFC 5322 2.1.1 recommends no longer lines
# Rules of that kind in SpamAssassin 4 (SUBJ_ALL_CAPS, PLING_PLING, MONEY_…), 2026-11.
PATTERNS: Mapping[str, re.Pattern[str]] = {
    "is all capitals": re.compile(r"(?=(?:.*[A-Z]){6})[^a-z]*"),
    "shouts with '!!'": re.compile(r".*[!?]{2,}.*", re.DOTALL),
    "has money signs in a row": re.compile(r".*[$€£]{2,}.*", re.DOTALL),
    "pretends to be an answer": re.compile(r"\s*(?:re|fwd?|aw|wg)\s*:.*", re.IGNORECASE | re.DOTALL),
    "promises too much": re.compile(
        r".*\b(?:100% free|act now|risk[- ]free|no obligation|winner|you have won|cash bonus|earn \$|double your|"
        r"once in a lifetime|guaranteed income|miracle|viagra|urgent response)\b.*",
        re.IGNORECASE | re.DOTALL,
    ),
    "spaces out its letters": re.compile(r".*\b(?:[A-Z] ){4,}.*", re.DOTALL),
}


def unwanted_looks(made: Made) -> Iterator[Finding]:
    """Subjects that look like mail nobody asked for."""
    for piece in made.pieces:
        for spot in as_written(piece):
            if spot.name == "subject":
                yield from _judged(spot)


def _judged(spot: Spot) -> Iterator[Finding]:
    words = spot.fixed_words()
    for what, pattern in PATTERNS.items():
        if pattern.fullmatch(words):
            yield spot.finding("looks_unwanted", f"the subject {what}; filters take it for unwanted mail")
            break
    if len(words) > SUBJECT_CHARS:
        yield spot.finding("long_subject", f"{len(words)} characters before anything is filled in; few see so many")
