"""Wrong names are refused before anything is run, and the canary takes what is built. Run by ctest
(fuzz_scripts)."""

import contextlib
import io
import unittest
from unittest import mock

import driver
from options import parse_options
from tool import Exit

KNOWN = {kind: [{"name": name}] for kind, name in
         (("targets", "gup_vs_collapse"), ("variants", "collapse-race"), ("profiles", "arm64"))}


class CheckNames(unittest.TestCase):
    def check(self, *options: str) -> tuple[int, str]:
        said = io.StringIO()
        with mock.patch("driver.Walkrace") as walkrace, mock.patch("driver.start_script"), \
                mock.patch("driver.session") as session, contextlib.redirect_stderr(said):
            walkrace.return_value.json.return_value = (0, KNOWN)
            code = driver.main(["--check-names", *options])
        session.assert_not_called()
        return code, said.getvalue()

    def test_known_ones_pass(self) -> None:
        self.assertEqual(self.check(), (Exit.CLEAN, ""))
        self.assertEqual(self.check("--variant", "collapse-race", "--profile", "arm64"),
                         (Exit.CLEAN, ""))

    def test_unknown_ones_are_usage(self) -> None:
        for kind in ("target", "variant", "profile"):
            code, said = self.check(f"--{kind}", "nothing")
            self.assertEqual(code, Exit.USAGE)
            self.assertIn(f"unknown {kind} 'nothing'; known are: ", said)


class Canary(unittest.TestCase):
    def test_takes_what_is_built(self) -> None:
        for target in ("gup_vs_mm", "codec"):
            for flavour in ("tsan", "plain", "asan"):
                for backend in ("threads", "fibers"):
                    with self.subTest(target=target, flavour=flavour, backend=backend):
                        options = parse_options(["--target", target, "--flavour", flavour,
                                                 "--backend", backend])
                        self.assertIn(driver.canary_options(options).judge, options.builds)


if __name__ == "__main__":
    unittest.main()
