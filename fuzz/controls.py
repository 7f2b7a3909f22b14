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
    why: str = ""  # of "skipped"

    @property
    def lacks_model(self) -> bool:
        """No flavour can run it: walkrace has no such memory model. Not one that only another
        flavour runs."""
        return self.found == "skipped" and self.why.startswith("needs: weak-memory")

    @property
    def held(self) -> bool:
        return self.found == self.expected

    def __str__(self) -> str:
        return (f"{self.variant} on {self.profile}: expected {self.expected}, found {self.found} "
                f"in {self.schedules} schedules")


def run_controls(walkrace: Walkrace, variant: str | None = None,
                 profile: str | None = None, backend: str = "threads") -> list[Control]:
    arguments = ["controls", "--backend", backend]
    if variant:
        arguments += ["--variant", variant]
    if profile:
        arguments += ["--profile", profile]
    code, answer = walkrace.json(*arguments)
    fields = ("variant", "profile", "expected", "found", "schedules")
    rows = [Control(*(row[field] for field in fields), why=row.get("why", ""))
            for row in answer["controls"]]
    if code != Exit.CLEAN and all(row.held for row in rows):
        raise Failure(Exit.INFRASTRUCTURE, f"{walkrace.binary} controls ends with {code}")
    if all(row.found == "skipped" for row in rows) and not variant:
        raise Failure(Exit.INFRASTRUCTURE, f"{walkrace.binary} controls: no control was run")
    return rows


def require_controls(walkrace: Walkrace, variants: list[str], profile: str | None,
                     backend: str) -> None:
    """Runs the controls of `variants`, of all without any. Raises Failure when one did not hold."""
    started = time.monotonic()
    rows: list[Control] = []
    for variant in variants or [None]:
        rows += run_controls(walkrace, variant, profile, backend)
    failed = [str(row) for row in rows if not row.held]
    if failed:
        raise Failure(Exit.INFRASTRUCTURE, f"{len(failed)} of {len(rows)} controls failed in "
                      f"{walkrace.flavour}: nothing would be proved\n  " + "\n  ".join(failed))
    caught = sum(row.expected not in ("clean", "skipped") for row in rows)
    skipped = sum(row.found == "skipped" for row in rows)
    say(f"controls ({walkrace.flavour}): {caught} caught, {len(rows) - caught - skipped} clean, "
        f"{skipped} skipped, as expected, {time.monotonic() - started:.1f} s")
