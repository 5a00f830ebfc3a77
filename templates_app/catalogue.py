"""What the floors above lend the words: which channels there are, what their contents look like, who uses a template.

Registered at start: templates and channels are neighbours, who do not know each other.
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from templates_app.values import Shape

Shapes = Callable[[], Mapping[str, Shape]]
Uses = Callable[[UUID | None, str], Sequence[str]]
Categories = Callable[[UUID, str], Sequence[str]]
Succession = Callable[[UUID, UUID], None]
Release = Callable[[Sequence[UUID]], None]

_shapes: list[Shapes] = []
_uses: list[Uses] = []
_categories: list[Categories] = []
_successions: list[Succession] = []
_releases: list[Release] = []
_withdrawals: list[Succession] = []


def register_shapes(shapes: Shapes) -> None:
    """Let `shapes` tell the channels; called once at start."""
    if shapes not in _shapes:
        _shapes.append(shapes)


def shapes() -> dict[str, Shape]:
    """Every channel that templates can have a part for."""
    return {key: shape for source in _shapes for key, shape in source().items()}


def register_uses(uses: Uses) -> None:
    """Let `uses(tenant_id, key)` tell what names a template, in words; called once at start."""
    if uses not in _uses:
        _uses.append(uses)


def uses_of(tenant_id: UUID | None, key: str) -> list[str]:
    """What names the template: `type order_confirmation`."""
    return [use for source in _uses for use in source(tenant_id, key)]


def register_categories(categories: Categories) -> None:
    """Let `categories(tenant_id, key)` tell as what a template's messages go out; called once at start."""
    if categories not in _categories:
        _categories.append(categories)


def categories_of(tenant_id: UUID | None, key: str) -> list[str]:
    """The categories of the notification types that name the template."""
    if tenant_id is None:
        return []
    return [found for source in _categories for found in source(tenant_id, key)]


def register_succession(succession: Succession) -> None:
    """Let `succession(before, after)` hear that a version took another's place; called once at start."""
    if succession not in _successions:
        _successions.append(succession)


def published(before: UUID, after: UUID) -> None:
    """The version `after` is in use instead of `before`, in the current transaction."""
    for succession in _successions:
        succession(before, after)


def register_release(release: Release) -> None:
    """Let `release(version_ids)` hear that versions are no longer held back; called once at start."""
    if release not in _releases:
        _releases.append(release)


def released(version_ids: Sequence[UUID]) -> None:
    """What waited for these versions may go out, in the current transaction."""
    for release in _releases:
        release(version_ids)


def register_withdrawal(withdrawal: Succession) -> None:
    """Let `withdrawal(version, instead)` hear that a canary did not come into use; called once at start."""
    if withdrawal not in _withdrawals:
        _withdrawals.append(withdrawal)


def withdrawn(version: UUID, instead: UUID) -> None:
    """Nobody gets `version` any more, and `instead` is what there is, in the current transaction."""
    for withdrawal in _withdrawals:
        withdrawal(version, instead)
