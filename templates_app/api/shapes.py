"""What the API takes and answers about templates."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from templates_app.values import MissingPolicy, Severity
from tenants.api.vocabulary import Moment

Parts = dict[str, dict[str, Any]]
Note = Annotated[str, Meta(max_length=500)]
EXAMPLE_TEMPLATE: dict[str, Any] = {
    "name": "Order confirmation",
    "parts": {
        "email": {"subject": "Order {{ order_id }}", "html": "<p>Thank you, {{ name | default: 'friend' }}!</p>"},
        "sms": {"body": "Order {{ order_id }} is on its way."},
    },
    "locales": {"de": {"sms": {"body": "Bestellung {{ order_id }} ist unterwegs."}}},
    "variables": {
        "type": "object",
        "properties": {"order_id": {"type": "string"}, "name": {"type": "string", "default": ""}},
    },
    "example_data": {"order_id": "123", "name": "Ana"},
}


class TemplateBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A template to keep as a draft.

    `parts` are contents by channel, as `POST /notifications` takes them; `locales` has the parts that differ in a
    language. `variables` is a JSON Schema of `data`, `example_data` fills in previews and is required to publish.
    `missing`: what a variable without a value is, an `error` or nothing (`default`).
    """

    key: str | UnsetType = UNSET
    name: Annotated[str, Meta(max_length=200)] = ""
    parts: Parts = {}
    locales: dict[str, Parts] = {}
    layout: Annotated[str, Meta(max_length=100)] = ""
    variables: dict[str, Any] = {}
    example_data: dict[str, Any] = {}
    missing: MissingPolicy = "error"


class FindingShown(msgspec.Struct, kw_only=True):
    """Something to be said of a template. `line` counts from 1 in the text at `pointer`."""

    code: str
    severity: Severity
    message: str
    pointer: str
    part: str | None
    locale: str | None
    line: int


class VersionHead(msgspec.Struct, kw_only=True):
    """A published version, without its words. `rolled_back_from`: the version whose words it says again."""

    version: int
    live: bool
    note: str
    author: str
    publisher: str
    published_at: Moment
    rolled_back_from: int | None
    quarantined_at: Moment | None
    quarantine_reason: str | None


class CanaryHead(msgspec.Struct, kw_only=True):
    """A version that some people get first."""

    version: int
    percent: int


class TemplateHead(msgspec.Struct, kw_only=True):
    """A template in a list. `origin` tells whose words they are; `live_version` is null until it is published. `canary`
    is the version that some get first.

    `offers` has the locales of each channel, "" for the words without one.
    """

    key: str
    name: str
    origin: Literal["tenant", "platform"]
    live_version: int | None
    has_draft: bool
    canary: CanaryHead | None
    offers: dict[str, list[str]]
    quarantined: bool
    created_at: Moment
    updated_at: Moment


class TemplateShown(TemplateHead, kw_only=True):
    """A template with its words: those of the draft, or of the version in use when there is no draft.

    `revision` is the draft's, 0 without one; the `ETag` says the same.
    """

    revision: int
    parts: Parts
    locales: dict[str, Parts]
    layout: str
    variables: dict[str, Any]
    example_data: dict[str, Any]
    missing: MissingPolicy
    live: VersionHead | None
    warnings: list[FindingShown]


class PartialUsed(msgspec.Struct, kw_only=True):
    """A partial whose words went into a version, and which of them. `outdated`: there are newer ones."""

    key: str
    version: int
    outdated: bool


class VersionShown(VersionHead, kw_only=True):
    """A published version as it was written, with the layout and the partials it was published with."""

    name: str
    parts: Parts
    locales: dict[str, Parts]
    layout: str
    layout_source: dict[str, Any] | None
    partials: list[PartialUsed]
    variables: dict[str, Any]
    example_data: dict[str, Any]
    missing: MissingPolicy
    offers: dict[str, list[str]]


class DiffLine(msgspec.Struct, kw_only=True):
    """One line of a text in both states: ` ` it stayed, `-` it went, `+` it came."""

    sign: Literal[" ", "-", "+"]
    text: str
    before: int | None
    after: int | None


class DiffEntry(msgspec.Struct, kw_only=True):
    """One text that differs. `lines` shows it with a few lines around each change."""

    pointer: str
    change: Literal["added", "removed", "changed"]
    lines: list[DiffLine]


class DiffShown(msgspec.Struct, kw_only=True):
    """What differs from `against` to `version`; 0 stands for the draft."""

    version: int
    against: int
    entries: list[DiffEntry]


Percent = Annotated[int, Meta(ge=1, le=99)]


class CanaryBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A version for `percent` of people first.

    After `min_minutes` and `min_deliveries` begun with it, it is put into use by itself (or waits for a person, with
    `promote` false). It is held back and rolled back when more people than before cannot be sent to, have it bounce,
    complain or unsubscribe. `alpha` is how often that may happen to a version that is no worse, however long it runs.
    """

    percent: Percent
    alpha: Annotated[float, Meta(ge=0.000_1, le=0.2)] = 0.01
    min_minutes: Annotated[int, Meta(ge=0, le=43_200)] = 60
    min_deliveries: Annotated[int, Meta(ge=1, le=10_000_000)] = 500
    promote: bool = True


class PublishBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why it is published: people read it in the list of versions. With `canary` some get it first."""

    note: Note = ""
    canary: CanaryBody | None = None


class CanaryGrowBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """To how many of a hundred people the new words go; no fewer than now."""

    percent: Percent


class CanaryEndBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why it ends now."""

    note: Note = ""


class HarmShown(msgspec.Struct, kw_only=True):
    """People something bad came to since the canary began, with the new words and with those before. `evidence`: how
    many times likelier worse words made these figures than words that are no worse; at `canary.threshold` it ends.
    """

    harm: str
    canary: int
    control: int
    evidence: float


class CanaryShown(msgspec.Struct, kw_only=True):
    """A version that some people get, or got, first. `deliveries` were begun, by whose words they had."""

    version: int
    before: int
    state: Literal["running", "promoted", "rolled_back", "aborted"]
    percent: int
    alpha: float
    min_minutes: int
    min_deliveries: int
    promote: bool
    deliveries: dict[str, int]
    harms: list[HarmShown]
    threshold: float
    started_by: str
    started_at: Moment
    looked_at: Moment
    ended_by: str | None
    ended_at: Moment | None
    note: str


class RollbackBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The version whose words count again, and why."""

    version: Annotated[int, Meta(ge=1)]
    note: Note = ""


class PublishedShown(VersionHead, kw_only=True):
    """The version that is in use now."""

    key: str
    warnings: list[FindingShown]


class QuarantineBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why the version in use is held back."""

    reason: Annotated[str, Meta(min_length=1, max_length=300)]
    version: Annotated[int, Meta(ge=1)] | None = None


class TemplatePreviewBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to preview: `template` for words that nobody saved yet, else the `version` ("draft", "live" or a number).

    `data` takes the place of the example data; `recipient` is somebody's id, whose locale, zone and attributes count.
    """

    template: TemplateBody | None = None
    version: int | Literal["draft", "live"] | None = None
    data: dict[str, Any] | None = None
    recipient: Annotated[str, Meta(max_length=255)] | None = None
    channel: Annotated[str, Meta(max_length=32)] | None = None
    locale: Annotated[str, Meta(max_length=40)] | None = None


class PartError(msgspec.Struct, kw_only=True):
    """Why a part could not be filled in; `pointer` and `line` lead to the place in the template."""

    code: str
    detail: str
    pointer: str
    line: int


class PartShown(msgspec.Struct, kw_only=True):
    """A part as the person would see it. `units` counts what it costs where length costs, as in an SMS."""

    channel: str
    locale: str
    content: dict[str, Any] | None
    error: PartError | None
    units: int | None


class TemplatePreviewShown(msgspec.Struct, kw_only=True):
    """The rendered parts, and everything to be said of the template. `version` 0 is the draft, null nobody's yet."""

    version: int | None
    parts: list[PartShown]
    findings: list[FindingShown]
