"""What is said of templates: how they are written, faults found in them, and a failure to fill one in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

from msgspec import Meta, Struct

Severity = Literal["error", "warning"]
MissingPolicy = Literal["error", "default"]
Parts = dict[str, dict[str, Any]]  # channel → content, as `POST /notifications` takes it
DEFAULT = ""  # the locale of what is written without one


class TemplateSource(Struct, kw_only=True, forbid_unknown_fields=True):
    """A template as people write it.

    `parts` are contents by channel; `locales` has those that differ in a language: what is missing there is taken from
    `parts`. `variables` is a JSON Schema of `data`; its defaults are filled in. `missing` tells what becomes of a
    variable that has no value: an error, or nothing.
    """

    parts: Parts = {}
    locales: dict[str, Parts] = {}
    layout: Annotated[str, Meta(max_length=100)] = ""
    variables: dict[str, Any] = {}
    example_data: dict[str, Any] = {}
    missing: MissingPolicy = "error"


class LayoutSource(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A layout as people write it: a whole page with `{{ content }}` in it. `mjml` frames parts in MJML, `html` those
    in HTML, `text` the plain text of both.
    """

    mjml: Annotated[str, Meta(max_length=131_072)] = ""
    html: Annotated[str, Meta(max_length=131_072)] = ""
    text: Annotated[str, Meta(max_length=32_768)] = ""


class PartialSource(Struct, kw_only=True, forbid_unknown_fields=True):
    """A partial as people write it: `mjml` for parts in MJML, `html` for those in HTML (and MJML, where there is no
    `mjml`), `text` for everything else. `parameters` is a JSON Schema of what it is given; `example_data` keeps to it.
    """

    mjml: Annotated[str, Meta(max_length=32_768)] = ""
    html: Annotated[str, Meta(max_length=32_768)] = ""
    text: Annotated[str, Meta(max_length=32_768)] = ""
    parameters: dict[str, Any] = {}
    example_data: dict[str, Any] = {}


class PartialUse(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which words of a partial a version was published with."""

    id: UUID  # of the version of the partial
    version: int


class Compiled(Struct, kw_only=True, forbid_unknown_fields=True):
    """What publishing makes of a source: MJML is HTML, styles are inline, every mail has a text, and the translations
    that are named are at hand. `contents` and `messages` are by locale; `defaults` come from the schema.
    """

    contents: dict[str, Parts] = {}
    messages: dict[str, dict[str, Any]] = {}
    defaults: dict[str, Any] = {}
    lenient: bool = False  # a missing variable is nothing, not an error


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to be said of a template. An error keeps it from being saved or published, a warning is shown.

    `pointer` is RFC 6901 from the top of `TemplateSource`; `message` says what was found and what would do.
    """

    code: str
    message: str
    severity: Severity = "error"
    pointer: str = ""
    part: str = ""  # the channel
    locale: str = ""
    line: int = 1  # from 1, in the text at `pointer`


class Faulty(Protocol):
    """A fault as channels tell it: where in the content, a stable code, and what would do."""

    @property
    def pointer(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Shape:
    """What templates need to know of a channel: its content, and how the channel judges one.

    `fit` cuts a finished content to what the channel carries.
    `units` counts what a text costs on the channel (segments of an SMS), and says `None` where length costs nothing.
    """

    channel: str
    content: type[Struct]
    judge: Callable[[Any], tuple[Faulty, ...]]
    judge_final: Callable[[Any], tuple[Faulty, ...]]
    fit: Callable[[Any], Any]
    units: Callable[[str], int | None]


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """What is wrong with one template: where it stands (RFC 6901), a stable code, what was found and would do."""

    pointer: str
    code: str  # template_syntax, template_too_long
    message: str
    line: int  # from 1, in the template


class RenderError(Exception):
    """A template could not be filled in; the delivery fails with reason `render_error`.

    `code`: missing_variable, template_too_expensive, template_syntax, template_failed, unsafe_link or template_crashed.
    """

    def __init__(self, code: str, message: str, *, pointer: str = "", line: int = 1) -> None:
        super().__init__(f"{pointer}: {message}" if pointer else message)
        self.code, self.message, self.pointer, self.line = code, message, pointer, line


class Job(Struct, frozen=True):
    """A content of a channel, to be filled in for one person. `context` comes from `rules.context.build_context`.

    `lenient`: a variable without a value is nothing, not an error. `trusted`: the platform wrote it.
    """

    channel: str
    content: Struct
    context: Mapping[str, Any]
    lenient: bool = False
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """The words for one person on one channel: a version, and the locale of it that they are written in."""

    version_id: UUID
    locale: str
