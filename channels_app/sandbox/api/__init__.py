"""The HTTP API of the sandbox, under `/sandbox/api/`: what was accepted, what was turned away, and how to misbehave."""

from aiohttp import web

from channels_app.sandbox.api import behaviours, contents, messages, pulse, replies


def routes() -> list[web.RouteDef]:
    """Every route of the API."""
    return [*messages.ROUTES, *contents.ROUTES, *behaviours.ROUTES, *pulse.ROUTES, *replies.ROUTES]
