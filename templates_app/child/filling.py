"""A render child: fills in texts and makes pages, one question after another, and dies of what asks for too much."""

import mmap
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kernel import structs
from templates_app.child.limits import Limits, address_space, allow, confine
from templates_app.child.wire import Answer, Ask, Failed, Hung, receive, send
from templates_app.rules import mjml, page
from templates_app.rules.liquid import Known, fill_text, limit_cache
from templates_app.rules.workshop import NotMade, makers
from templates_app.values import RenderError

__all__ = ("mjml", "page", "serve")  # those who make pages are read before there are children

CACHE_CHARS = 1024 * 1024  # parsed they take some twenty times that
_ask = structs.packed_decoder(Ask)
_answer = msgspec.msgpack.Encoder()
_NUMBER = struct.Struct("=i")


def serve(line: socket.socket, progress: mmap.mmap, limits: Limits) -> None:
    """Fill in texts until nobody asks any more."""
    limit_cache(CACHE_CHARS)
    most_bytes = confine(limits)
    sources: dict[int, tuple[str, str, bool]] = {}
    try:
        while True:
            asked = _ask.decode(receive(line))
            if asked.forget:
                sources.clear()
            sources |= {number: (text, treatment, lenient) for number, text, treatment, lenient in asked.sources}
            filled = _fill(asked, sources, progress, limits)
            last = address_space() > most_bytes
            send(line, _answer.encode(Answer(filled, last)))
            if last:
                return
    except Hung:
        return


def _fill(
    asked: Ask, sources: Mapping[int, tuple[str, str, bool]], progress: mmap.mmap, limits: Limits
) -> list[str | Failed]:
    contexts = [_context(asked.shapes[shape], places, asked.shared) for shape, places in asked.contexts]
    known = Known()
    filled: list[str | Failed] = []
    for number, (source, context) in enumerate(asked.blanks):
        _NUMBER.pack_into(progress, 0, number)
        text, treatment, lenient = sources[source]
        maker = makers().get(treatment)
        allow(limits.making_seconds if maker else limits.cpu_seconds)
        try:
            if maker:
                filled.append(maker(text))
            else:
                filled.append(fill_text(text, treatment, contexts[context], lenient=lenient, known=known))
        except NotMade as trouble:
            filled.append(Failed("not_made", trouble.message, trouble.line))
        except RenderError as trouble:
            filled.append(Failed(trouble.code, trouble.message, trouble.line))
        except MemoryError:
            filled.append(Failed("template_too_expensive", "more memory than a message may take", 1))
    allow(0)
    return filled


def _context(names: Sequence[str], places: list[int], shared: list[Any]) -> dict[str, Any]:
    return {name: shared[place] for name, place in zip(names, places, strict=True)}
