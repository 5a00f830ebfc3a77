"""`python -m channels_app.sandbox --http-port P --smtp-port S --state DIR`: run the provider sandbox."""

import asyncio
import logging
import sys
from argparse import ArgumentParser

from channels_app.sandbox.ledger import LedgerUnusable
from channels_app.sandbox.protocols import find_protocols
from channels_app.sandbox.server import serve


def main() -> int:
    """Run until told to stop. 0: stopped cleanly; 2: could not start, with one line that says why."""
    protocols = find_protocols()
    parser = ArgumentParser(prog="python -m channels_app.sandbox", description="The provider sandbox of Carillon.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--http-port", type=int, required=True, help="port of the page and the API (0: any free one)")
    parser.add_argument("--state", required=True, help="directory of the ledger; made when missing")
    for protocol in protocols:
        protocol.add_arguments(parser)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(serve(options, protocols=protocols))
    except (LedgerUnusable, OSError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
