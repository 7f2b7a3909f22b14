"""What fuzz/run says at its end."""

from __future__ import annotations

from collections import Counter

from campaign import Campaign
from engines import coverage_text
from findings import Finding, Judge
from options import Options
from sample import CorpusSample
from tool import Exit, SEVERITY, binary_of, clock

SHOWN_OF_A_SIGNATURE = 3


def group(findings: list[Finding]) -> dict[str, list[Finding]]:
    """By signature, in the order of the first of each."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.signature, []).append(finding)
    return groups


def exit_code(findings: list[Finding], interrupted: bool, defects: bool) -> Exit:
    """`defects`: what came out otherwise on OS threads, so that no verdict can be relied on."""
    if defects:
        return Exit.INFRASTRUCTURE
    codes = {finding.code for finding in findings}
    for code in SEVERITY:
        if code in codes:
            return code
    return Exit.INTERRUPTED if interrupted else Exit.CLEAN


def _title(options: Options, seconds: float, ended_early: bool) -> str:
    what = {"codec": "parsers", "canary": "collapse-race"}.get(options.target, "unmodified paths")
    if options.kernel_tree:
        what = f"kernel tree {options.kernel_tree.name}"
    if options.variants:
        what = f"variant {options.variant}"
    where = f" on {options.profile}" if options.profile else ""
    where += f" under {options.model}" if options.runs_scenarios else ""
    end = ", ended by a failure" if ended_early else ""
    return (f"==== {options.target}, {what}{where}, {clock(seconds)} of fuzzing "
            f"({options.flavour}){end} ====")


def _command(finding: Finding, options: Options, verb: str) -> str:
    if finding.walkrace is None:
        return f"{binary_of(options.preset(options.engines[0]), options.target)} {finding.file}"
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


def confirmation(judge: Judge, sample: CorpusSample | None) -> list[str]:
    """What OS threads have shown of what was explored."""
    total = judge.confirmed + len(judge.unconfirmed)
    parts = [f"{judge.confirmed} of {total} findings confirmed on OS threads"]
    if sample:
        same = sample.replayed - len(sample.different)
        parts.append(f"{sample.replayed} corpus inputs replayed on OS threads under "
                     f"ThreadSanitizer: {'same traces' if not sample.different else f'{same} same'}")
    lines = ["confirmed   " + ";\n            ".join(parts)]
    different = sample.different if sample else []
    return lines + [f"  NOT CONFIRMED: {file}" for file in judge.unconfirmed + different]


def _next(findings: list[Finding], options: Options, is_last: bool) -> list[str]:
    if options.variants and findings:
        return []  # it is minimised and explained below
    if not findings and not is_last:
        return []
    if not findings:
        return ["next", f"  {options.command} --time 8h"
                        f"  (goes on from {options.out}/corpus/{options.place})"]
    lines = ["next"]
    for members in group(findings).values():
        verbs = ("minimize", "explain") if members[0].walkrace else ("run",)
        lines += [f"  {_command(members[0], options, verb)}" for verb in verbs]
    return lines


def print_summary(campaign: Campaign, is_last: bool) -> None:
    """`is_last`: no other campaign follows."""
    options, fuzzers, findings = campaign.options, campaign.fuzzers, campaign.findings
    seconds, ended_early = campaign.seconds, campaign.failure is not None
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
    lines += _findings(findings, campaign.judge.counts) if findings else ["violations  none"]
    if options.runs_scenarios:
        lines += confirmation(campaign.judge, campaign.sample)
    if not ended_early:
        lines += _next(findings, options, is_last)
    print("\n".join(lines), flush=True)
