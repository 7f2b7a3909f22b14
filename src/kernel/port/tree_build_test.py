"""Builds a kernel tree, and copies of it that lack something: what is said of them. Needs a tree
(WALKRACE_TEST_TREES: folders parted by ':'; ci/kernel-source), and is skipped, exit code 4, where
there is none. Run by ctest (port_tree, label kernel-tree)."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PORT = Path(__file__).resolve().parent
SKIPPED = 4
LAUNCHER = ["ccache"] if shutil.which("ccache") else []

# Copies of a tree: (file, what is there, what stands there then) of each change, and of each line
# that must be said: kind, name, file of the tree.
REMOVED = (
    [("include/linux/mm_types.h", r"\bseqcount_t write_protect_seq;", "seqcount_t novel_seq;"),
     ("include/linux/mm_types.h", r"\bseqcount_t novel_seq;",
      "seqcount_t novel_seq; novel_type_t *cookie;"),
     ("include/linux/page_ref.h", r"\bpage_ref_count\(const", "page_ref_removed(const"),
     ("mm/gup.c", r"(static void gup_put_folio\([^)]*\)\s*\{)",
      r"\1 novel_local_t *novel_variable = 0; if (novel_variable->field) NOVEL_MACRO;")],
    [("type", "novel_type_t", "include/linux/mm_types.h"),
     ("type", "novel_local_t", "mm/gup.c"),
     ("member", "struct mm_struct.write_protect_seq", "include/linux/mm.h"),
     ("function", "page_ref_count", "include/linux/page_ref.h"),
     ("macro", "NOVEL_MACRO", "mm/gup.c")])
UNDEFINED = (
    [("mm/internal.h", r"(struct folio_batch;)",
      r"\1 void novel_helper(int); extern int novel_limit; void novel_unreached(void);"),
     ("mm/gup.c", r"(static void gup_put_folio\([^)]*\)\s*\{)",
      r"\1\n\tif (refs > novel_limit)\n\t\tnovel_helper(refs);\n"),
     ("mm/memory.c", r"(int vm_iomap_memory\([^)]*\)\s*\{)", r"\1 novel_unreached();")],
    [("function", "novel_helper", "mm/gup.c"), ("variable", "novel_limit", "mm/gup.c")])


def trees():
    named = [Path(name) for name in os.environ.get("WALKRACE_TEST_TREES", "").split(":") if name]
    return [tree for tree in named if (tree / "mm/gup.c").is_file()]


def build(tree, out, *options):
    return subprocess.run(
        [sys.executable, "-B", str(PORT / "build_tree.py"), "--tree", str(tree), "--name", "test",
         "--out", str(out), "--compiler", *LAUNCHER, "clang-19", *options],
        capture_output=True, text=True, check=False)


def changed_copy(tree, folder, changes):
    folder.mkdir()
    for part in ("mm", "include"):
        shutil.copytree(tree / part, folder / part, symlinks=True)
    shutil.copy2(tree / "Makefile", folder)
    for file, old, new in changes:
        text, count = re.subn(old, new, (folder / file).read_text(), count=1, flags=re.MULTILINE)
        assert count == 1, f"{tree}/{file} has no {old}"
        (folder / file).write_text(text)
    return folder


@unittest.skipUnless(trees(), "no kernel tree: WALKRACE_TEST_TREES, ci/kernel-source")
class Tree(unittest.TestCase):
    def setUp(self):
        # The name has a blank: nothing may trip over it.
        folder = tempfile.TemporaryDirectory(prefix="walkrace tree ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def check(self, tree, changes, wanted):
        copy = changed_copy(tree, self.folder / tree.name, changes)
        done = build(copy, self.folder / f"{tree.name}-out")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        said = done.stderr
        self.assertEqual(said, (self.folder / f"{tree.name}-out/error.txt").read_text())
        rows = [self.named(line) for line in said.splitlines() if ", add it in " in line]
        self.assertEqual(sorted(row[:3] for row in rows), sorted(wanted), said)
        for _, name, file, number in rows:
            code = (copy / file).read_text().splitlines()[number - 1]
            self.assertIn(name.rpartition(".")[2], code, said)
        self.assertLess(len(said.splitlines()), len(wanted) + 4, said)
        return said

    def named(self, line):
        """Kind, name, file and line number of a line of the list."""
        match = re.fullmatch(r"  (\w+) +(.+?) +(\S+):(\d+), add it in src/kernel/port/.+", line)
        self.assertIsNotNone(match, line)
        return match[1], match[2], match[3], int(match[4])

    def test_offers_one_symbol(self):
        for tree in trees():
            with self.subTest(tree=tree.name):
                out = self.folder / tree.name
                done = build(tree, out)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertEqual(done.stderr, "")
                symbols = subprocess.run(["nm", "--extern-only", "--defined-only", out / "test.o"],
                                         capture_output=True, text=True, check=True).stdout
                self.assertEqual([line.split()[-1] for line in symbols.splitlines()],
                                 ["walkrace_tree_test"])

    def test_lists_what_is_missing(self):
        for tree in trees():
            with self.subTest(tree=tree.name):
                said = self.check(tree, *REMOVED)
                self.assertLess(said.index("novel_local_t"), said.index("write_protect_seq"))

    def test_lists_what_is_undefined_where_it_is_reached(self):
        for tree in trees():
            with self.subTest(tree=tree.name):
                self.check(tree, *UNDEFINED)

    def test_patches_a_copy(self):
        patch = self.folder / "novel.patch"
        for tree in trees():
            with self.subTest(tree=tree.name):
                before = (tree / "mm/gup.c").read_text()
                first, second = before.splitlines()[:2]
                patch.write_text("--- a/mm/gup.c\n+++ b/mm/gup.c\n@@ -1,2 +1,3 @@\n"
                                 f" {first}\n+novel_type_t novel;\n {second}\n")
                out = self.folder / tree.name
                done = build(tree, out, "--patch", str(patch))
                self.assertEqual(done.returncode, 3, done.stdout)
                self.assertIn("novel_type_t", done.stderr)
                self.assertIn("mm/gup.c:2, add it in", done.stderr)
                self.assertEqual((tree / "mm/gup.c").read_text(), before)


if __name__ == "__main__":
    if not trees():
        print("skipped: no kernel tree (WALKRACE_TEST_TREES=DIR; ci/kernel-source 6.1 gives one)")
        sys.exit(SKIPPED)
    unittest.main()
