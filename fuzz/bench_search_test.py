"""What ci/bench-search keeps of an interrupted run, and how it compares."""

import tempfile
import unittest
from pathlib import Path

from bench_search import Case, Kept, Row, Trial, ratios

CASE = Case("collapse-race", "arm64", 2, "plain", Path("none"))


def fail(case: Case, seed: int) -> Trial:
    raise AssertionError(f"{case.variant}, seed {seed}: it was kept")


class KeptTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "trials.jsonl"

    def test_a_trial_that_has_ended_is_not_made_again(self) -> None:
        trial = Trial(12, 0.5, True)
        Kept(self.path, resume=False).get(CASE, "pct", lambda case, seed: trial, 1)
        self.assertEqual(Kept(self.path, resume=True).get(CASE, "pct", fail, 1), trial)

    def test_a_line_that_was_cut_off_is_made_again(self) -> None:
        kept = Kept(self.path, resume=False)
        for seed in (1, 2):
            kept.get(CASE, "pct", lambda case, seed: Trial(seed, 0.5, True), seed)
        self.path.write_text(self.path.read_text()[:-5])
        again = Kept(self.path, resume=True)
        self.assertEqual(again.get(CASE, "pct", fail, 1).schedules, 1)
        self.assertEqual(again.get(CASE, "pct", lambda case, seed: Trial(7, 0.5, True), 2).schedules, 7)
        self.assertEqual(Kept(self.path, resume=True).get(CASE, "pct", fail, 2).schedules, 7)

    def test_without_resume_it_begins_anew(self) -> None:
        Kept(self.path, resume=False).get(CASE, "pct", lambda case, seed: Trial(1, 0.5, True), 1)
        anew = Kept(self.path, resume=False).get(CASE, "pct", lambda case, seed: Trial(2, 0.5, True), 1)
        self.assertEqual(anew.schedules, 2)


class RatiosTest(unittest.TestCase):
    def row(self, search: str, *trials: Trial) -> Row:
        return Row(CASE, search, list(trials))

    def test_of_the_medians(self) -> None:
        text = ratios([self.row("a", Trial(10, 1, True)), self.row("b", Trial(40, 1, True))], "a", "b")
        self.assertIn("| collapse-race | arm64 | 0.25 |", text)
        self.assertIn("| geometric mean of these 1 | | 0.25 |", text)

    def test_never_found(self) -> None:
        found, never = Trial(5_000, 1, True), Trial(50_000, 1, False)
        self.assertIn("at most 0.10", ratios([self.row("a", found), self.row("b", never)], "a", "b"))
        self.assertIn("| never |", ratios([self.row("a", never), self.row("b", found)], "a", "b"))


if __name__ == "__main__":
    unittest.main()
