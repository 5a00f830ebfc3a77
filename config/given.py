"""`python -m config.given`: is what the environment holds usable? In a fraction of a second, before anything starts.

Prints a fingerprint of what is set, which changes with any value; or one line on stderr per mistake, and ends with 2.
What only Django can judge (a strategy that does not exist) is not found here, but by its checks.
"""

import hashlib
import json
import os
import sys

from config.environment import TABLE
from kernel.env import Misconfigured, given, load

EXIT_CODE = 2


def main() -> int:
    """Print the fingerprint, or the mistakes."""
    try:
        load(TABLE, os.environ)
    except Misconfigured as misconfigured:
        for line in misconfigured.lines:
            sys.stderr.write(f"carillon: {line}\n")
        return EXIT_CODE
    written = json.dumps(given(TABLE, os.environ), sort_keys=True)
    sys.stdout.write(hashlib.sha256(written.encode()).hexdigest() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
