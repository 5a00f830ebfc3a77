"""The settings of tests and type checks: a process of its own kind, which needs no secret and no services."""

from config.processes import TEST, enter

enter(TEST)

from config.settings import *
