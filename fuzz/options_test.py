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
                    "--profile", "arm64", "--flavour", "plain", "--jobs", "2",
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
