"""Providers meet the sandbox, too, and somebody listens to its reports."""

from tests.channels_app.providers.listening import hook
from tests.channels_app.sandbox.conftest import own_sandbox, running_sandbox, sandbox

__all__ = ["hook", "own_sandbox", "running_sandbox", "sandbox"]
