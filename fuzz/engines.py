"""libFuzzer and AFL++ as supervised processes: how each is started, watched and ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from corpus import Corpus
from options import Options
from progress import ProgressFile
from tool import SEVERITY, Exit, Failure, binary_of, complain, tail

SCENARIO_BYTES_MAX = 512  # some 150 preemptions: short inputs are searched faster
TEXT_BYTES_MAX = 4096
TIMEOUT_S = 10  # of one input; what a slow machine makes of a millisecond
# The defaults of the targets (fuzz/tsan_options.cc), for whoever thinks otherwise.
TSAN_OPTIONS = "halt_on_error=1:abort_on_error=0:report_signal_unsafe=0:exitcode=66:atexit_sleep_ms=0"


# Patterns below a fuzzer's folder. A resumed AFL++ renames its folder of crashes.
LIBFUZZER_SAVES = ("crash-*", "timeout-*", "oom-*", "leak-*")
AFLPP_SAVES = ("crashes*/id:*", "hangs*/id:*")
AFLPP_KEEPS = ("queue/id:*+cov",)  # reached something new, not only more often


def _matching(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return sorted(path for pattern in patterns for path in folder.glob(pattern))


def is_slow(saved: Path) -> bool:
    """Whether it was saved for its time or its memory: another run may show nothing."""
    return saved.name.startswith(("timeout-", "oom-", "leak-")) or \
        saved.parent.name.startswith("hangs")


@dataclass
class Place:
    """The folders of one run."""

    run: Path  # logs, and what the fuzzers save
    seeds: Path
    corpus: Corpus

    @property
    def start(self) -> Path:
        """Seeds and corpus in one, as they were when the run began: AFL++ takes one folder."""
        return self.run / "start"


class Fuzzer:
    """One process of one engine, with all its restarts."""

    engine = ""

    def __init__(self, options: Options, place: Place, number: int, core: int):
        self.name = f"{self.engine}-{number}" if options.jobs > 1 else self.engine
        self.options = options
        self.place = place
        self.core = core
        run = place.run
        self.log = run / f"{self.name}.log"
        self.progress = ProgressFile(run / f"{self.name}.progress")
        self.binary = binary_of(options.preset(self.engine), options.target)
        self._process: subprocess.Popen[bytes] | None = None
        self._schedules_at_start = 0
        self._failures = 0
        if not self.binary.is_file():
            raise Failure(Exit.INFRASTRUCTURE, f"no {self.binary}: start it with fuzz/run")

    # --- What each engine says -----------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Where it saves."""
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {}

    def artifacts(self) -> list[Path]:
        """What it saved so far, complete or not."""
        raise NotImplementedError

    def is_slow(self, saved: Path) -> bool:
        return is_slow(saved)

    def coverage(self) -> str:
        raise NotImplementedError

    def share(self) -> None:
        """Copies what it found worth keeping to the corpus."""

    @property
    def bytes_max(self) -> int:
        return SCENARIO_BYTES_MAX if self.options.runs_scenarios else TEXT_BYTES_MAX

    @property
    def dictionary(self) -> Path | None:
        path = Path("fuzz") / f"{self.options.target}.dict"
        return path if path.exists() else None

    # --- The process ---------------------------------------------------------------------------

    @property
    def schedules(self) -> int:
        return self.progress.schedules

    def start(self) -> None:
        self._schedules_at_start = self.schedules
        # Killed with us; on its own core, with the target that it starts.
        guard = ["setpriv", "--pdeathsig", "KILL", "--", "taskset", "-c", str(self.core)]
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                guard + self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self._whole_environment(), start_new_session=True)

    def poll(self) -> None:
        """Starts it again when it has ended. Raises Failure when it cannot run."""
        if self._process is None or self._process.poll() is None:
            return
        code = self._process.returncode
        ran = self.schedules - self._schedules_at_start
        if ran > 0 and code in SEVERITY:
            self._failures = 0  # a finding ends libFuzzer
        else:
            self._failures += 1
            if ran == 0 or self._failures >= 5:
                raise Failure(Exit.INFRASTRUCTURE, f"{self.name} ended with {code} after {ran} "
                              f"schedules; the end of {self.log}:\n{tail(self.log_text())}")
            complain(f"{self.name} ended with {code}, see {self.log}; started again")
        self.start()

    def stop(self) -> None:
        """Asks it to end."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def join(self, deadline: float) -> None:
        """Waits for its end; at the deadline (of time.monotonic) kills it with its children."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            complain(f"{self.name} does not end, and is killed")
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def log_text(self) -> str:
        """The end of its log."""
        with open(self.log, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - (1 << 16)))
            return file.read().decode(errors="replace")

    def _whole_environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith("WALKRACE_")}
        kept["TSAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("TSAN_OPTIONS"), TSAN_OPTIONS]))
        kept["WALKRACE_TARGET"] = self.options.target
        if self.options.strict:
            kept["WALKRACE_STRICT"] = "1"
        kept["WALKRACE_PROGRESS"] = str(self.progress.path)
        if self.options.kernel_tree:
            kept["WALKRACE_TREE"] = self.options.kernel_tree.name
        if self.options.variants:
            kept["WALKRACE_VARIANT"] = self.options.variant
        if self.options.profile:
            kept["WALKRACE_PROFILE"] = self.options.profile
        if self.options.profile_file:
            kept["WALKRACE_PROFILE_FILE"] = str(self.options.profile_file.resolve())
        kept["WALKRACE_MEMORY"] = self.options.model
        kept["WALKRACE_BACKEND"] = self.options.backend
        return kept | self.environment()


class LibFuzzer(Fuzzer):
    """Ends with each finding, and is started again: -fork=1 would lose the figures and the log
    of its children, and reports a data race as one of its own failures."""

    engine = "libfuzzer"

    @property
    def folder(self) -> Path:
        return self.place.run / f"{self.name}-saved"

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        super().start()

    def command(self) -> list[str]:
        words = [f"-dict={self.dictionary}"] if self.dictionary else []
        return [str(self.binary), f"-artifact_prefix={self.folder}/", f"-max_len={self.bytes_max}",
                # Lengths are the custom mutator's business; other processes' finds are taken over.
                "-len_control=0", "-reload=5", f"-timeout={TIMEOUT_S}", "-rss_limit_mb=4096",
                "-detect_leaks=0", "-print_final_stats=1",
                # Nearly every input shows some rare order of accesses: favour the newest instead.
                "-entropic=0", *words,
                str(self.place.corpus.folder), str(self.place.seeds)]

    def artifacts(self) -> list[Path]:
        return _matching(self.folder, LIBFUZZER_SAVES)

    def coverage(self) -> str:
        found = re.findall(r"\bcov: (\d+)", self.log_text()) if self.log.exists() else []
        return f"{int(found[-1]):,} edges" if found else "starts"


class Aflpp(Fuzzer):
    """Goes on after a finding by itself."""

    engine = "aflpp"

    SETTINGS = {
        "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",  # core_pattern may be a pipe
        "AFL_SKIP_CPUFREQ": "1",  # the governor may not be ours to set
        "AFL_NO_AFFINITY": "1",  # taskset has chosen
        "AFL_NO_UI": "1",
        "AFL_FORKSRV_INIT_TMOUT": "60000",
        "AFL_CRASH_EXITCODE": str(int(Exit.DATA_RACE)),  # ThreadSanitizer ends without a signal
        "AFL_FAST_CAL": "1",  # the targets are deterministic
        "AFL_AUTORESUME": "1",  # should it have to be started again
    }
    SAID = ("AFL++ runs with AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES, AFL_SKIP_CPUFREQ, "
            "AFL_NO_AFFINITY and TSAN_OPTIONS set: core_pattern and the CPU governor stay as they are")

    def __init__(self, options: Options, place: Place, number: int, core: int):
        super().__init__(options, place, number, core)
        self._log_read = 0
        self._refused: list[Path] = []
        self._slow: set[Path] = set()  # of those

    @property
    def _home(self) -> Path:
        """All processes of a run keep their folders here, and look into each other's."""
        return self.place.run / "aflpp-saved"

    @property
    def folder(self) -> Path:
        return self._home / (self.name if self.options.jobs > 1 else "default")

    def command(self) -> list[str]:
        job = ["-S", self.name] if self.options.jobs > 1 else []
        words = ["-x", str(self.dictionary)] if self.dictionary else []
        return ["afl-fuzz", "-i", str(self.place.start), "-o", str(self._home), *job, *words,
                "-m", "none", "-t", str(TIMEOUT_S * 1000), "-G", str(self.bytes_max),
                "--", str(self.binary)]

    def environment(self) -> dict[str, str]:
        settings = dict(self.SETTINGS)
        mutator = self.binary.parent / "libwalkrace_aflpp_mutator.so"
        if self.options.runs_scenarios:
            settings["AFL_CUSTOM_MUTATOR_LIBRARY"] = str(mutator.resolve())
            settings["AFL_CUSTOM_MUTATOR_ONLY"] = "1"
        return settings

    def artifacts(self) -> list[Path]:
        return _matching(self.folder, AFLPP_SAVES) + self._refused_seeds()

    def _refused_seeds(self) -> list[Path]:
        """Inputs that violate from the start: it leaves them out, and says so in its log alone."""
        if not self.log.exists():
            return []  # it could not be started
        with open(self.log, "rb") as log:
            log.seek(self._log_read)
            text = log.read()
        complete = text.rfind(b"\n") + 1
        self._log_read += complete
        for name, cause in re.findall(rb"orig:(\w+)' results in a (crash|timeout)", text[:complete]):
            self._refused.append(self.place.start / name.decode())
            if cause == b"timeout":
                self._slow.add(self._refused[-1])
        return [seed for seed in self._refused if seed.exists()]

    def is_slow(self, saved: Path) -> bool:
        return saved in self._slow or super().is_slow(saved)

    def coverage(self) -> str:
        plot = self.folder / "plot_data"
        lines = plot.read_text(errors="replace").splitlines() if plot.exists() else []
        edges = lines[-1].split(",")[-1].strip() if len(lines) > 1 else ""
        if edges.isdecimal():  # a full disk cuts it short
            return f"{int(edges):,} edges and orders"
        # It writes its figures after a minute, and at its end.
        return f"{len(_matching(self.folder, ['queue/id:*'])):,} inputs kept"

    def share(self) -> None:
        self.place.corpus.take(_matching(self.folder, AFLPP_KEEPS))


ENGINE_CLASSES: dict[str, type[Fuzzer]] = {kind.engine: kind for kind in (LibFuzzer, Aflpp)}


def coverage_text(options: Options, fuzzers: list[Fuzzer]) -> str:
    """Each fuzzer's own figure, and how many orders of accesses any of them saw."""
    parts = [f"{fuzzer.name} {fuzzer.coverage()}" for fuzzer in fuzzers]
    if options.runs_scenarios:
        seen = 0
        for fuzzer in fuzzers:
            seen |= fuzzer.progress.orders
        parts.append(f"{seen.bit_count():,} orders of accesses")
    return "; ".join(parts)


def saved_files(run: Path) -> list[Path]:
    """What all fuzzers of a run saved as findings."""
    return (_matching(run, [f"libfuzzer*-saved/{name}" for name in LIBFUZZER_SAVES]) +
            _matching(run, [f"aflpp-saved/*/{name}" for name in AFLPP_SAVES]))


def kept_files(run: Path) -> list[Path]:
    """What AFL++'s processes of a run keep as their corpus."""
    return _matching(run, [f"aflpp-saved/*/{name}" for name in AFLPP_KEEPS])
