"""What the environment holds, read once and checked as a whole; a mistake ends the process before anything starts."""

import os
import sys

from config.environment import PROCESS, TABLE
from config.processes import PROCESSES
from kernel.env import Misconfigured, Values, load

EXIT_CODE = 2


def _values() -> Values:
    try:
        process = PROCESSES.get(os.environ.get(PROCESS.name, ""), PROCESSES[""])
        return load(TABLE, os.environ, required=process.needs)
    except Misconfigured as misconfigured:
        for line in misconfigured.lines:
            sys.stderr.write(f"carillon: {line}\n")
        raise SystemExit(EXIT_CODE) from None


ENV = _values()
CURRENT_PROCESS = PROCESSES[ENV[PROCESS]]
