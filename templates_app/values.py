"""What is said of templates: faults found when they come in, and a failure to fill one in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """What is wrong with one template: where it stands (RFC 6901), a stable code, what was found and would do."""

    pointer: str
    code: str  # template_syntax, template_too_long
    message: str
    line: int  # from 1, in the template


class RenderError(Exception):
    """A template could not be filled in; the delivery fails with reason `render_error`.

    `code`: missing_variable, template_too_expensive, template_syntax or template_failed.
    """

    def __init__(self, code: str, message: str, *, pointer: str = "", line: int = 1) -> None:
        super().__init__(f"{pointer}: {message}" if pointer else message)
        self.code, self.message, self.pointer, self.line = code, message, pointer, line


@dataclass(frozen=True, slots=True)
class Job:
    """A content of a channel, to be filled in for one person. `context` comes from `rules.context.build_context`."""

    channel: str
    content: Struct
    context: Mapping[str, Any]
