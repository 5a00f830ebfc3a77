"""Offers the null providers to the benchmark's own processes as a third party would: by an entry point on their path.

Nothing of the product knows about it, and no setting can switch it on anywhere else.
"""

from pathlib import Path

_METADATA = "Metadata-Version: 2.1\nName: carillon-bench\nVersion: 0\n"
_ENTRY_POINTS = """[carillon.providers]
nowhere = config.bench.null_provider
reporting = config.bench.reporting_provider
"""


def offer_null_providers(folder: Path) -> str:
    """Write the metadata of an installed package; returns what to put on `PYTHONPATH`."""
    package = folder / "offers" / "carillon_bench-0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text(_METADATA)
    (package / "entry_points.txt").write_text(_ENTRY_POINTS)
    return str(package.parent)
