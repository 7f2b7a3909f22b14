"""What OS threads must show of what a fuzzer saved, and of its corpus. Run by ctest (fuzz_scripts)."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from corpus import Corpus, digest
from findings import ScenarioJudge
from options import parse_options
from sample import FILES_MAX, CorpusSample
from summary import confirmation, exit_code
from tool import Completed, Exit, Failure

FOUND = {"verdict": "violation", "oracle": "no-stale-page", "signature": "no-stale-page: a / b",
         "message": "CPU 0 did"}
CLEAN = {"verdict": "clean", "oracle": None}


def row(file: str, alike: bool = True, threads: str = "no-stale-page") -> dict[str, Any]:
    return {"file": file, "alike": alike, "fibers": "no-stale-page", "threads": threads,
            "known_exposed": None}


class FakeWalkrace:
    """Answers every replay alike, and every comparison by a row that `compare` gives, or none."""

    binary = Path("build/tsan/bin/walkrace")

    def __init__(self, replay: dict[str, Any], compare: Any = lambda file: None):
        self.replay, self.compare = replay, compare
        self.compared: list[str] = []  # the inputs, by name
        self.commands: list[list[str]] = []

    def run(self, *arguments: Any, **_: Any) -> Completed:
        self.commands.append([str(word) for word in arguments])
        if arguments[0] == "convert":
            Path(arguments[2]).write_text("walkrace 1\nexpect clean\n", encoding="utf-8")
        return Completed(0, json.dumps(self.replay), "")

    def json(self, command: str, *arguments: Any, **_: Any) -> tuple[int, dict[str, Any]]:
        assert command == "confirm"
        files = [str(word) for word in arguments[:list(arguments).index("--target")]]
        self.compared += [Path(file).name for file in files]
        rows = [found for found in map(self.compare, files) if found]
        alike = len(files) - sum(not found["alike"] for found in rows)
        return 0, {"inputs": len(files), "alike": alike, "rows": rows}


class OnThreads(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.options = parse_options(["--out", folder.name, "--backend", "fibers"])
        self.said = io.StringIO()
        redirected = contextlib.redirect_stderr(self.said)
        redirected.__enter__()
        self.addCleanup(redirected.__exit__, None, None, None)

    def judge(self, walkrace: FakeWalkrace) -> ScenarioJudge:
        return ScenarioJudge(self.options, walkrace, walkrace)  # type: ignore[arg-type]

    def save(self, name: str = "crash-1", content: bytes = b"\1bytes") -> Path:
        file = self.folder / name
        file.write_bytes(content)
        return file


class Findings(OnThreads):
    def test_are_confirmed(self) -> None:
        walkrace = FakeWalkrace(FOUND, row)
        judge = self.judge(walkrace)
        finding = judge.take(self.save(), "libfuzzer", 1.0, slow=False)
        assert finding is not None
        self.assertEqual(finding.signature, FOUND["signature"])
        self.assertEqual((judge.confirmed, judge.unconfirmed), (1, []))
        self.assertIn("1 of 1 findings confirmed on OS threads", confirmation(judge, None)[0])
        replay = walkrace.commands[0]
        self.assertEqual(replay[replay.index("--backend") + 1], "threads")

    def test_are_of_the_memory_model_that_showed_them(self) -> None:
        files = set()
        for options in parse_options(["--out", str(self.folder)]).stages(weak_alone=False):
            self.options, walkrace = options, FakeWalkrace(FOUND, row)
            finding = self.judge(walkrace).take(self.save(), "libfuzzer", 1.0, slow=False)
            assert finding is not None
            files.add(finding.file.name.rsplit("-", 1)[0])
            for command in walkrace.commands:
                said = command[command.index("--memory") + 1] if "--memory" in command else "sc"
                self.assertEqual(said, options.model)
        self.assertEqual(files, {"no-stale-page", "no-stale-page-lkmm"})

    def test_that_threads_do_not_show_are_named_and_kept(self) -> None:
        judge = self.judge(FakeWalkrace(CLEAN))
        self.assertIsNone(judge.take(self.save(), "libfuzzer", 1.0, slow=False))
        self.expect_refused(judge)

    def test_that_come_out_otherwise_are_named_and_kept(self) -> None:
        judge = self.judge(FakeWalkrace(FOUND, lambda file: row(file, alike=False)))
        self.assertIsNotNone(judge.take(self.save(), "libfuzzer", 1.0, slow=False))
        self.expect_refused(judge)

    def test_that_thread_sanitizer_does_not_let_come_out_are_named_and_kept(self) -> None:
        for compare in (lambda file: None, lambda file: row(file, threads="clean")):
            judge = self.judge(FakeWalkrace(FOUND, compare))
            self.assertIsNotNone(judge.take(self.save(), "libfuzzer", 1.0, slow=False))
            self.expect_refused(judge)

    def test_of_a_data_race_may_come_seldom(self) -> None:
        judge = self.judge(FakeWalkrace(FOUND | {"oracle": "data-race"}))
        self.assertIsNotNone(judge.take(self.save(), "libfuzzer", 1.0, slow=False))
        self.assertEqual((judge.confirmed, judge.unconfirmed), (1, []))

    def test_on_which_the_confirmation_dies_are_named_and_kept(self) -> None:
        def die(_: str) -> None:
            raise Failure(Exit.INFRASTRUCTURE, "no JSON")
        judge = self.judge(FakeWalkrace(FOUND, die))
        self.assertIsNotNone(judge.take(self.save(), "libfuzzer", 1.0, slow=False))
        self.expect_refused(judge)

    def expect_refused(self, judge: ScenarioJudge) -> None:
        (file,) = judge.unconfirmed
        self.assertEqual(judge.confirmed, 0)
        self.assertEqual(file.read_bytes(), b"\1bytes")
        self.assertIn(f"NOT CONFIRMED: {file}, by libfuzzer", self.said.getvalue())
        lines = confirmation(judge, None)
        self.assertIn("0 of 1 findings confirmed on OS threads", lines[0])
        self.assertEqual(lines[1], f"  NOT CONFIRMED: {file}")

    def test_of_a_slow_moment_may_vanish(self) -> None:
        judge = self.judge(FakeWalkrace(CLEAN))
        self.assertIsNone(judge.take(self.save("timeout-1"), "libfuzzer", 1.0, slow=True))
        self.assertEqual(judge.unconfirmed, [])
        self.assertIn("shows nothing when it is run again", self.said.getvalue())

    def test_that_were_never_written_are_nothing(self) -> None:
        judge = self.judge(FakeWalkrace(CLEAN))
        self.assertIsNone(judge.take(self.save(content=b""), "libfuzzer", 1.0, slow=False))
        self.assertEqual((judge.unconfirmed, self.said.getvalue()), ([], ""))


class Sample(OnThreads):
    def sample(self, walkrace: FakeWalkrace, count: int) -> CorpusSample:
        corpus = Corpus(self.folder / "corpus")
        for index in range(count):
            corpus.add(b"\1" + bytes([index >> 8, index & 255]))
        return CorpusSample(self.judge(walkrace), corpus)

    def test_takes_each_input_once(self) -> None:
        walkrace = FakeWalkrace(CLEAN)
        sample = self.sample(walkrace, FILES_MAX + 10)
        for replayed in (FILES_MAX, FILES_MAX + 10, FILES_MAX + 10):
            self.assertEqual(sample.take(), [])
            self.assertEqual(sample.replayed, replayed)
        self.assertEqual(len(set(walkrace.compared)), FILES_MAX + 10)
        self.assertEqual(walkrace.compared[:FILES_MAX], sorted(walkrace.compared)[:FILES_MAX])
        self.assertIn("210 corpus inputs replayed on OS threads under ThreadSanitizer: same traces",
                      confirmation(self.judge(walkrace), sample)[0])

    def test_takes_what_is_new_first(self) -> None:
        walkrace = FakeWalkrace(CLEAN)
        self.sample(walkrace, FILES_MAX + 10)
        corpus = Corpus(self.folder / "corpus")
        sample = CorpusSample(self.judge(walkrace), corpus)
        corpus.add(b"\1new")
        corpus.add(b"\1newer")
        sample.take()
        self.assertIn(digest(b"\1new"), walkrace.compared)
        self.assertIn(digest(b"\1newer"), walkrace.compared)
        self.assertEqual(sample.replayed, FILES_MAX)

    def test_names_what_is_not_the_same(self) -> None:
        bad = digest(b"\1\0\2")
        walkrace = FakeWalkrace(
            CLEAN, lambda file: row(file, alike=False) if Path(file).name == bad else None)
        sample = self.sample(walkrace, 5)
        self.assertEqual(sample.take(), [])
        (file,) = sample.different
        self.assertEqual(file.read_bytes(), b"\1\0\2")
        self.assertIn(f"NOT CONFIRMED: {file}", self.said.getvalue())
        lines = confirmation(self.judge(walkrace), sample)
        self.assertIn("4 same", lines[0])
        self.assertEqual(lines[1], f"  NOT CONFIRMED: {file}")
        self.assertEqual(exit_code([], interrupted=False, defects=True), Exit.INFRASTRUCTURE)

    def test_hands_on_what_violates(self) -> None:
        bad = digest(b"\1\0\2")
        walkrace = FakeWalkrace(CLEAN, lambda file: row(file) if Path(file).name == bad else None)
        sample = self.sample(walkrace, 5)
        self.assertEqual([file.name for file in sample.take()], [bad])
        self.assertEqual(sample.different, [])


if __name__ == "__main__":
    unittest.main()
