"""The question of a container's health check: `python deploy/docker/healthy.py PORT PATH`; exit code 0 for a 200."""

import http.client
import os
import sys
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 4


def main(port: str, path: str) -> int:
    """0 when the process of this container answers 200, else 1 with the reason."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": public_host()})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(error)
        return 1
    finally:
        connection.close()
    print(status)
    return 0 if status == http.client.OK else 1


def public_host() -> str:
    """The host that requests may ask for, whatever ALLOWED_HOSTS says besides."""
    return urlsplit(os.environ.get("PUBLIC_URL", "")).netloc or "localhost"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
