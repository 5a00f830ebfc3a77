"""A running Carillon for tests: real processes, real HTTP, a real ledger to compare with; nothing is left behind."""

from tests.stack.running import Stack, running_stack
from tests.stack.talking import Answer, Api, Sandbox, text

__all__ = ["Answer", "Api", "Sandbox", "Stack", "running_stack", "text"]
