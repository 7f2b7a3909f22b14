"""ci/gate after the build: controls, the regression corpus, a bounded fuzzing run. See --help."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from controls import Control, run_controls
from corpus import read_bytes
from junit import Case, write_junit
from kernel_tree import (KernelTree, add_tree_options, print_tree, require_alive, tree_of,
                         use_tree)
from options import BACKENDS, MEMORY_MODELS, duration, usable_folder
from tool import (Exit, Failure, Interrupted, SEVERITY, Walkrace, binary_of, complain, interrupted,
                  run_child, say, start_script, tail)

EPILOG = """\
Ends with 0 clean; 77 violation; 66 data race only; 70 time-out; 71 out of memory; 2 usage, or a
file that cannot be read; 3 something is missing, a positive control was not caught, or a file of
the regression corpus no longer shows what it was kept for; 130 interrupted, nothing found.
"""
CODEC_PRESET = "libfuzzer-asan"
FUZZED_TARGETS = ("gup_vs_collapse", "gup_vs_mm")
UNMODIFIED = "unmodified"
MATRIX = Path("src/machine/profiles/matrix.jsonl")


class Gate:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.tree: KernelTree | None = getattr(options, "tree", None)
        self.cases: list[Case] = []
        self.codes: set[int] = set()
        self.walkraces = {flavour: Walkrace(flavour) for flavour in ("plain", "tsan")}
        self.controlled: set[str] = set()  # the variants whose controls were run

    def add(self, case: Case, code: Exit = Exit.CLEAN) -> None:
        self.cases.append(case)
        self.codes.add(code)
        if case.failure:
            complain(f"{case.suite}: {case.failure}")

    def controls(self, flavour: str) -> None:
        started = time.monotonic()
        rows = run_controls(self.walkraces[flavour], backend=self.options.backend)
        self.take_controls(flavour, rows)
        self.cases[-1].seconds = time.monotonic() - started  # of all of them: one process
        skipped = sum(row.found == "skipped" for row in rows)
        say(f"controls ({flavour}): {sum(row.held for row in rows)} of {len(rows)} as expected, "
            f"{skipped} of them skipped")

    def take_controls(self, flavour: str, rows: list[Control]) -> None:
        for row in rows:
            case = Case(f"controls.{flavour}", f"{row.variant} on {row.profile}",
                        skipped=row.found == "skipped", failure="" if row.held else str(row))
            self.add(case, Exit.CLEAN if row.held else Exit.INFRASTRUCTURE)
            if row.found != "skipped":
                self.controlled.add(row.variant)

    def require_all_controls(self) -> None:
        """A control that nobody runs any more is not caught either."""
        listed = variants_of(MATRIX)
        for name in listed:
            missing = "" if name in self.controlled else \
                f"{name} is in {MATRIX}, but no flavour ran its control"
            self.add(Case("controls.all", name, failure=missing),
                     Exit.INFRASTRUCTURE if missing else Exit.CLEAN)
        if not listed:
            raise Failure(Exit.INFRASTRUCTURE, f"{MATRIX} names no variant")

    def regressions(self) -> None:
        files = sorted(path for path in Path("corpus").glob("*/regression/**/*") if path.is_file())
        for target in self._targets():
            if not any(file.parts[1] == target for file in files):
                self.add(Case(f"regression.{target}", "files",
                              failure=f"no file in corpus/{target}/regression: nothing is proved"),
                         Exit.INFRASTRUCTURE)
        failed = 0
        for file in files:
            started = time.monotonic()
            failure, code = self._replay(file)
            failed += bool(failure)
            suite = f"regression.{file.parts[1]}"
            self.add(Case(suite, str(file), time.monotonic() - started, failure), code)
        say(f"regression corpus: {len(files) - failed} of {len(files)} as expected")

    def _targets(self) -> list[str]:
        """Those whose schedules are kept: the canary fails whatever the paths do."""
        _, known = self.walkraces["plain"].json("list")
        return [row["name"] for row in known["targets"]
                if row["runs_scenarios"] and row["name"] != "canary"]

    def _replay(self, file: Path) -> tuple[str, Exit]:
        """What is wrong with a file of the regression corpus, and the exit code for it."""
        target = file.parts[1]
        if target == "codec":
            return _run_codec(file)
        code, answer = 0, {}
        for flavour in ("plain", "tsan"):
            try:
                code, answer = self.walkraces[flavour].json(
                    "replay", file, "--target", target, "--backend", self.options.backend)
            except Failure as failure:
                return str(failure), failure.code
            if answer["expect"] != "data-race":
                break  # else only ThreadSanitizer sees it
        return judge_replay(file, code, answer)

    def fuzzing(self) -> None:
        """The time is shared by the targets."""
        for target in FUZZED_TARGETS:
            self._fuzz(target, self.options.time / len(FUZZED_TARGETS))

    def _fuzz(self, target: str, seconds: float) -> None:
        command = ["fuzz/run", "--target", target, "--time", str(seconds),
                   "--backend", self.options.backend, "--out", str(self.options.out)]
        command += ["--strict"] if self.options.strict else []
        command += ["--memory", self.options.memory] if self.options.memory else []
        command += self.tree.flags if self.tree else []
        started = time.monotonic()
        with subprocess.Popen(command) as child:
            while child.poll() is None:
                if interrupted():
                    child.send_signal(signal.SIGTERM)  # it may not be of our process group
                    child.wait()
                time.sleep(0.1)
        code = child.returncode
        failure = "" if code == Exit.CLEAN else \
            f"{' '.join(command)} ends with {code}; its summary names the files"
        self.add(Case("fuzzing", f"{target}, {f'kernel tree {self.tree.name}' if self.tree else 'unmodified paths'}",
                      time.monotonic() - started, failure),
                 Exit(code) if code in Exit._value2member_map_ else Exit.INFRASTRUCTURE)

    def exit_code(self) -> int:
        order = [*SEVERITY, Exit.INFRASTRUCTURE, Exit.USAGE, Exit.INTERRUPTED]
        return next((code for code in order if code in self.codes), Exit.CLEAN)


def variants_of(matrix: Path) -> list[str]:
    """The variants of the matrix that was checked in. Empty where there is no such file."""
    lines = read_bytes(matrix).decode(errors="replace").splitlines()
    try:
        names = {json.loads(line)["variant"] for line in lines if line}
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(Exit.USAGE, f"{matrix} is no matrix (ci/matrix makes it): {error}") from error
    return sorted(names - {UNMODIFIED})


def judge_replay(file: Path, code: int, answer: dict) -> tuple[str, Exit]:
    """What is wrong with a replay, against the file's own `expect` line; and the exit code."""
    expect = answer["expect"]
    found = answer["oracle"] or "clean"
    if expect is None:
        return f"{file} has no 'expect' line (here: expect {found})", Exit.USAGE
    if found != expect:
        # What was a violation and is none any more was a positive control.
        return (f"{file}: expected {expect}, found {found}; {answer['parting']}",
                Exit.INFRASTRUCTURE if found == "clean" else Exit(code))
    if answer["drifted"] and expect == "clean":
        return (f"{file}: the code has changed since its schedule was recorded; clean says nothing "
                f"now. What changed: walkrace replay {file}", Exit.INFRASTRUCTURE)
    if answer["drifted"]:
        complain(f"{file} still shows {expect}, but the code has changed since it was recorded: "
                 "minimise it again some time")
    return "", Exit.CLEAN


def _run_codec(file: Path) -> tuple[str, Exit]:
    binary = binary_of(CODEC_PRESET, "codec")
    if not binary.is_file():
        return f"no {binary}: start it with ci/gate", Exit.INFRASTRUCTURE
    done = run_child([str(binary), str(file)], timeout=120)
    return ("", Exit.CLEAN) if done.code == 0 else \
        (f"{binary} {file} ends with {done.code}\n{tail(done.stderr)}", Exit.VIOLATION)


def usable_file(text: str) -> Path:
    """For argparse: a file that can be written, in a folder that is made where there is none."""
    path = Path(text).resolve()  # what a link points to
    if path.exists() and not path.is_file():
        raise argparse.ArgumentTypeError(f"{path} is no file; name one that can be written")
    usable_folder(str(path.parent))
    return path


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="ci/gate", epilog=EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="What a merge must pass: the positive controls in plain and tsan, every file "
                    "of corpus/*/regression\nagainst its 'expect' line, and fuzzing of the "
                    "unmodified paths (fuzz/run) for a while.\nWith --kernel-tree that tree is "
                    "checked and fuzzed: a merge request against the kernel; the controls are\nof "
                    "walkrace's own paths all the same.")
    parser.add_argument("--time", type=duration, default=120.0, metavar="TIME",
                        help="of fuzzing: 90, 90s, 15m, 8h (default 120s)")
    parser.add_argument("--strict", action="store_true",
                        help="known exposures of a profile are violations, too")
    parser.add_argument("--backend", choices=BACKENDS, default=BACKENDS[0],
                        help="what carries the CPUs (default threads, whatever WALKRACE_BACKEND "
                             "says)")
    parser.add_argument("--memory", choices=MEMORY_MODELS,
                        help="memory model of the fuzzing (walkrace list); default: sc, then part "
                             "of the time under lkmm. Controls run under what each needs, files of "
                             "the corpus under what they say")
    parser.add_argument("--junit", type=usable_file, metavar="FILE", help="write JUnit XML")
    parser.add_argument("--out", type=usable_folder, default="out", metavar="DIR",
                        help="of fuzz/run (default out)")
    add_tree_options(parser)
    options = parser.parse_args(arguments)
    options.tree = tree_of(options, parser)
    return options


def run(gate: Gate) -> int:
    try:
        for flavour, walkrace in gate.walkraces.items():
            require_alive(walkrace, gate.tree)
            gate.controls(flavour)
        gate.require_all_controls()
        if gate.codes - {Exit.CLEAN}:
            complain("a positive control was not caught: nothing else would be proved")
            return Exit.INFRASTRUCTURE
        gate.regressions()
        gate.fuzzing()
    except Failure as failure:
        gate.add(Case("gate", "infrastructure", failure=str(failure)), failure.code)
    except Interrupted:
        gate.add(Case("gate", "interrupted", failure="interrupted"), Exit.INTERRUPTED)
    except OSError as error:
        gate.add(Case("gate", "infrastructure", failure=str(error)), Exit.INFRASTRUCTURE)
    return gate.exit_code()


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--check-options"]:  # for ci/gate
        parse(arguments[1:])
        return Exit.CLEAN
    if arguments[:1] == ["--print-tree"]:  # for fuzz/build.sh
        print_tree(parse(arguments[1:]).tree)
        return Exit.CLEAN
    options = parse(arguments)
    start_script("ci/gate")
    use_tree(options.tree)
    try:
        gate = Gate(options)
    except Failure as failure:
        complain(str(failure))
        return failure.code
    code = run(gate)
    if options.junit:
        try:
            write_junit(options.junit, gate.cases)
        except OSError as error:
            complain(f"--junit: {error}; check the folder, its rights and the free space")
            code = code or Exit.INFRASTRUCTURE
    say("passed" if code == Exit.CLEAN else f"failed, exit code {code}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
