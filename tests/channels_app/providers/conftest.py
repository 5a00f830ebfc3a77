"""Providers meet the sandbox, too, and somebody listens to its reports."""

from tests.channels_app.providers.listening import hook
from tests.channels_app.sandbox.conftest import running_sandbox, sandbox

__all__ = ["hook", "running_sandbox", "sandbox"]
