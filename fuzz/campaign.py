"""Runs the fuzzers side by side until time, a finding or a signal ends them. Loses nothing: what
they save is judged and kept as it comes, and what a killed run left is taken up by the next."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Callable

from corpus import EMPTY_INPUT, Corpus, digest, make_seeds, read_bytes
from engines import (ENGINE_CLASSES, Fuzzer, Place, coverage_text, is_slow, kept_files,
                     saved_files)
from findings import BytesJudge, Finding, Judge, ScenarioJudge
from kernel_tree import KernelTree, tree_from_json
from options import USUAL_MODEL, Options
from progress import ProgressLine
from sample import CorpusSample
from tool import Exit, Failure, Walkrace, complain, interrupted, say

SETTLED_S = 0.3  # a file this old is written
SHARE_S = 5.0
COLLECT_S = 1.0
END_S = 10.0  # what a fuzzer may take to end
SPACE_MIN = 64 << 10  # bytes: what the last findings need, and more


def make_judge(options: Options) -> Judge:
    if not options.runs_scenarios:
        return BytesJudge(options)
    return ScenarioJudge(options, Walkrace("plain"), Walkrace(options.judge))


def _lock(run: Path) -> IO[str] | None:
    """Held while a process works on this run; None when another one does."""
    file = open(run / "lock", "a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def unwritable(error: OSError) -> Failure:
    """Of a run that cannot write any more."""
    return Failure(Exit.INFRASTRUCTURE, f"{error}: the fuzzers are stopped; what they saved is "
                   "kept, and the next run into this folder takes it up. Make room, or check the "
                   "disk")


class Campaign:
    """One run: OUT/runs/TARGET-DATE."""

    def __init__(self, options: Options, one_of_each: bool = False):
        """`one_of_each`: wants one finding of each fuzzer and nothing else, quietly."""
        self.options = options
        self.one_of_each = one_of_each
        self.judge = make_judge(options)
        self.findings: list[Finding] = []
        self.failure: Failure | None = None
        self.seconds = 0.0
        self._line = ProgressLine()
        self._looked_at: set[Path] = set()
        run = self._make_run()
        corpus = Corpus(options.out / "corpus" / options.place)
        self.place = Place(run, run / "seeds", corpus)
        self.seed_count = make_seeds(options, Walkrace("plain"), self.place.seeds)
        self.sample = self._make_sample()
        self._make_start()
        self.fuzzers = self._make_fuzzers()

    @property
    def has_defects(self) -> bool:
        """Whether OS threads did not do what fibers did."""
        return bool(self.judge.unconfirmed or (self.sample and self.sample.different))

    def _make_run(self) -> Path:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        model = "" if self.options.model == USUAL_MODEL else f"-{self.options.model}"
        run = self.options.out / "runs" / f"{self.options.place}{model}-{stamp}-{os.getpid()}"
        run.mkdir(parents=True)
        self._held = _lock(run)
        (run / "options.json").write_text(json.dumps(asdict(self.options), default=str),
                                          encoding="utf-8")
        return run

    def _make_sample(self) -> CorpusSample | None:
        if self.one_of_each or not self.options.compares_backends:
            return None
        assert isinstance(self.judge, ScenarioJudge)
        return CorpusSample(self.judge, self.place.corpus)

    def _make_start(self) -> None:
        start = Corpus(self.place.start)
        for folder in (self.place.seeds, self.place.corpus.folder):
            for file in Corpus(folder).files():
                start.add(read_bytes(file))
        start.add(EMPTY_INPUT)

    def _make_fuzzers(self) -> list[Fuzzer]:
        cores = sorted(os.sched_getaffinity(0))
        kinds = [ENGINE_CLASSES[name] for _ in range(self.options.jobs)
                 for name in self.options.engines]
        if len(kinds) > len(cores) and not self.one_of_each:
            say(f"{len(kinds)} fuzzers share {len(cores)} core(s): figures are lower for that")
        return [kind(self.options, self.place, index // len(self.options.engines) + 1,
                     cores[index % len(cores)])
                for index, kind in enumerate(kinds)]

    # --- The run -------------------------------------------------------------------------------

    def run(self, seconds: float, enough: Callable[[list[Finding]], bool]) -> None:
        """Until `seconds` have passed, `enough` says so of the findings, or a signal came. A
        fuzzer that cannot run, and a disk that cannot be written to, leave their Failure in
        `failure`."""
        self._started = shared = time.monotonic()
        try:
            for fuzzer in self.fuzzers:
                fuzzer.start()
            while not interrupted() and time.monotonic() - self._started < seconds:
                if full := self._no_space():  # before anyone fails for want of it
                    raise full
                self._collect(settled_only=True)  # before a fuzzer that ended is started again
                for fuzzer in self.fuzzers:
                    if not self._has_enough_of(fuzzer):
                        fuzzer.poll()
                if enough(self.findings):
                    break
                if time.monotonic() - shared >= SHARE_S:
                    shared = time.monotonic()
                    self._share()
                if self.sample and self.sample.due():
                    self._take_sample()
                if self._line.due():
                    self._show()
                time.sleep(0.05)
        except Failure as failure:
            self.failure = self._no_space() or failure
        except OSError as error:
            self.failure = unwritable(error)
        finally:
            self.seconds = time.monotonic() - self._started
            self._end()

    def _no_space(self) -> Failure | None:
        disk = os.statvfs(self.place.run)
        free = disk.f_bfree if os.geteuid() == 0 else disk.f_bavail
        if disk.f_blocks == 0 or free * disk.f_frsize >= SPACE_MIN:
            return None
        return unwritable(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.place.run)))

    def _end(self) -> None:
        for fuzzer in self.fuzzers:
            fuzzer.stop()
        deadline = time.monotonic() + END_S
        for fuzzer in self.fuzzers:
            fuzzer.join(deadline)
        try:
            if not self.one_of_each:
                self._collect(settled_only=False)
            self._share()
            if not self.failure:
                self._take_sample()
            shutil.rmtree(self.place.start, ignore_errors=True)
            (self.place.run / "done").touch()
        except Failure as failure:
            self.failure = self.failure or failure
        except OSError as error:  # not done: the next run takes up what is left
            self.failure = self.failure or unwritable(error)
        self._line.end()

    def _collect(self, settled_only: bool) -> None:
        """Judges what is new. While fuzzers run a little at a time: figures are to be shown, and
        the end of the time kept."""
        stop_at = time.monotonic() + (COLLECT_S if settled_only else float("inf"))
        for fuzzer in self.fuzzers:
            for saved in fuzzer.artifacts():
                if saved in self._looked_at or (settled_only and not _settled(saved)):
                    continue
                if time.monotonic() > stop_at or self._has_enough_of(fuzzer):
                    break
                self._looked_at.add(saved)
                content = read_bytes(saved)
                finding = self.judge.take(saved, fuzzer.name, time.monotonic() - self._started,
                                          fuzzer.is_slow(saved))
                if finding:
                    self.findings.append(finding)
                if not self.judge.failure:
                    self._drop(content)
                elif settled_only:
                    break
        if self.judge.failure:  # at the end, after all is judged
            raise self.judge.failure

    def _take_sample(self) -> None:
        """What it shows to violate no fuzzer has seen violate: a data race, by chance."""
        for file in self.sample.take() if self.sample else []:
            content = read_bytes(file)
            finding = self.judge.take(file, "the sample of the corpus",
                                      time.monotonic() - self._started, slow=True)
            if finding:
                self.findings.append(finding)
            self._drop(content)

    def _drop(self, content: bytes) -> None:
        """What violates must not end each process again at its start."""
        self.place.corpus.drop(content)
        Corpus(self.place.seeds).drop(content)

    def _has_enough_of(self, fuzzer: Fuzzer) -> bool:
        return self.one_of_each and any(found.engine == fuzzer.name for found in self.findings)

    def _share(self) -> None:
        for fuzzer in self.fuzzers:
            fuzzer.share()

    def _show(self) -> None:
        if self.one_of_each:
            return
        schedules = sum(fuzzer.schedules for fuzzer in self.fuzzers)
        unit = f"schedules under {self.options.model}" if self.options.runs_scenarios else "inputs"
        self._line.show(schedules, unit, coverage_text(self.options, self.fuzzers),
                        len(self.findings))


def _settled(path: Path) -> bool:
    """Whether it is written to its end: libFuzzer names its files by their content."""
    if path.name.endswith(digest(read_bytes(path))):
        return True
    try:
        return time.time() - path.stat().st_mtime > SETTLED_S
    except OSError:
        return False


# --- What a killed run left --------------------------------------------------------------------


def _options_of(run: Path, out: Path) -> Options:
    fields = json.loads((run / "options.json").read_text(encoding="utf-8"))
    options = Options(**fields)
    return replace(options, engines=tuple(options.engines), corpus=Path(options.corpus), out=out,
                   kernel_tree=tree_from_json(fields.get("kernel_tree")))


def _take_up(run: Path, options: Options) -> tuple[int, list[Path]]:
    judge = make_judge(options)
    Corpus(options.out / "corpus" / options.place).take(kept_files(run))
    found = [judge.take(saved, run.name, 0.0, is_slow(saved)) for saved in saved_files(run)]
    if judge.failure:
        raise judge.failure
    return sum(finding is not None for finding in found), judge.unconfirmed


def take_up_killed_runs(out: Path, tree: KernelTree | None) -> list[Path]:
    """Judges and keeps what runs saved that never came to their end; not those of another kernel
    tree than the one that is built in. Returns what OS threads do not show."""
    unconfirmed: list[Path] = []
    for options_file in sorted((out / "runs").glob("*/options.json")):
        run = options_file.parent
        if (run / "done").exists():
            continue
        try:
            lock = _lock(run)
            if lock is None:
                continue
            with lock:
                options = _options_of(run, out)
                if options.kernel_tree not in (None, tree):
                    continue
                count, refused = _take_up(run, options)
                unconfirmed += refused
                (run / "done").touch()
        except (Failure, ValueError, TypeError, OSError) as error:
            complain(f"{run} did not end, and cannot be taken up now: {error}")
        else:
            say(f"{run} did not end: {count} findings taken up from it")
    return unconfirmed
