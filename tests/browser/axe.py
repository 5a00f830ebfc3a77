"""What axe-core finds wrong with a page: WCAG 2.2 to level AA, and what its authors call best practice."""

from axe_playwright_python.sync_playwright import Axe
from playwright import sync_api

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe_findings(page: sync_api.Page) -> list[str]:
    """A line for each element and rule; empty when all is well. Runs a script, so the page must allow scripts."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": _TAGS}}).response
    return [
        f"{violation['id']}: {violation['help']}: {' '.join(map(str, node['target']))}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
