"""Whether a language is read from right to left."""

from functools import lru_cache

# Scripts written from right to left, and the languages that are written in them when nothing else is said: CLDR 48,
# likelySubtags and scriptMetadata, 2026-11.
_SCRIPTS = frozenset({"arab", "hebr", "thaa", "syrc", "nkoo", "adlm", "rohg", "mand", "samr"})
_LANGUAGES = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "lrc", "mzn", "nqo", "ps", "sd", "syr", "ug",
                        "ur", "yi"})  # fmt: skip


@lru_cache(maxsize=1024)
def direction_of(locale: str) -> str:
    """`rtl` or `ltr`, as HTML says it: `ar-EG` → `rtl`, `uz-Arab` → `rtl`, nothing → `ltr`."""
    language, *rest = locale.replace("_", "-").lower().split("-")
    script = next((piece for piece in rest if len(piece) == 4 and piece.isalpha()), "")
    return "rtl" if (script in _SCRIPTS if script else language in _LANGUAGES) else "ltr"
