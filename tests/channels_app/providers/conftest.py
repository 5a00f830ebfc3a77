"""Providers meet the sandbox, too."""

from tests.channels_app.sandbox.conftest import running_sandbox, sandbox

__all__ = ["running_sandbox", "sandbox"]
