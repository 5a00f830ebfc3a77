"""Let templates in use take newer words of a partial: each is published again, one by one, and told one by one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from templates_app.services.canaries import CanaryRunning
from templates_app.services.drafts import Unfit
from templates_app.services.publishing import NothingToPublish, Published, publish_again
from templates_app.shelving import uses_of_partials


@dataclass(frozen=True, slots=True)
class Republished:
    """What became of one template: the new version, or why there is none."""

    template: str
    outcome: Published | Unfit | CanaryRunning | NothingToPublish


def republish(
    key: str, *, tenant_id: UUID, templates: Collection[str] | None, note: str, actor: str, at: datetime
) -> list[Republished]:
    """Publish again every template in use that has older words of the partial, or those of them that `templates` names.

    One that cannot be published keeps its words and does not stop the others.
    """
    outdated = [use.template for use in uses_of_partials(tenant_id).get(key, ()) if use.outdated]
    return [
        Republished(template, _again(template, tenant_id=tenant_id, note=note, actor=actor, at=at))
        for template in outdated
        if templates is None or template in templates
    ]


def _again(
    template: str, *, tenant_id: UUID, note: str, actor: str, at: datetime
) -> Published | Unfit | CanaryRunning | NothingToPublish:
    try:
        return publish_again(template, tenant_id=tenant_id, note=note, actor=actor, at=at)
    except (CanaryRunning, NothingToPublish) as trouble:
        return trouble
