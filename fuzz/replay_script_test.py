"""What ci/replay says of a replay that does not end. Run by ctest (fuzz_scripts)."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WALKRACE = """#!/bin/sh
case "$2" in *hangs*) exec sleep 600 ;; esac
echo '{"verdict":"clean","expect":"clean","expect_met":true,"drifted":false,"parted_at":null}'
"""


class ReplayScript(unittest.TestCase):
    def test_one_that_hangs_is_named_and_the_others_are_replayed(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "ci").mkdir()
            for script in ("replay", "common.sh"):
                shutil.copy(ROOT / "ci" / script, root / "ci")
            schedules = root / "corpus/gup_vs_mm/exposed"
            schedules.mkdir(parents=True)
            for name in ("before", "hangs", "later"):
                (schedules / f"{name}.walk").write_text("walkrace 1\nexpect clean\n")
            walkrace = root / "build/plain/bin/walkrace"
            walkrace.parent.mkdir(parents=True)
            walkrace.write_text(WALKRACE)
            walkrace.chmod(0o755)
            done = subprocess.run(
                [root / "ci/replay", "plain"], capture_output=True, text=True, timeout=60,
                env={**os.environ, "WALKRACE_REPLAY_SECONDS_MAX": "2"}, check=False)
        self.assertEqual(done.stdout.splitlines(), [
            "plain: corpus/gup_vs_mm/exposed/hangs.walk: timed out after 2 s",
            "3 replays of 3 files in 1 flavours: 1 not as expected"])
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
