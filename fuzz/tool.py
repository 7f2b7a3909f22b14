"""Children and messages: runs the walkrace command line, knows exit codes and durations.

Shared by fuzz/driver.py and fuzz/gate.py. Working directory: the root of the repository.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any


class Exit(IntEnum):
    """The same in every binary and script of walkrace."""

    CLEAN = 0
    USAGE = 2
    INFRASTRUCTURE = 3
    DATA_RACE = 66
    TIMEOUT = 70
    OUT_OF_MEMORY = 71
    VIOLATION = 77
    INTERRUPTED = 130


# The first of these that occurred decides.
SEVERITY = (Exit.VIOLATION, Exit.DATA_RACE, Exit.TIMEOUT, Exit.OUT_OF_MEMORY)


class Failure(Exception):
    """Ends the script with a message and an exit code."""

    def __init__(self, code: Exit, message: str):
        super().__init__(message)
        self.code = code


class Interrupted(Exception):
    """Ctrl-C or a termination signal came while a child ran."""


# The shell script that called us began some seconds ago.
_START = time.monotonic() - float(os.environ.get("WALKRACE_CLOCK", "0"))
_script = Path(sys.argv[0]).name
_interrupted = False


def start_script(name: str) -> None:
    """Names the script in messages. From now on signals set a flag: nothing found may be lost."""
    global _script
    _script = name

    def note(_number: int, _frame: Any) -> None:
        global _interrupted
        _interrupted = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, note)


def interrupted() -> bool:
    return _interrupted


def clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def say(message: str) -> None:
    print(f"[{clock(time.monotonic() - _START)}] {_script}: {message}", flush=True)


def complain(message: str) -> None:
    print(f"{_script}: {message}", file=sys.stderr, flush=True)


def parse_duration(text: str) -> float:
    """Seconds of `90`, `90s`, `15m`, `8h`. Raises ValueError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not match:
        raise ValueError(f"'{text}' is no duration: 90, 90s, 15m or 8h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def tail(text: str, lines: int = 25) -> str:
    return "\n".join("  | " + line for line in text.rstrip().splitlines()[-lines:])


@dataclass
class Completed:
    code: int
    stdout: str
    stderr: str

    @property
    def died(self) -> bool:
        """Whether a signal ended it, or our own limit did."""
        return self.code < 0


def run_child(command: list[str], timeout: float = 600, patient: bool = False,
              env: dict[str, str] | None = None) -> Completed:
    """Runs a command in a process group of its own, so that Ctrl-C reaches us alone.

    Raises Interrupted when it came; a `patient` child is waited for all the same.
    """
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", env=env,
                          start_new_session=True) as child:
        deadline = time.monotonic() + timeout
        while True:
            try:
                out, err = child.communicate(timeout=0.1)
                return Completed(child.returncode, out, err)
            except subprocess.TimeoutExpired:
                late = time.monotonic() > deadline
                if late or (_interrupted and not patient):
                    child.kill()
                    out, err = child.communicate()
                    if not late:
                        raise Interrupted from None
                    return Completed(-signal.SIGKILL, out, f"{err}\nno end within {timeout:.0f} s")


# With a kernel tree walkrace has build folders of its own (kernel_tree.py).
_build_prefix = "build/"


def use_build_prefix(prefix: str) -> None:
    global _build_prefix
    _build_prefix = prefix


def binary_of(preset: str, name: str) -> Path:
    """Where a preset's program is, once it is built."""
    return Path(f"{_build_prefix}{preset}") / "bin" / name


class Walkrace:
    """The command line tool of one flavour."""

    def __init__(self, flavour: str):
        self.flavour = flavour
        self.binary = binary_of(flavour, "walkrace")
        if not self.binary.is_file():
            raise Failure(Exit.INFRASTRUCTURE, f"no {self.binary}: cmake --preset {flavour} && "
                                               f"cmake --build --preset {flavour}")

    def run(self, *arguments: str | Path, timeout: float = 600, patient: bool = False) -> Completed:
        # Else ThreadSanitizer sleeps for a second at each end.
        quick = {**os.environ, "TSAN_OPTIONS": f"{os.environ.get('TSAN_OPTIONS', '')}:atexit_sleep_ms=0"}
        return run_child([str(self.binary), *map(str, arguments)], timeout, patient, env=quick)

    def json(self, *arguments: str | Path, patient: bool = False) -> tuple[int, dict[str, Any]]:
        """Exit code and the object that `--json` prints."""
        done = self.run(*arguments, "--json", patient=patient)
        try:
            return done.code, json.loads(done.stdout)
        except ValueError:
            command = " ".join([str(self.binary), *map(str, arguments), "--json"])
            code = Exit.USAGE if done.code == Exit.USAGE else Exit.INFRASTRUCTURE
            raise Failure(code, f"exit code {done.code} and no JSON from: {command}\n"
                                f"{tail(done.stderr)}") from None
