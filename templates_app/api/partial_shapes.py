"""What the API takes and answers about partials."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from templates_app.api.shapes import FindingShown, Note
from templates_app.values import PartialSource
from tenants.api.vocabulary import Moment

Text = Annotated[str, Meta(max_length=32_768)]
EXAMPLE_PARTIAL: dict[str, Any] = {
    "name": "Button",
    "mjml": '<mj-button href="{{ url }}">{{ label }}</mj-button>',
    "html": '<a href="{{ url }}">{{ label }}</a>',
    "text": "{{ label }}: {{ url }}",
    "parameters": {
        "type": "object",
        "properties": {"url": {"type": "string"}, "label": {"type": "string", "default": "Have a look"}},
        "required": ["url"],
    },
    "example_data": {"url": "https://shop.example/orders/123"},
}


class PartialBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A partial to keep as a draft: `mjml` for parts in MJML, `html` for those in HTML, `text` for everything else.

    `parameters` is a JSON Schema of what it is given; a partial sees nothing else of a template's data.
    """

    name: Annotated[str, Meta(max_length=200)] = ""
    mjml: Text = ""
    html: Text = ""
    text: Text = ""
    parameters: dict[str, Any] = {}
    example_data: dict[str, Any] = {}

    def source(self) -> PartialSource:
        """Its words."""
        return PartialSource(**{name: getattr(self, name) for name in PartialSource.__struct_fields__})


class UseShown(msgspec.Struct, kw_only=True):
    """A template in use that has words of the partial, and which. `outdated`: there are newer ones."""

    template: str
    version: int
    partial_version: int
    outdated: bool


class PartialHead(msgspec.Struct, kw_only=True):
    """A partial in a list. `used_by` templates in use have words of it, `outdated` of them older ones."""

    key: str
    name: str
    origin: Literal["tenant", "platform"]
    live_version: int | None
    has_draft: bool
    used_by: int
    outdated: int
    created_at: Moment
    updated_at: Moment


class PartialShown(PartialHead, kw_only=True):
    """A partial with its words: those of the draft, or of the version in use when there is no draft."""

    revision: int
    mjml: str
    html: str
    text: str
    parameters: dict[str, Any]
    example_data: dict[str, Any]
    uses: list[UseShown]
    warnings: list[FindingShown]


class PartialVersionHead(msgspec.Struct, kw_only=True):
    """A published version of a partial, without its words."""

    version: int
    live: bool
    note: str
    author: str
    publisher: str
    published_at: Moment


class PartialVersionShown(PartialVersionHead, kw_only=True):
    """A published version as it was written."""

    mjml: str
    html: str
    text: str
    parameters: dict[str, Any]
    example_data: dict[str, Any]


class PartialPublishBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why it is published: people read it in the list of versions."""

    note: Note = ""


class PartialPublished(PartialVersionHead, kw_only=True):
    """The version that templates get which are published from now on. `outdated` templates in use have older words."""

    key: str
    outdated: list[str]
    warnings: list[FindingShown]


class RepublishBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which `templates` take the newest words of the partial, all that have older ones when left out, and why."""

    templates: Annotated[list[str], Meta(max_length=1000)] | None = None
    note: Note = ""


class RepublishedShown(msgspec.Struct, kw_only=True):
    """What became of a template: its new version, or what kept it from being published; then it stays as it was."""

    template: str
    version: int | None
    code: str | None
    detail: str | None
    errors: list[FindingShown]


class Republication(msgspec.Struct, kw_only=True):
    """One result for each template that had older words."""

    results: list[RepublishedShown]


class PartialPreviewBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to preview: `partial` for words that nobody saved yet, else the `version` ("draft", "live" or a number).

    `data` takes the place of the example data.
    """

    partial: PartialBody | None = None
    version: int | Literal["draft", "live"] | None = None
    data: dict[str, Any] | None = None
    locale: Annotated[str, Meta(max_length=40)] = ""


class PartialPreviewShown(msgspec.Struct, kw_only=True):
    """What the partial says, its MJML as a page; nothing where it cannot be filled in. `findings` tell why, and what
    else is to be said. `version` 0 is the draft, null nobody's yet.
    """

    version: int | None
    mjml: str
    html: str
    text: str
    findings: list[FindingShown]
