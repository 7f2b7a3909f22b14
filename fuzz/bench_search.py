"""ci/bench-search after the build: fills src/engine/SEARCH.md. See --help."""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from corpus import write_atomically
from tool import Exit, Failure, Interrupted, Walkrace, complain, interrupted, run_child, say, start_script

TABLE = Path("src/engine/SEARCH.md")
HEAD = Path("src/engine/SEARCH.head.md")
MATRIX = Path("src/machine/profiles/matrix.jsonl")
TARGET = "gup_vs_mm"
SCHEDULES_MAX = 20_000  # of a trial by a strategy
FUZZER_SECONDS = 10  # of a trial by a fuzzer
NEEDS_PREEMPTIONS = 3  # by the smallest schedule known: what fuzzers are tried on
SEED_RACE = "collapse-race"
NO_ORDERS = {"WALKRACE_NO_ORDERS": "1"}
AFL_SETTINGS = {
    "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1",
    "AFL_NO_UI": "1", "AFL_FORKSRV_INIT_TMOUT": "60000", "AFL_FAST_CAL": "1",
    "AFL_BENCH_UNTIL_CRASH": "1", "AFL_CUSTOM_MUTATOR_LIBRARY": "",
}


@dataclass
class Case:
    variant: str
    profile: str
    depth: int
    flavour: str  # of the command line tool
    scenario: Path  # of the variant's control


@dataclass
class Trial:
    schedules: int
    seconds: float  # of CPU
    found: bool


@dataclass
class Row:
    case: Case
    search: str
    trials: list[Trial]

    def quartiles(self, of: str) -> list[float]:
        """Of the trials, a trial that never found it counting as more than any other."""
        values = sorted(getattr(trial, of) if trial.found else float("inf") for trial in self.trials)
        if len(values) == 1:
            return values * 3
        low, middle, high = (values[round(q * (len(values) - 1))] for q in (0.25, 0.5, 0.75))
        return [low, middle, high]

    def cell(self) -> str:
        low, middle, high = map(number, self.quartiles("schedules"))
        never = sum(not trial.found for trial in self.trials)
        return f"{middle} ({low} to {high})" + (f", {never} never" if never else "")


def number(value: float) -> str:
    return "never" if value == float("inf") else f"{value:,.0f}"


# --- The cases -------------------------------------------------------------------------------------


def cases_of(tools: dict[str, Walkrace], work: Path) -> list[Case]:
    """Every variant that bites in some flavour, on arm64 where it bites there."""
    cases = []
    for flavour, tool in tools.items():
        _, known = tool.json("list")
        for row in known["variants"]:
            if row["needs"] != (None if flavour == "plain" else flavour) or not row["bites_on"]:
                continue
            scenario = work / f"{row['name']}.walk"
            scenario.write_text(row["control"], encoding="utf-8")
            profile = "arm64" if "arm64" in row["bites_on"] else row["bites_on"][0]
            cases.append(Case(row["name"], profile, row["depth"], flavour, scenario))
    return cases


def hard_cases(cases: list[Case]) -> list[Case]:
    """The seed's race, and each variant that takes three or more preemptions on a profile, there."""
    most: dict[str, tuple[int, str]] = {}
    for line in MATRIX.read_text(encoding="utf-8").splitlines():
        cell = json.loads(line)
        if cell["state"] == "bites":
            best = most.get(cell["variant"], (0, ""))
            most[cell["variant"]] = max(best, (cell["preemptions"], cell["profile"]))
    hard = [case for case in cases if case.variant == SEED_RACE]
    for case in cases:
        preemptions, profile = most.get(case.variant, (0, ""))
        if case.flavour == "plain" and preemptions >= NEEDS_PREEMPTIONS:
            hard.append(Case(case.variant, profile, case.depth, case.flavour, case.scenario))
    return hard


# --- The trials ------------------------------------------------------------------------------------


def by_strategy(tool: Walkrace, case: Case, strategy: str, seed: int) -> Trial:
    depth = ["--depth", str(case.depth)] if strategy == "pct" else []
    _, answer = tool.json("hunt", "--target", TARGET, "--variant", case.variant, "--profile",
                          case.profile, "--scenario", case.scenario, "--strategy", strategy,
                          "--seed", str(seed), "--schedules", str(SCHEDULES_MAX), *depth)
    found = answer["first_violation_at"]
    return Trial(found or answer["schedules"], answer["seconds"], found is not None)


def fuzzer_environment(case: Case, extra: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WALKRACE_")}
    return kept | {"WALKRACE_VARIANT": case.variant, "WALKRACE_PROFILE": case.profile} | extra


def seed_folder(tool: Walkrace, case: Case, work: Path) -> Path:
    """The control's scenario without a schedule, as the one input to begin with."""
    folder = work / f"{case.variant}.seeds"
    folder.mkdir(exist_ok=True)
    done = tool.run("convert", case.scenario, folder / "seed", "--bytes")
    if done.code != Exit.CLEAN:
        raise Failure(Exit.INFRASTRUCTURE, f"{case.scenario} is not converted: {done.stderr}")
    return folder


def by_libfuzzer(case: Case, seeds: Path, extra: dict[str, str], seed: int) -> Trial:
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        done = run_child([f"build/libfuzzer/bin/{TARGET}", f"-artifact_prefix={folder}/",
                          f"-seed={seed}", "-max_len=512", "-len_control=0", "-detect_leaks=0",
                          "-print_final_stats=1", f"-max_total_time={FUZZER_SECONDS}",
                          folder, str(seeds)],
                         timeout=6 * FUZZER_SECONDS, env=fuzzer_environment(case, extra))
        seconds = time.monotonic() - started
    runs = [int(count) for count in re.findall(r"^#(\d+)|number_of_executed_units: (\d+)",
                                               done.stderr, re.M)
            for count in count if count]
    return Trial(max(runs, default=0), seconds, done.code not in (Exit.CLEAN,))


def by_aflpp(case: Case, seeds: Path, extra: dict[str, str], seed: int) -> Trial:
    with tempfile.TemporaryDirectory() as folder:
        settings = AFL_SETTINGS | {
            "AFL_CUSTOM_MUTATOR_LIBRARY": str(Path("build/aflpp/bin/walkrace_aflpp_mutator.so"))}
        started = time.monotonic()
        run_child(["afl-fuzz", "-i", str(seeds), "-o", folder, "-s", str(seed), "-t", "10000",
                   "-V", str(FUZZER_SECONDS), "--", f"build/aflpp/bin/{TARGET}"],
                  timeout=6 * FUZZER_SECONDS + 60,
                  env=fuzzer_environment(case, settings | extra))
        seconds = time.monotonic() - started
        out = Path(folder) / "default"
        found = any(out.glob("crashes/id:*"))
        stats = out / "fuzzer_stats"
        text = stats.read_text(encoding="utf-8") if stats.exists() else ""
        runs = re.search(r"execs_done\s*:\s*(\d+)", text)
    return Trial(int(runs[1]) if runs else 0, seconds, found)


# --- The tables ------------------------------------------------------------------------------------


def table(rows: list[Row], searches: list[str]) -> str:
    by_case: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        by_case.setdefault((row.case.variant, row.case.profile), {})[row.search] = row
    lines = ["| variant | profile | " + " | ".join(searches) + " |",
             "| --- | --- |" + " --- |" * len(searches)]
    for (variant, profile), of in by_case.items():
        cells = [of[search].cell() if search in of else "" for search in searches]
        lines.append(f"| {variant} | {profile} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def sums(rows: list[Row], searches: list[str]) -> str:
    """One line a search: how many variants it finds at the median, and the CPU time of it all."""
    lines = ["| search | variants found by the median trial | largest median | CPU seconds, all trials |",
             "| --- | --- | --- | --- |"]
    for search in searches:
        medians = [row.quartiles("schedules")[1] for row in rows if row.search == search]
        found = [median for median in medians if median != float("inf")]
        seconds = sum(trial.seconds for row in rows if row.search == search for trial in row.trials)
        lines.append(f"| {search} | {len(found)} of {len(medians)} | "
                     f"{number(max(found, default=0))} | {seconds:,.0f} |")
    return "\n".join(lines) + "\n"


def machine() -> str:
    models = re.findall(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return f"{len(models)} cores, {models[0] if models else 'unknown'}"


def as_json(rows: list[Row]) -> str:
    return json.dumps([{"variant": row.case.variant, "profile": row.case.profile,
                        "search": row.search,
                        "trials": [vars(trial) for trial in row.trials]} for row in rows], indent=1)


# --- All of it -------------------------------------------------------------------------------------


class Bench:
    def __init__(self, options: argparse.Namespace, work: Path):
        self.options = options
        self.tools = {flavour: Walkrace(flavour) for flavour in ("plain", "tsan")}
        self.work = work
        self.cases = cases_of(self.tools, work)
        if options.variants:
            wanted = options.variants.split(",")
            self.cases = [case for case in self.cases if case.variant in wanted]
        self.pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1)

    def rows(self, cases: list[Case], searches: dict) -> list[Row]:
        """`searches`: a name, and a function of a case and a seed."""
        jobs = [(case, name, [self.pool.submit(search, case, seed)
                              for seed in range(1, self.options.trials + 1)])
                for case in cases for name, search in searches.items()]
        rows, told = [], time.monotonic()
        for done, (case, name, trials) in enumerate(jobs):
            rows.append(Row(case, name, [trial.result() for trial in trials]))
            if interrupted():
                raise Interrupted
            if time.monotonic() - told >= 2:
                told = time.monotonic()
                say(f"{done + 1} of {len(jobs)}: {case.variant}, {name}: {rows[-1].cell()}")
        return rows

    def strategies(self) -> tuple[list[Row], list[str]]:
        _, known = self.tools["plain"].json("list")
        names = [row["name"] for row in known["strategies"] if row["name"] != "schedule"]
        searches = {name: lambda case, seed, name=name:
                    by_strategy(self.tools[case.flavour], case, name, seed) for name in names}
        return self.rows(self.cases, searches), names

    def fuzzers(self) -> tuple[list[Row], list[str]]:
        cases = hard_cases(self.cases)
        seeds = {case.variant: seed_folder(self.tools["plain"], case, self.work) for case in cases}
        searches = {}
        for name, extra in (("", {}), (" without orders", NO_ORDERS)):
            searches["libFuzzer" + name] = lambda case, seed, extra=extra: \
                by_libfuzzer(case, seeds[case.variant], extra, seed)
            if shutil.which("afl-fuzz"):
                searches["AFL++" + name] = lambda case, seed, extra=extra: \
                    by_aflpp(case, seeds[case.variant], extra, seed)
        return self.rows(cases, searches), list(searches)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="ci/bench-search",
        description=f"Schedules and CPU seconds to the first violation, for every variant by every "
                    f"strategy, and for the fuzzers on what takes {NEEDS_PREEMPTIONS} or more "
                    f"preemptions; writes {TABLE}.")
    parser.add_argument("--trials", type=int, default=20, help="seeds of each (default 20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every trial, too")
    parser.add_argument("--variants", help="these only (a,b); writes no table")
    parser.add_argument("--no-fuzzers", action="store_true", help="strategies only; writes no table")
    options = parser.parse_args()
    if options.trials < 1:
        parser.error("--trials: at least 1")
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, Path(work))
        started = time.monotonic()
        rows, names = bench.strategies()
        text = f"{options.trials} seeds each; {machine()}.\n\n" + sums(rows, names) + "\n" + \
            table(rows, names)
        if not options.no_fuzzers:
            fuzzed, engines = bench.fuzzers()
            rows += fuzzed
            text += f"\n## Fuzzers, {FUZZER_SECONDS} s a trial\n\n" + sums(fuzzed, engines) + "\n" + \
                table(fuzzed, engines)
    if options.json:
        write_atomically(options.json, as_json(rows).encode())
    if options.variants or options.no_fuzzers:
        print(text)
    else:
        write_atomically(TABLE, (HEAD.read_text(encoding="utf-8") + text).encode())
    say(f"took {time.monotonic() - started:,.0f} s")
    return Exit.CLEAN


def run() -> int:
    start_script("ci/bench-search")
    try:
        return main()
    except Interrupted:
        complain("interrupted: nothing is written")
        return Exit.INTERRUPTED
    except Failure as failure:
        complain(str(failure))
        return failure.code


if __name__ == "__main__":
    sys.exit(run())
