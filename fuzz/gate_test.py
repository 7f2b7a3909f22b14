"""Which controls may be skipped, and which may not be missing; what carries the CPUs. Run by ctest
(fuzz_scripts)."""

import argparse
import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from controls import Control
from gate import Gate, parse
from tool import Exit



def caught(variant: str) -> Control:
    return Control(variant, "arm64", "no-stale-page", "no-stale-page", 10)


def skipped(variant: str) -> Control:
    return Control(variant, "arm64", "skipped", "skipped", 0)


class RequireAllControls(unittest.TestCase):
    def judge(self, listed: str, **rows: list[Control]) -> tuple[set[int], str]:
        """The exit codes of the gate, and all that it says."""
        said = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, mock.patch("gate.Walkrace"), \
                mock.patch("gate.MATRIX", Path(folder) / "matrix.jsonl") as matrix, \
                contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            matrix.write_text("".join(f'{{"variant":"{name}"}}\n' for name in listed.split()))
            gate = Gate(argparse.Namespace())
            for flavour, controls in rows.items():
                gate.take_controls(flavour, controls)
            gate.require_all_controls()
        return gate.codes, said.getvalue()

    def test_one_that_ran_anywhere_is_there(self) -> None:
        codes, _ = self.judge("unmodified a b", plain=[caught("a"), skipped("b")],
                              tsan=[caught("a"), caught("b")])
        self.assertEqual(codes, {Exit.CLEAN})

    def test_one_that_all_skip_is_not(self) -> None:
        codes, said = self.judge("unmodified a b", plain=[caught("a"), skipped("b")],
                                 tsan=[caught("a"), skipped("b")])
        self.assertIn(Exit.INFRASTRUCTURE, codes)
        self.assertIn("no flavour ran its control", said)

    def test_a_vanished_one_is_not(self) -> None:
        codes, said = self.judge("unmodified a b", plain=[caught("a")], tsan=[caught("a")])
        self.assertIn(Exit.INFRASTRUCTURE, codes)
        self.assertIn("b is in", said)


def fuzzing_command(*said: str) -> list[str]:
    """The last fuzz/run that the gate starts."""
    with tempfile.TemporaryDirectory() as out, mock.patch("gate.Walkrace"), \
            mock.patch("subprocess.Popen") as started, \
            mock.patch.dict("os.environ", WALKRACE_BACKEND="fibers"):
        child = started.return_value.__enter__.return_value
        child.poll.return_value = child.returncode = Exit.CLEAN
        Gate(parse(["--out", out, *said])).fuzzing()
    return started.call_args.args[0]


class Memory(unittest.TestCase):
    def test_is_left_to_the_fuzzing_unless_it_is_said(self) -> None:
        self.assertNotIn("--memory", fuzzing_command())
        command = fuzzing_command("--memory", "lkmm")
        self.assertEqual(command[command.index("--memory") + 1], "lkmm")

    def test_unknown_ones_are_usage(self) -> None:
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as ended:
            parse(["--memory", "vax"])
        self.assertEqual(ended.exception.code, 2)


class BackEnd(unittest.TestCase):
    def fuzzed_on(self, *said: str) -> str:
        command = fuzzing_command(*said)
        return command[command.index("--backend") + 1]

    def test_is_os_threads_whatever_the_environment_says(self) -> None:
        self.assertEqual(self.fuzzed_on(), "threads")

    def test_may_be_chosen(self) -> None:
        self.assertEqual(self.fuzzed_on("--backend", "fibers"), "fibers")

    def test_is_that_of_controls_and_replays_too(self) -> None:
        with mock.patch("gate.Walkrace") as walkrace, \
                tempfile.TemporaryDirectory() as out:
            json = walkrace.return_value.json
            json.return_value = (0, {"controls": [vars(caught("a"))], "expect": "clean",
                                     "oracle": None, "drifted": False})
            gate = Gate(parse(["--out", out]))
            with contextlib.redirect_stdout(io.StringIO()):
                gate.controls("plain")
            gate._replay(Path("corpus/gup_vs_mm/regression/any.walk"))
        for call in json.call_args_list:
            self.assertEqual(call.args[call.args.index("--backend") + 1], "threads")
        self.assertEqual(json.call_count, 2)


if __name__ == "__main__":
    unittest.main()
