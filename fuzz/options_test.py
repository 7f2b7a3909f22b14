"""What fuzz/run takes from its command line, and repeats of it. Run by ctest (fuzz_scripts)."""

import contextlib
import io
import shlex
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from options import Options, parse_options


class Command(unittest.TestCase):
    def test_leaves_out_what_is_so_by_default(self) -> None:
        self.assertEqual(parse_options([]).command, "fuzz/run --target gup_vs_collapse")
        self.assertEqual(parse_options(["--target", "codec"]).command, "fuzz/run --target codec")

    def test_repeats_all_that_was_said(self) -> None:
        with tempfile.TemporaryDirectory(prefix="with a blank ") as folder:
            said = ["--target", "canary", "--engine", "aflpp", "--variant", "no-table-sync",
                    "--profile", "arm64", "--memory", "tso", "--flavour", "plain", "--jobs", "2",
                    "--backend", "threads", "--corpus", folder,
                    "--out", str(Path(folder) / "out"), "--strict"]
            options = parse_options(said)
            self.assertEqual(shlex.split(options.command), ["fuzz/run", *said])

    def test_read_again_gives_the_same(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for said in ([], ["--target", "codec", "--flavour", "tsan"],
                         ["--variant", "collapse-race", "--profile", "arm64", "--out", folder]):
                options = parse_options(said)
                again: Options = parse_options(shlex.split(options.command)[1:])
                self.assertEqual(options, again)


class Memory(unittest.TestCase):
    def stages(self, *said: str, weak_alone: bool = False) -> list[tuple[str, float]]:
        return [(stage.model, stage.time)
                for stage in parse_options(list(said)).stages(weak_alone)]

    def test_is_sc_then_a_quarter_of_the_time_lkmm(self) -> None:
        self.assertEqual(self.stages("--time", "8m"), [("sc", 360), ("lkmm", 120)])
        self.assertEqual(self.stages("--time", "20s"), [("sc", 15), ("lkmm", 5)])

    def test_is_sc_alone_where_that_is_too_little(self) -> None:
        self.assertEqual(self.stages("--time", "19s"), [("sc", 19)])
        self.assertEqual(self.stages("--time", "19s", weak_alone=True), [("lkmm", 19)])

    def test_is_the_one_that_is_said(self) -> None:
        self.assertEqual(self.stages("--memory", "tso"), [("tso", 60)])
        self.assertEqual(self.stages("--memory", "sc", weak_alone=True), [("sc", 60)])

    def test_is_none_of_a_target_that_runs_no_scenarios(self) -> None:
        self.assertEqual(self.stages("--target", "codec"), [("sc", 60)])
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
            parse_options(["--target", "codec", "--memory", "lkmm"])

    def test_is_no_default_of_the_environment(self) -> None:
        with mock.patch.dict("os.environ", WALKRACE_MEMORY="tso"):
            self.assertEqual(self.stages(), [("sc", 45), ("lkmm", 15)])

    def test_of_a_stage_is_not_repeated_but_given_to_walkrace(self) -> None:
        sc, lkmm = parse_options([]).stages(weak_alone=False)
        self.assertEqual(lkmm.command, "fuzz/run --target gup_vs_collapse")
        self.assertEqual(lkmm.context_flags, ["--target", "gup_vs_collapse", "--memory", "lkmm"])
        self.assertEqual(sc.context_flags, ["--target", "gup_vs_collapse"])


class BackEnd(unittest.TestCase):
    def test_explores_on_fibers_and_confirms_under_thread_sanitizer(self) -> None:
        for said in ([], ["--flavour", "plain"]):
            options = parse_options(said)
            self.assertEqual(options.backend, "fibers")
            self.assertIn("tsan", options.judge)
            self.assertIn(options.judge, options.builds)

    def test_on_threads_nothing_more_is_built(self) -> None:
        options = parse_options(["--flavour", "plain", "--backend", "threads"])
        self.assertEqual(set(options.builds), {"plain", "libfuzzer", "aflpp"})

    def test_the_environment_chooses_where_no_option_does(self) -> None:
        with mock.patch.dict("os.environ", WALKRACE_BACKEND="threads"):
            self.assertEqual(parse_options([]).backend, "threads")
            self.assertEqual(parse_options(["--backend", "fibers"]).backend, "fibers")

    def test_unknown_ones_are_usage(self) -> None:
        with contextlib.redirect_stderr(io.StringIO()):
            with self.assertRaises(SystemExit) as by_option:
                parse_options(["--backend", "goroutines"])
            with mock.patch.dict("os.environ", WALKRACE_BACKEND="goroutines"), \
                    self.assertRaises(SystemExit) as by_environment:
                parse_options([])
        self.assertEqual((by_option.exception.code, by_environment.exception.code), (2, 2))


class Variants(unittest.TestCase):
    def test_are_named_once_each(self) -> None:
        options = parse_options(["--variant", "no-table-sync, collapse-race,no-table-sync"])
        self.assertEqual(options.variants, ["no-table-sync", "collapse-race"])


if __name__ == "__main__":
    unittest.main()
