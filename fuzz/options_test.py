"""What fuzz/run takes from its command line, and repeats of it. Run by ctest (fuzz_scripts)."""

import shlex
import tempfile
import unittest
from pathlib import Path

from options import Options, parse_options


class Command(unittest.TestCase):
    def test_leaves_out_what_is_so_by_default(self) -> None:
        self.assertEqual(parse_options([]).command, "fuzz/run --target gup_vs_collapse")
        self.assertEqual(parse_options(["--target", "codec"]).command, "fuzz/run --target codec")

    def test_repeats_all_that_was_said(self) -> None:
        with tempfile.TemporaryDirectory(prefix="with a blank ") as folder:
            said = ["--target", "canary", "--engine", "aflpp", "--variant", "no-table-sync",
                    "--profile", "arm64", "--flavour", "plain", "--jobs", "2", "--corpus", folder,
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


class Variants(unittest.TestCase):
    def test_are_named_once_each(self) -> None:
        options = parse_options(["--variant", "no-table-sync, collapse-race,no-table-sync"])
        self.assertEqual(options.variants, ["no-table-sync", "collapse-race"])


if __name__ == "__main__":
    unittest.main()
