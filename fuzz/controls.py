"""Positive controls: what must be caught is caught, or nothing that follows proves anything."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tool import Exit, Failure, Walkrace, say


@dataclass
class Control:
    variant: str
    profile: str
    expected: str  # an oracle's name, "clean" or "skipped"
    found: str
    schedules: int

    @property
    def held(self) -> bool:
        return self.found == self.expected

    def __str__(self) -> str:
        return (f"{self.variant} on {self.profile}: expected {self.expected}, found {self.found} "
                f"in {self.schedules} schedules")


def run_controls(walkrace: Walkrace, variant: str | None = None,
                 profile: str | None = None, backend: str = "threads",
                 memory: str | None = None) -> list[Control]:
    """`memory`: None: each under its own, lkmm where it needs weak memory."""
    arguments = ["controls", "--backend", backend]
    if variant:
        arguments += ["--variant", variant]
    if profile:
        arguments += ["--profile", profile]
    if memory:
        arguments += ["--memory", memory]
    code, answer = walkrace.json(*arguments)
    fields = ("variant", "profile", "expected", "found", "schedules")
    rows = [Control(*(row[field] for field in fields)) for row in answer["controls"]]
    if code != Exit.CLEAN and all(row.held for row in rows):
        raise Failure(Exit.INFRASTRUCTURE, f"{walkrace.binary} controls ends with {code}")
    if all(row.found == "skipped" for row in rows) and not variant:
        raise Failure(Exit.INFRASTRUCTURE, f"{walkrace.binary} controls: no control was run")
    return rows


def require_controls(walkrace: Walkrace, variants: list[str], profile: str | None,
                     backend: str, memory: str | None = None) -> None:
    """Runs the controls of `variants`, of all without any. Raises Failure when one did not hold."""
    started = time.monotonic()
    rows: list[Control] = []
    for variant in variants or [None]:
        rows += run_controls(walkrace, variant, profile, backend, memory)
    failed = [str(row) for row in rows if not row.held]
    if failed:
        raise Failure(Exit.INFRASTRUCTURE, f"{len(failed)} of {len(rows)} controls failed in "
                      f"{walkrace.flavour}: nothing would be proved\n  " + "\n  ".join(failed))
    caught = sum(row.expected not in ("clean", "skipped") for row in rows)
    skipped = sum(row.found == "skipped" for row in rows)
    under = f" under {memory}" if memory else ""
    say(f"controls ({walkrace.flavour}){under}: {caught} caught, {len(rows) - caught - skipped} clean, "
        f"{skipped} skipped, as expected, {time.monotonic() - started:.1f} s")
