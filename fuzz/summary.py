"""What fuzz/run says at its end."""

from __future__ import annotations

from collections import Counter

from engines import Fuzzer
from findings import Finding
from options import Options
from tool import Exit, SEVERITY, clock

SHOWN_OF_A_SIGNATURE = 3


def coverage_text(options: Options, fuzzers: list[Fuzzer]) -> str:
    """Each fuzzer's own figure, and how many orders of accesses any of them saw."""
    parts = [f"{fuzzer.name} {fuzzer.coverage()}" for fuzzer in fuzzers]
    if options.runs_scenarios:
        seen = 0
        for fuzzer in fuzzers:
            seen |= fuzzer.progress.orders
        parts.append(f"{seen.bit_count():,} orders of accesses")
    return "; ".join(parts)


def group(findings: list[Finding]) -> dict[str, list[Finding]]:
    """By signature, in the order of the first of each."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.signature, []).append(finding)
    return groups


def exit_code(findings: list[Finding], interrupted: bool) -> Exit:
    codes = {finding.code for finding in findings}
    for code in SEVERITY:
        if code in codes:
            return code
    return Exit.INTERRUPTED if interrupted else Exit.CLEAN


def _title(options: Options, seconds: float, ended_early: bool) -> str:
    what = {"codec": "parsers", "canary": "collapse-race"}.get(options.target, "unmodified paths")
    if options.variants:
        what = f"variant {options.variant}"
    where = f" on {options.profile}" if options.profile else ""
    end = ", ended by a failure" if ended_early else ""
    return (f"==== {options.target}, {what}{where}, {clock(seconds)} of fuzzing "
            f"({options.flavour}){end} ====")


def _command(finding: Finding, options: Options, verb: str) -> str:
    if finding.walkrace is None:
        return f"build/{options.preset(options.engines[0])}/bin/{options.target} {finding.file}"
    tail = f" -o {finding.file.with_suffix('.min.walk')}" if verb == "minimize" else ""
    return f"{finding.walkrace.binary} {verb} {finding.file}{tail}"


def _findings(findings: list[Finding], counts: Counter[str]) -> list[str]:
    groups = group(findings)
    lines = [f"violations  {sum(counts.values())}, {len(groups)} different (by signature)"]
    for signature, members in groups.items():
        first = members[0]
        lines += [f"  {signature}",
                  f"    {first.message}",
                  f"    {counts[signature]} times, first by {first.engine} after {first.seconds:.1f} s"]
        lines += [f"    {finding.file}" for finding in members[:SHOWN_OF_A_SIGNATURE]]
        more = len(members) - SHOWN_OF_A_SIGNATURE
        if more > 0:
            lines.append(f"    and {more} more in {first.file.parent}")
    return lines


def _next(findings: list[Finding], options: Options) -> list[str]:
    if options.variants and findings:
        return []  # it is minimised and explained below
    if not findings:
        return ["next", f"  {options.command} --time 8h"
                        f"  (goes on from {options.out}/corpus/{options.target})"]
    lines = ["next"]
    for members in group(findings).values():
        verbs = ("minimize", "explain") if members[0].walkrace else ("run",)
        lines += [f"  {_command(members[0], options, verb)}" for verb in verbs]
    return lines


def print_summary(options: Options, fuzzers: list[Fuzzer], findings: list[Finding],
                  counts: Counter[str], seconds: float, ended_early: bool) -> None:
    total = sum(fuzzer.schedules for fuzzer in fuzzers)
    unit = "schedules" if options.runs_scenarios else "inputs"
    each = ", ".join(f"{fuzzer.name} {fuzzer.schedules:,}" for fuzzer in fuzzers)
    lines = [_title(options, seconds, ended_early),
             f"{unit:<11} {total:,} ({total / max(seconds, 1e-9):,.0f}/s): {each}",
             f"coverage    {coverage_text(options, fuzzers)}"]
    exposed = sum(fuzzer.progress.known_exposed for fuzzer in fuzzers)
    if exposed:
        lines.append(f"known exposed  {exposed:,} schedules (walkrace list; --strict makes them "
                     "violations)")
    lines += _findings(findings, counts) if findings else ["violations  none"]
    if not ended_early:
        lines += _next(findings, options)
    print("\n".join(lines), flush=True)
