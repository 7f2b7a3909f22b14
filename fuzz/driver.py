"""fuzz/run after the build: positive controls, the fuzzers, the summary. See --help."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from campaign import Campaign, take_up_killed_runs
from controls import require_controls
from engines import Aflpp
from findings import Finding, clear_leftovers
from kernel_tree import print_tree, require_alive, use_tree
from options import Options, parse_options
from summary import exit_code, print_summary
from tool import Exit, Failure, Interrupted, Walkrace, complain, interrupted, say, start_script, tail

CANARY_S = 120.0


def check_names(options: Options, walkrace: Walkrace) -> None:
    """Raises Failure for a name that walkrace does not know."""
    _, known = walkrace.json("list")
    for kind, plural, names in (("target", "targets", [options.target]),
                                ("variant", "variants", options.variants),
                                ("profile", "profiles", [options.profile or ""]),
                                ("memory model", "memory_models", [options.memory or ""])):
        rows = [row["name"] for row in known[plural]]
        for name in names:
            if name and name not in rows:
                raise Failure(Exit.USAGE, f"unknown {kind} '{name}'; known are: {', '.join(rows)}")


def add_profile(options: Options, walkrace: Walkrace) -> Options:
    """Lets each child know the profile of --profile-file, and fuzzes it unless another is said."""
    if options.profile_file is None:
        return options
    os.environ["WALKRACE_PROFILE_FILE"] = str(options.profile_file.resolve())
    _, known = walkrace.json("list")
    return replace(options, profile=options.profile or known["profiles"][-1]["name"])


def canary_options(options: Options) -> Options:
    """The run of the canary that goes before a run: nothing else is built for it."""
    # gup_vs_collapse's seeds: without preemptions, so that finding it takes a search.
    return replace(options, target="canary", variants=[], profile="arm64", jobs=1, kernel_tree=None,
                   corpus=Path("corpus/gup_vs_collapse/seed"), out=options.out / "canary",
                   backend=options.backend if options.runs_scenarios else "threads")


def require_canary(options: Options) -> None:
    """Each fuzzer must find and save the seed's race in the target that must fail."""
    canary = canary_options(options)
    out = canary.out
    shutil.rmtree(out, ignore_errors=True)
    campaign = Campaign(canary, one_of_each=True)
    campaign.run(CANARY_S, lambda found: {f.engine for f in found} == set(options.engines))
    if campaign.failure:
        raise campaign.failure
    if interrupted():
        raise Interrupted
    first = {finding.engine: finding for finding in campaign.findings}
    missing = [engine for engine in options.engines if engine not in first]
    if missing:
        raise Failure(Exit.INFRASTRUCTURE, f"{' and '.join(missing)} did not find the canary's "
                      f"race in {CANARY_S:.0f} s: nothing would be proved; logs in {out}/runs")
    say("canary: found by " + ", by ".join(
        f"{engine} in {first[engine].seconds:.1f} s" for engine in options.engines))


def _shown(walkrace: Walkrace, *arguments: str | Path) -> None:
    """Runs a command whose output is for people."""
    done = walkrace.run(*arguments)
    print(f"\n{done.stdout.rstrip()}", flush=True)
    if done.code != Exit.CLEAN:
        command = " ".join(map(str, [walkrace.binary, *arguments]))
        raise Failure(Exit.INFRASTRUCTURE, f"{command} ends with {done.code}\n{tail(done.stderr)}")


def minimize_and_explain(finding: Finding, backend: str) -> None:
    walkrace = finding.walkrace
    if walkrace is None or finding.file.suffix != ".walk":
        return
    minimal = finding.file.with_suffix(".min.walk")
    _shown(walkrace, "minimize", finding.file, "-o", minimal, "--backend", backend)
    _shown(walkrace, "explain", minimal)
    print(f"\nnext\n  {walkrace.binary} replay {minimal}\n  {walkrace.binary} explain {minimal}",
          flush=True)


def needs_weak_memory(options: Options, walkrace: Walkrace) -> bool:
    """Whether nothing else can show one of its variants."""
    _, known = walkrace.json("list")
    return any(row["name"] in options.variants and row["needs"] == "weak-memory"
               for row in known["variants"])


def fuzz_stage(options: Options, is_last: bool) -> Campaign:
    """One campaign, from its first line to its summary."""
    campaign = Campaign(options)
    kept = len(campaign.place.corpus.files())
    cores = ", ".join(f"{fuzzer.name} on core {fuzzer.core}" for fuzzer in campaign.fuzzers)
    under = f" under {options.model}" if options.runs_scenarios else ""
    say(f"fuzzing {options.target}{under} for {options.time:.0f} s: {cores}; from {campaign.seed_count} "
        f"seeds and {kept} inputs of earlier runs; logs in {campaign.place.run}")
    stop_at_first = bool(options.variants)
    campaign.run(options.time, lambda found: stop_at_first and len(found) > 0)
    print_summary(campaign, is_last)
    if stop_at_first and campaign.findings:
        try:
            minimize_and_explain(campaign.findings[0], options.backend)
        except Interrupted:
            complain("interrupted; the finding is kept as it was found")
        except Failure as failure:
            complain(str(failure))
    return campaign


def fuzz(options: Options, weak_alone: bool) -> Exit:
    """One memory model after the other, until one has found what a variant takes out."""
    campaigns: list[Campaign] = []
    stages = options.stages(weak_alone)
    for stage in stages:
        campaign = fuzz_stage(stage, is_last=stage is stages[-1])
        campaigns.append(campaign)
        if interrupted() or campaign.failure or (options.variants and campaign.findings):
            break
    return verdict(campaigns)


def verdict(campaigns: list[Campaign]) -> Exit:
    """Of all together; says what stands in its way."""
    findings = [finding for campaign in campaigns for finding in campaign.findings]
    code = exit_code(findings, interrupted(),
                     any(campaign.has_defects for campaign in campaigns))
    last = campaigns[-1]
    if last.failure:
        complain(str(last.failure))
        return code if findings else last.failure.code
    for campaign in campaigns:
        if code == Exit.CLEAN and not any(fuzzer.schedules for fuzzer in campaign.fuzzers):
            complain(f"no input was run to its end under {campaign.options.model}: nothing was "
                     f"proved. Give it a longer --time; logs in {campaign.place.run}")
            return Exit.INFRASTRUCTURE
    return code


def session(options: Options) -> Exit:
    plain = Walkrace("plain")
    options = add_profile(options, plain)
    check_names(options, plain)
    flavours = ["plain"] + ([options.judge] if options.flavour == "tsan" else [])
    for flavour in flavours:  # that see what the fuzzers see
        require_alive(Walkrace(flavour), options.kernel_tree)
        require_controls(Walkrace(flavour), options.variants, options.profile, options.backend,
                         options.memory)
    if "aflpp" in options.engines:
        say(Aflpp.SAID)
    if not options.variants and options.target != "canary":
        require_canary(options)
    clear_leftovers(options.out)
    unconfirmed = take_up_killed_runs(options.out, options.kernel_tree)
    code = fuzz(options, needs_weak_memory(options, plain))
    return Exit.INFRASTRUCTURE if unconfirmed else code


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--print-builds"]:  # for fuzz/run
        print("\n".join(dict.fromkeys(parse_options(arguments[1:]).builds)))
        return Exit.CLEAN
    if arguments[:1] == ["--print-tree"]:  # for fuzz/build.sh
        print_tree(parse_options(arguments[1:]).kernel_tree)
        return Exit.CLEAN
    check_only = arguments[:1] == ["--check-names"]  # for fuzz/run
    options = parse_options(arguments[1:] if check_only else arguments)
    start_script("fuzz/run")
    use_tree(options.kernel_tree)
    try:
        if check_only:
            plain = Walkrace("plain")
            check_names(add_profile(options, plain), plain)
            return Exit.CLEAN
        return session(options)
    except Failure as failure:
        complain(str(failure))
        return failure.code
    except Interrupted:
        complain("interrupted before the fuzzing began")
        return Exit.INTERRUPTED
    except OSError as error:
        complain(f"{error}: check the rights and the free space of {options.out}")
        return Exit.INFRASTRUCTURE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
