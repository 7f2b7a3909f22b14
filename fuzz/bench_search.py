"""ci/bench-search after the build: fills src/engine/SEARCH.md. See --help."""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import math
import os
import re
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from corpus import write_atomically
from tool import Exit, Failure, Interrupted, Walkrace, complain, interrupted, run_child, say, start_script

TABLE = Path("src/engine/SEARCH.md")
HEAD = Path("src/engine/SEARCH.head.md")
MATRIX = Path("src/machine/profiles/matrix.jsonl")
TRIALS = Path("build/bench-search.jsonl")
TARGET = "gup_vs_mm"
BACKEND = "fibers"
SCHEDULES_MAX = 20_000  # of a trial by a strategy
RUNS_MAX = 50_000  # of a trial by a fuzzer: the same on a slow machine
FUZZER_SECONDS = 120  # which it needs for that, at most
NEEDS_PREEMPTIONS = 3  # by the smallest schedule known: what fuzzers are tried on
SEED_RACE = "collapse-race"
# As fuzz/engines.py runs libFuzzer. Without the orders its default is the better choice, and stays.
WITH_ORDERS = ["-entropic=0"]
# What a fuzzer is not told.
ARMS = {
    "": {},
    " without orders": {"WALKRACE_NO_ORDERS": "1"},
    " without orders and aims": {"WALKRACE_NO_ORDERS": "1", "WALKRACE_NO_AIMS": "1"},
}
AFL_SETTINGS = {
    "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1",
    "AFL_NO_UI": "1", "AFL_FORKSRV_INIT_TMOUT": "60000", "AFL_FAST_CAL": "1",
    "AFL_BENCH_UNTIL_CRASH": "1", "AFL_CUSTOM_MUTATOR_ONLY": "1",
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
                          "--backend", BACKEND, "--seed", str(seed), "--schedules", str(SCHEDULES_MAX), *depth)
    found = answer["first_violation_at"]
    return Trial(found or answer["schedules"], answer["seconds"], found is not None)


def fuzzer_environment(case: Case, extra: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WALKRACE_")}
    return kept | {"WALKRACE_TARGET": TARGET, "WALKRACE_VARIANT": case.variant,
                   "WALKRACE_PROFILE": case.profile, "WALKRACE_BACKEND": BACKEND,
                   "UBSAN_OPTIONS": "symbolize=0"} | extra


def seed_folder(tool: Walkrace, case: Case, work: Path) -> Path:
    """The control's scenario without a schedule, as the one input to begin with."""
    folder = work / f"{case.variant}.seeds"
    folder.mkdir(exist_ok=True)
    done = tool.run("convert", case.scenario, folder / "seed", "--bytes")
    if done.code != Exit.CLEAN:
        raise Failure(Exit.INFRASTRUCTURE, f"{case.scenario} is not converted: {done.stderr}")
    return folder


def by_libfuzzer(case: Case, seeds: Path, extra: dict[str, str], seed: int) -> Trial:
    options = [] if extra else WITH_ORDERS
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        done = run_child([f"build/libfuzzer/bin/{TARGET}", f"-artifact_prefix={folder}/",
                          f"-seed={seed}", "-max_len=512", "-len_control=0", "-detect_leaks=0",
                          "-print_final_stats=1", f"-runs={RUNS_MAX}", *options, folder,
                          str(seeds)],
                         timeout=FUZZER_SECONDS, env=fuzzer_environment(case, extra))
        seconds = time.monotonic() - started
    runs = [int(count) for count in re.findall(r"^#(\d+)|number_of_executed_units: (\d+)",
                                               done.stderr, re.M)
            for count in count if count]
    found = "libFuzzer: deadly signal" in done.stderr
    if not found and done.code not in (Exit.CLEAN, -signal.SIGKILL):
        raise Failure(Exit.INFRASTRUCTURE, f"libFuzzer ended with {done.code}: {done.stderr[-500:]}")
    return Trial(max(runs, default=0), seconds, found)


def by_aflpp(case: Case, seeds: Path, extra: dict[str, str], seed: int) -> Trial:
    with tempfile.TemporaryDirectory() as folder:
        settings = AFL_SETTINGS | {
            "AFL_CUSTOM_MUTATOR_LIBRARY": str(Path("build/aflpp/bin/libwalkrace_aflpp_mutator.so"))}
        started = time.monotonic()
        done = run_child(["afl-fuzz", "-i", str(seeds), "-o", folder, "-s", str(seed), "-t", "10000",
                          "-E", str(RUNS_MAX), "--", f"build/aflpp/bin/{TARGET}"],
                         timeout=FUZZER_SECONDS, env=fuzzer_environment(case, settings | extra))
        seconds = time.monotonic() - started
        out = Path(folder) / "default"
        stats = out / "fuzzer_stats"
        if not stats.exists():
            raise Failure(Exit.INFRASTRUCTURE, f"afl-fuzz ended with {done.code}: {done.stdout[-500:]}")
        runs = re.search(r"execs_done\s*:\s*(\d+)", stats.read_text(encoding="utf-8"))
        # It goes on to the end of a round when it has one.
        found = [int(count) for crash in out.glob("crashes/id:*")
                 for count in re.findall(r"execs:(\d+)", crash.name)]
    return Trial(min(found, default=int(runs[1]) if runs else 0), seconds, bool(found))


FUZZERS = {"libFuzzer": by_libfuzzer, "AFL++": by_aflpp}


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


def ratios(rows: list[Row], search: str, reference: str) -> str:
    """How many schedules the one needs of those that the other needs, at the median."""
    medians: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows:
        of = medians.setdefault((row.case.variant, row.case.profile), {})
        of[row.search] = row.quartiles("schedules")[1]
    lines, logs = [], []
    for (variant, profile), of in medians.items():
        ours, theirs = of[search], of[reference]
        if ours == float("inf"):
            lines.append(f"| {variant} | {profile} | never |")
            continue
        bound = "at most " if theirs == float("inf") else ""
        logs.append(math.log(ours / min(theirs, RUNS_MAX)))
        lines.append(f"| {variant} | {profile} | {bound}{math.exp(logs[-1]):.2f} |")
    if logs:
        lines.append(f"| geometric mean of these {len(logs)} | | "
                     f"{math.exp(statistics.mean(logs)):.2f} |")
        lines.append(f"| median of these | | {math.exp(statistics.median(logs)):.2f} |")
    return "\n".join([f"| variant | profile | {search}, of {reference} |", "| --- | --- | --- |",
                      *lines]) + "\n"


def machine() -> str:
    models = re.findall(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return f"{len(models)} cores, {models[0] if models else 'unknown'}"


class Kept:
    """Every trial, a line each, written as it ends: an interruption loses none that has."""

    def __init__(self, path: Path, resume: bool):
        self._trials: dict[tuple, Trial] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if resume and path.exists():
            self._read(path)
        self._file = open(path, "a" if resume else "w", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def _read(self, path: Path) -> None:
        whole = [line for line in path.read_text(encoding="utf-8").splitlines(True)
                 if line.endswith("\n")]  # the last may have been cut off
        path.write_text("".join(whole), encoding="utf-8")
        for line in whole:
            values = json.loads(line)
            key = tuple(values.pop(name) for name in ("variant", "profile", "search", "seed"))
            self._trials[key] = Trial(**values)

    def get(self, case: Case, name: str, search, seed: int) -> Trial:
        """The trial as it is kept, or made now."""
        key = (case.variant, case.profile, name, seed)
        if key not in self._trials:
            trial = search(case, seed)
            names = dict(zip(("variant", "profile", "search", "seed"), key))
            with self._lock:
                self._trials[key] = trial
                self._file.write(json.dumps(names | vars(trial)) + "\n")
        return self._trials[key]


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
        self.kept = Kept(options.json, options.resume)
        self.pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1)

    def rows(self, cases: list[Case], searches: dict) -> list[Row]:
        """`searches`: a name, and a function of a case and a seed."""
        jobs = [(case, name, [self.pool.submit(self.kept.get, case, name, search, seed)
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
        for engine, trial in FUZZERS.items():
            if engine == "AFL++" and not shutil.which("afl-fuzz"):
                continue
            for name, extra in ARMS.items():
                searches[engine + name] = lambda case, seed, trial=trial, extra=extra: \
                    trial(case, seeds[case.variant], extra, seed)
        return self.rows(cases, searches), list(searches)


def report(bench: Bench) -> str:
    rows, names = bench.strategies()
    text = f"{bench.options.trials} seeds each; {machine()}.\n\n" + sums(rows, names) + "\n" + \
        table(rows, names)
    if bench.options.no_fuzzers:
        return text
    rows, engines = bench.fuzzers()
    text += "\n## Fuzzers\n\n" + sums(rows, engines) + "\n" + table(rows, engines)
    for engine in FUZZERS:
        for arm in list(ARMS)[1:] if engine in engines else ():
            text += "\n" + ratios(rows, engine, engine + arm)
    return text


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="ci/bench-search",
        description=f"Schedules and CPU seconds to the first violation, for every variant by every "
                    f"strategy, and for the fuzzers on what takes {NEEDS_PREEMPTIONS} or more "
                    f"preemptions; writes {TABLE}.")
    parser.add_argument("--trials", type=int, default=20, help="seeds of each (default 20)")
    parser.add_argument("--json", type=Path, metavar="FILE", default=TRIALS,
                        help=f"where every trial is kept, a line each (default {TRIALS})")
    parser.add_argument("--resume", action="store_true",
                        help="begin with the trials that are in that file: of the same build, please")
    parser.add_argument("--variants", help="these only (a,b); writes no table")
    parser.add_argument("--no-fuzzers", action="store_true", help="strategies only; writes no table")
    options = parser.parse_args()
    if options.trials < 1:
        parser.error("--trials: at least 1")
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, Path(work))
        started = time.monotonic()
        try:
            text = report(bench)
        finally:
            bench.pool.shutdown(cancel_futures=True)
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
        complain("interrupted: the trials that have ended are kept, --resume goes on from them")
        return Exit.INTERRUPTED
    except Failure as failure:
        complain(str(failure))
        return failure.code


if __name__ == "__main__":
    sys.exit(run())
