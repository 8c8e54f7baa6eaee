"""The most memory that a process has had (Linux)."""

import re
from pathlib import Path


def peak_mb() -> float:
    """Returns that of this process, MB. Not ru_maxrss, which begins with what the parent process had."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024
