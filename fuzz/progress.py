"""What the targets count (fuzz/progress_file.cc) and the line that shows it."""

from __future__ import annotations

import mmap
import os
import struct
import sys
import time
from pathlib import Path

from tool import clock

ORDERS_MAX = 4096
_COUNTS = struct.Struct("=QQ")
_SIZE = _COUNTS.size + ORDERS_MAX // 8


class ProgressFile:
    """Counts of one fuzzing process, over all its restarts."""

    def __init__(self, path: Path):
        self.path = path
        with open(path, "w+b") as file:
            # No hole: a full disk would end whoever touches it, not fail here.
            os.posix_fallocate(file.fileno(), 0, _SIZE)
            self._map = mmap.mmap(file.fileno(), _SIZE, access=mmap.ACCESS_READ)

    @property
    def schedules(self) -> int:
        return _COUNTS.unpack_from(self._map)[0]

    @property
    def known_exposed(self) -> int:
        """Schedules that showed a known exposure of their profile, and nothing else."""
        return _COUNTS.unpack_from(self._map)[1]

    @property
    def orders(self) -> int:
        """A bit set: which orders of conflicting accesses were seen."""
        return int.from_bytes(self._map[_COUNTS.size:], "little")


class ProgressLine:
    """About every two seconds; in place on a terminal, in a log less often as time goes on."""

    def __init__(self) -> None:
        self._in_place = sys.stdout.isatty()
        self._started = self._shown = time.monotonic()
        self._schedules = 0
        self._width = 0

    def due(self) -> bool:
        now = time.monotonic()
        pause = 2.0 if self._in_place else min(max(2.0, (now - self._started) / 20), 300.0)
        return now - self._shown >= pause

    def show(self, schedules: int, unit: str, coverage: str, findings: int) -> None:
        now = time.monotonic()
        rate = (schedules - self._schedules) / max(now - self._shown, 1e-9)
        self._schedules, self._shown = schedules, now
        line = (f"  {clock(now - self._started)}  {schedules:,} {unit}, {rate:,.0f}/s; "
                f"{coverage}; {findings} findings")
        if self._in_place:
            print(f"\r{line:<{self._width}}", end="", flush=True)
            self._width = len(line)
        else:
            print(line, flush=True)

    def end(self) -> None:
        """Leaves the line for other output."""
        if self._in_place and self._width:
            print(flush=True)
            self._width = 0
