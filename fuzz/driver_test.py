"""Wrong names are refused before anything is run, and the canary takes what is built. Run by ctest
(fuzz_scripts)."""

import contextlib
import io
import unittest
from unittest import mock

import driver
from options import Options, parse_options
from tool import Exit, Failure

KNOWN = {kind: [{"name": name}] for kind, name in
         (("targets", "gup_vs_collapse"), ("variants", "collapse-race"), ("profiles", "arm64"),
          ("memory_models", "lkmm"))}


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
        self.assertEqual(self.check("--variant", "collapse-race", "--profile", "arm64",
                                    "--memory", "lkmm"),
                         (Exit.CLEAN, ""))

    def test_unknown_ones_are_usage(self) -> None:
        for kind in ("target", "variant", "profile"):
            code, said = self.check(f"--{kind}", "nothing")
            self.assertEqual(code, Exit.USAGE)
            self.assertIn(f"unknown {kind} 'nothing'; known are: ", said)


class Campaigns:
    """Stands for campaigns that find what they are told to, under the model they are told to."""

    def __init__(self, found_under: str = "", code: Exit = Exit.VIOLATION, idle: str = "",
                 failing: str = ""):
        self.run: list[tuple[str, float, bool]] = []
        self._found_under, self._code, self._idle, self._failing = found_under, code, idle, failing

    def __call__(self, options: Options, is_last: bool) -> mock.Mock:
        self.run.append((options.model, options.time, is_last))
        found = [mock.Mock(code=self._code)] if options.model == self._found_under else []
        failure = Failure(Exit.INFRASTRUCTURE, "no room") if options.model == self._failing else None
        return mock.Mock(options=options, findings=found, failure=failure, has_defects=False,
                         fuzzers=[mock.Mock(schedules=0 if options.model == self._idle else 9)])


class Fuzz(unittest.TestCase):
    def fuzz(self, campaigns: Campaigns, *said: str, weak_alone: bool = False) -> Exit:
        self.said = io.StringIO()
        with mock.patch("driver.fuzz_stage", campaigns), contextlib.redirect_stderr(self.said):
            return driver.fuzz(parse_options(list(said)), weak_alone)

    def test_gives_a_quarter_of_its_time_to_lkmm_after_sc(self) -> None:
        campaigns = Campaigns()
        self.assertEqual(self.fuzz(campaigns), Exit.CLEAN)
        self.assertEqual(campaigns.run, [("sc", 45, False), ("lkmm", 15, True)])

    def test_keeps_to_the_model_that_is_said(self) -> None:
        campaigns = Campaigns()
        self.fuzz(campaigns, "--memory", "tso")
        self.assertEqual(campaigns.run, [("tso", 60, True)])

    def test_runs_what_needs_weak_memory_under_lkmm_alone(self) -> None:
        campaigns = Campaigns()
        self.fuzz(campaigns, "--variant", "pin-no-barrier", weak_alone=True)
        self.assertEqual(campaigns.run, [("lkmm", 60, True)])

    def test_goes_on_after_a_finding(self) -> None:
        campaigns = Campaigns(found_under="sc")
        self.assertEqual(self.fuzz(campaigns), Exit.VIOLATION)
        self.assertEqual(len(campaigns.run), 2)
        self.assertEqual(self.fuzz(Campaigns(found_under="lkmm")), Exit.VIOLATION)

    def test_stops_at_a_variants_first(self) -> None:
        campaigns = Campaigns(found_under="sc")
        self.assertEqual(self.fuzz(campaigns, "--variant", "collapse-race"), Exit.VIOLATION)
        self.assertEqual(len(campaigns.run), 1)

    def test_stops_at_a_failure(self) -> None:
        campaigns = Campaigns(failing="sc")
        self.assertEqual(self.fuzz(campaigns), Exit.INFRASTRUCTURE)
        self.assertEqual(len(campaigns.run), 1)
        self.assertIn("no room", self.said.getvalue())
        self.assertEqual(self.fuzz(Campaigns(found_under="sc", failing="lkmm")), Exit.VIOLATION)

    def test_a_model_that_ran_nothing_proves_nothing(self) -> None:
        self.assertEqual(self.fuzz(Campaigns(idle="lkmm")), Exit.INFRASTRUCTURE)
        self.assertIn("no input was run to its end under lkmm", self.said.getvalue())


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
