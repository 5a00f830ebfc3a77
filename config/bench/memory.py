"""How much memory processes have, as the kernel says it. Linux only."""

from pathlib import Path

PROC = Path("/proc")


def resident(pid: int) -> float:
    """Megabytes that one process has in memory, what it shares with others included."""
    return _megabytes(pid, "Rss:")


def proportional(pid: int) -> float:
    """Megabytes of one process, of what several share only its part: to be added up."""
    return _megabytes(pid, "Pss:")


def members(group: int) -> list[int]:
    """The processes of a group: its leader and what that has started."""
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] not in "ZX":
                found.append(int(entry.name))
    return found


def _megabytes(pid: int, field: str) -> float:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 0.0)
