"""The folder in which the processes of one host share their counters: what the dead have counted is kept, once.

Each process writes files of its own. Without this, every restart would leave some behind and each look at the metrics
would read them all. Processes must see each other's process ids: one host, or one container.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

_FILE = re.compile(r"(?P<kind>counter|histogram|summary|gauge_\w+)_(?P<pid>[0-9]+)\.db")
_KEPT = "0"  # stands for all dead processes together


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """While the block lasts nobody folds."""
    with _locked(folder, fcntl.LOCK_SH):
        yield


def fold_dead(folder: Path) -> int:
    """Add the files of dead processes to one file per kind and remove them; returns how many there were."""
    if not any(_dead_files(folder)):
        return 0
    folded = 0
    with _locked(folder, fcntl.LOCK_EX):
        for path, kind in _dead_files(folder):
            if not kind.startswith("gauge"):
                _add(path, into=folder / f"{kind}_{_KEPT}.db")
            path.unlink(missing_ok=True)
            folded += 1
    return folded


def _dead_files(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.glob("*.db")):
        shape = _FILE.fullmatch(path.name)
        if shape and shape["pid"] != _KEPT and not _is_alive(int(shape["pid"])):
            yield path, shape["kind"]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _add(path: Path, *, into: Path) -> None:
    total = MmapedDict(str(into))
    try:
        for key, value, timestamp, _position in MmapedDict.read_all_values_from_file(str(path)):
            total.write_value(key, total.read_value(key)[0] + value, timestamp)
    finally:
        total.close()


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, how)
        yield
