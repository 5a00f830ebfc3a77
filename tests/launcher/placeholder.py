"""Stand-ins for Carillon's processes, made of the standard library. Usage: placeholder.py <what> [argument]."""

import os
import signal
import socket
import sys
import time
from pathlib import Path


def serve(descriptor: str, needed: str = "") -> None:
    """Answer all on an inherited listening socket with our pid: 200, or 503 while a needed file is missing."""
    listening = socket.socket(fileno=int(descriptor))
    print(f"serving with Python {sys.version_info.major}", flush=True)
    while True:
        connection, _ = listening.accept()
        connection.recv(65536)
        status = b"200 OK" if not needed or Path(needed).exists() else b"503 Service Unavailable"
        connection.sendall(b"HTTP/1.0 %s\r\n\r\n%d" % (status, os.getpid()))
        connection.close()


def prepare(keys: str, notes: str, seconds: str) -> None:
    """Take a while, then write the keys and note that we did."""
    time.sleep(float(seconds))
    Path(keys).write_text("{}")
    with Path(notes).open("a") as file:
        file.write("prepared\n")


def wait(farewell: str = "") -> None:
    """Do nothing until asked to stop, then append our name to a file."""

    def leave(*_: object) -> None:
        if farewell:
            path, name = farewell.rsplit(":", 1)
            with Path(path).open("a") as file:
                file.write(f"{name}\n")
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    while True:
        time.sleep(60)


def refuse() -> None:
    """Pay no heed to a polite signal, and neither does our child."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.fork()
    while True:
        time.sleep(60)


def crash(note: str) -> None:
    """Note the time and end at once."""
    with Path(note).open("a") as file:
        file.write(f"{time.monotonic()}\n")
    print("cannot find the bell rope", flush=True)
    sys.exit(7)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", descriptor, *needed]:
            serve(descriptor, *needed)
        case ["prepare", keys, notes, seconds]:
            prepare(keys, notes, seconds)
        case ["wait", *farewell]:
            wait(*farewell)
        case ["refuse"]:
            refuse()
        case ["crash", note]:
            crash(note)
