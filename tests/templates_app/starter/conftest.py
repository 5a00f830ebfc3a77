"""A browser for the pages."""

from tests.browser.chromium import browser

__all__ = ("browser",)
