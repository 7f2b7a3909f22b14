"""From what a fuzzer saved to a finding: verified by a replay, in .walk form, with a signature."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from corpus import NO_PROFILE, digest, read_bytes, write_atomically
from options import USUAL_MODEL, Options
from tool import Completed, Exit, Failure, Walkrace, binary_of, complain, run_child

KEPT_OF_A_SIGNATURE = 50  # later ones are only counted
REPLAYS = 20  # of what ThreadSanitizer may miss once
RARE_REPLAYS = 1000  # of what it may miss that often
DEFAULT_PROFILE = "arm64"  # the targets' (fuzz/scenario_target.cc)


@dataclass
class Finding:
    engine: str
    seconds: float  # of fuzzing before it was seen
    signature: str
    message: str
    code: Exit
    file: Path  # .walk, or the bytes where a target has no scenarios
    walkrace: Walkrace | None  # the one that sees it; None where a target has no scenarios


def _verdict(code: int) -> Exit:
    return Exit(code) if code in (Exit.DATA_RACE, Exit.TIMEOUT, Exit.OUT_OF_MEMORY) \
        else Exit.VIOLATION


def _last_words(done: Completed) -> str:
    """What a process that died said of the cause: a failed check, a sanitizer's summary."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"SUMMARY:|check failed|CHECK|ERROR:", line)]
    return re.sub(r"0x[0-9a-f]+|==\d+==", "", (telling or lines or ["no message"])[-1]).strip()


def clear_leftovers(out: Path) -> None:
    """Removes what killed processes left half made among the findings."""
    for left in (out / "findings").glob("*/.*"):
        pid = re.fullmatch(r"\..*\.(\d+)\.tmp", left.name)
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        elif pid and not Path("/proc", pid[1]).exists():
            left.unlink(missing_ok=True)


class Judge:
    """Decides whether what a fuzzer saved is a finding, and keeps it."""

    def __init__(self, options: Options):
        self.options = options
        self.folder = options.out / "findings" / options.place
        self.folder.mkdir(parents=True, exist_ok=True)
        self.counts: Counter[str] = Counter()  # by signature; those not kept included
        self.confirmed = 0  # findings that OS threads show, later ones included
        self.unconfirmed: list[Path] = []  # what they do not show: defects of walkrace
        self.failure: OSError | None = None  # what it could not write
        self._seen: set[str] = set()
        self._earlier: set[Path] = set()  # files that an earlier run kept

    def take(self, saved: Path, engine: str, seconds: float, slow: bool) -> Finding | None:
        """None for what was seen before, what cannot be reproduced, and what is not kept. `slow`:
        that it shows nothing now is no proof of a defect."""
        content = read_bytes(saved)
        name = digest(content)
        # Empty: it is gone, or a killed fuzzer never came to write it.
        if name in self._seen or (not content and not saved.name.endswith(name)):
            return None
        self._seen.add(name)
        finding = self.judge(saved, content, engine, seconds)
        if finding is None:
            self.missed(saved, content, engine, slow)
            return None
        self.counts[finding.signature] += 1
        if self.counts[finding.signature] > KEPT_OF_A_SIGNATURE and finding.file != saved:
            if finding.file not in self._earlier:
                finding.file.unlink(missing_ok=True)
            saved.unlink(missing_ok=True)
            return None
        return finding

    def _keep(self, file: Path, content: bytes, saved: Path) -> Path:
        """Writes a finding's file. Where that fails the fuzzer's own stays, and stands for it."""
        if file.exists():
            self._earlier.add(file)
        try:
            write_atomically(file, content)
        except OSError as error:
            self.failure = self.failure or error
            return saved
        return file

    def missed(self, saved: Path, content: bytes, engine: str, slow: bool) -> None:
        """Of what shows nothing when it is run again."""
        complain(f"{saved} (by {engine}) shows nothing when it is run again: a slow moment of this "
                 "machine, or a defect of walkrace")

    def judge(self, saved: Path, content: bytes, engine: str, seconds: float) -> Finding | None:
        raise NotImplementedError


class ScenarioJudge(Judge):
    """For targets that run scenarios: walkrace converts, replays on OS threads and names the
    signature."""

    def __init__(self, options: Options, plain: Walkrace, sharpest: Walkrace):
        super().__init__(options)
        self.plain = plain
        self.sharpest = sharpest  # sees data races too, where the fuzzers do
        self._refused = 0

    def judge(self, saved: Path, content: bytes, engine: str, seconds: float) -> Finding | None:
        with tempfile.TemporaryDirectory(prefix="walkrace-") as folder:
            raw = Path(folder) / "bytes"
            ran, context = self.as_run(content)
            raw.write_bytes(ran)
            for walkrace, repeat in self._attempts():
                replay = walkrace.run("replay", raw, *context, "--backend", "threads", "--repeat",
                                      str(repeat), "--json", timeout=120, patient=True)
                try:
                    answer = json.loads(replay.stdout)
                except ValueError:
                    return self._keep_bytes(saved, content, engine, seconds, replay)
                if answer["verdict"] == "clean":
                    continue
                walk = self._convert(walkrace, raw, context, answer["oracle"])
                if not walk:
                    return self._keep_bytes(saved, content, engine, seconds, replay)
                name = "-".join([answer["oracle"], *self._weak_model(), digest(content)[:12]])
                file = self._keep(self.folder / f"{name}.walk", walk, saved)
                code = Exit.DATA_RACE if answer["oracle"] == "data-race" else Exit.VIOLATION
                if why := self._doubt(raw, context, answer["oracle"]):
                    self.unconfirmed.append(self.refuse(saved, content, engine, why))
                else:
                    self.confirmed += 1
                return Finding(engine, seconds, answer["signature"], answer["message"], code, file,
                               walkrace)
        return None

    def _weak_model(self) -> list[str]:
        """For names of files: the same input may show something under two models."""
        return [] if self.options.model == USUAL_MODEL else [self.options.model]

    def _attempts(self) -> list[tuple[Walkrace, int]]:
        """Who replays it how often, until one shows it. ThreadSanitizer forgets accesses, and so
        may miss a race, some of them often."""
        if self.sharpest is self.plain:
            return [(self.plain, 1)]
        return [(self.plain, 1), (self.sharpest, REPLAYS), (self.sharpest, RARE_REPLAYS)]

    def _doubt(self, raw: Path, context: list[str], oracle: str) -> str:
        """Why what OS threads have shown is not what fibers did, or is not shown under
        ThreadSanitizer. Empty where it is."""
        if not self.options.compares_backends:
            return ""
        try:
            _, answer = self.sharpest.json("confirm", raw, *context, "--repeat", str(REPLAYS),
                                           patient=True)
        except Failure as failure:
            return str(failure)
        rows = answer["rows"]
        if answer["alike"] != 1:
            return f"{rows[0]['fibers']} on fibers, {rows[0]['threads']} on OS threads"
        missed = not rows or rows[0]["threads"] == "clean"
        return f"no {oracle} under ThreadSanitizer" if missed and oracle != "data-race" else ""

    def missed(self, saved: Path, content: bytes, engine: str, slow: bool) -> None:
        if slow:
            super().missed(saved, content, engine, slow)
        else:
            self.unconfirmed.append(
                self.refuse(saved, content, engine, "OS threads show nothing"))

    def refuse(self, saved: Path, content: bytes, engine: str, what: str) -> Path:
        """Keeps and names what does not come out on OS threads as it was found."""
        ran, context = self.as_run(content)
        name = "-".join(["unconfirmed", *self._weak_model(), digest(content)[:12]])
        file = self._keep(self.folder / f"{name}.bytes", ran, saved)
        self._refused += 1
        if self._refused <= KEPT_OF_A_SIGNATURE:
            complain(f"NOT CONFIRMED: {file}, by {engine}: {what}. A defect of walkrace or of the "
                     "code under test (it depends on something outside the run). See: "
                     f"{self.sharpest.binary} confirm {file} {' '.join(context)}")
        return file

    def _convert(self, walkrace: Walkrace, raw: Path, context: list[str], oracle: str) -> bytes:
        """The .walk form; empty where that fails."""
        walk = raw.with_name("finding.walk")
        done = walkrace.run("convert", raw, walk, *context, timeout=120, patient=True)
        text = read_bytes(walk) if done.code == Exit.CLEAN else b""
        return text.replace(b"\nexpect clean\n", b"\nexpect %s\n" % oracle.encode())

    def as_run(self, content: bytes) -> tuple[bytes, list[str]]:
        """What the fuzzer ran, and the options that say the rest. The targets' idea of the profile:
        the option's, else the input's, else arm64."""
        profile = self.options.profile
        if profile:
            content = NO_PROFILE + content[1:]
        elif content[:1] in (b"", NO_PROFILE):
            profile = DEFAULT_PROFILE
        return content, self.options.context_flags + (["--profile", profile] if profile else [])

    def _keep_bytes(self, saved: Path, content: bytes, engine: str, seconds: float,
                    done: Completed) -> Finding:
        """walkrace itself fails on it."""
        file = self._keep(self.folder / f"crash-{digest(content)[:12]}.bytes", content, saved)
        words = _last_words(done)
        self.confirmed += 1  # it was run on OS threads
        return Finding(engine, seconds, f"crash: {words}", words, _verdict(done.code), file,
                       self.plain)


class BytesJudge(Judge):
    """For targets without scenarios: the target itself is run on what was saved."""

    def __init__(self, options: Options):
        super().__init__(options)
        self.binaries = [binary_of(options.preset(engine), options.target)
                         for engine in options.engines]

    def judge(self, saved: Path, content: bytes, engine: str, seconds: float) -> Finding | None:
        for binary in self.binaries:
            done = run_child([str(binary), str(saved)], timeout=120, patient=True,
                             env={**os.environ, "TSAN_OPTIONS": "halt_on_error=1:exitcode=66"})
            if done.code == Exit.CLEAN:
                continue
            words = _last_words(done)
            file = self._keep(self.folder / f"crash-{digest(content)[:12]}", content, saved)
            return Finding(engine, seconds, f"{self.options.target}: {words}", words,
                           _verdict(done.code), file, None)
        return None
