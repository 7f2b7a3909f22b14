"""Patches on a copy, of a file that is no kernel's. Run by ctest (port_scripts)."""

import tempfile
import unittest
from pathlib import Path

import tree_patch

MAIL = """\
From: somebody
Subject: [PATCH] mm: a novel check

---
 kernel/other.c | 2 +-
 mm/walk.c      | 2 +-

diff --git a/kernel/other.c b/kernel/other.c
index 1..2 100644
--- a/kernel/other.c
+++ b/kernel/other.c
@@ -1,1 +1,1 @@
-old
+new
diff --git a/mm/walk.c b/mm/walk.c
index 1..2 100644
--- a/mm/walk.c
+++ b/mm/walk.c
@@ -1,3 +1,3 @@
 first
-second
+another
 third
-- \n2.39.2
"""


class Patch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.copy = Path(folder.name) / "copy"
        (self.copy / "mm").mkdir(parents=True)
        (self.copy / "mm/walk.c").write_text("first\nsecond\nthird\n")
        self.patch = Path(folder.name) / "novel.patch"

    def apply(self, text):
        self.patch.write_text(text)
        return tree_patch.apply(self.patch, self.copy, ("mm", "include"))

    def test_applies_what_is_compiled_and_names_the_rest(self):
        self.assertEqual(self.apply(MAIL), (["kernel/other.c"], ""))
        self.assertEqual((self.copy / "mm/walk.c").read_text(), "first\nanother\nthird\n")

    def test_says_what_does_not_apply(self):
        self.apply(MAIL)
        _, wrong = self.apply(MAIL)
        self.assertIn("does not apply", wrong)

    def test_one_that_changes_nothing_here_is_wrong(self):
        left_out, wrong = self.apply(MAIL.split("diff --git a/mm")[0])
        self.assertEqual(left_out, ["kernel/other.c"])
        self.assertIn("nothing that walkrace compiles", wrong)

    def test_no_patch_is_wrong(self):
        self.assertIn("is no patch", self.apply("hello\n")[1])

    def test_new_files(self):
        self.assertEqual(self.apply("--- /dev/null\n+++ b/mm/novel.h\n@@ -0,0 +1,1 @@\n+novel\n"),
                         ([], ""))
        self.assertEqual((self.copy / "mm/novel.h").read_text(), "novel\n")


if __name__ == "__main__":
    unittest.main()
