"""Which names, folders and options a kernel tree gives. Run by ctest (fuzz_scripts)."""

import contextlib
import dataclasses
import io
import json
import shlex
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from driver import canary_options
from gate import parse as parse_gate
from kernel_tree import KernelTree, require_alive, tree_from_json
from options import parse_options
from tool import Completed, Exit, Failure


class Tree(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = str(Path(folder.name) / "out")
        self.tree = Path(folder.name) / "linux 6.99"
        (self.tree / "mm").mkdir(parents=True)
        (self.tree / "mm/gup.c").touch()
        self.patch = Path(folder.name) / "novel-fix.patch"
        self.patch.touch()
        self.said = ["--kernel-tree", str(self.tree), "--kernel-patch", str(self.patch)]

    def refused(self, *said: str) -> str:
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), self.assertRaises(SystemExit) as end:
            parse_options([*said, "--out", self.out])
        self.assertEqual(end.exception.code, Exit.USAGE)
        return errors.getvalue()

    def test_its_name_fits_a_walk_file(self) -> None:
        self.assertEqual(KernelTree(self.tree, (self.patch,)).name, "linux-6.99+novel-fix")

    def test_other_patches_are_built_elsewhere(self) -> None:
        plain, patched = KernelTree(self.tree), KernelTree(self.tree, (self.patch,))
        self.assertNotEqual(plain.build_prefix, patched.build_prefix)
        # As deep as build/plain: the compiler's cache has one of what is the same.
        self.assertEqual(len(Path(plain.build_prefix + "plain").parts), 2)

    def test_each_call_names_it(self) -> None:
        options = parse_options([*self.said, "--out", self.out])
        self.assertIn("linux-6.99+novel-fix", options.context_flags)
        self.assertEqual(options.place, "gup_vs_collapse@linux-6.99+novel-fix")
        self.assertEqual(parse_options(shlex.split(options.command)[1:]), options)
        self.assertEqual(parse_gate(self.said).tree, options.kernel_tree)

    def test_the_canary_is_of_walkraces_own_paths(self) -> None:
        options = parse_options([*self.said, "--out", self.out])
        self.assertNotIn("--tree", canary_options(options).context_flags)

    def test_a_killed_run_knows_its_tree(self) -> None:
        options = parse_options([*self.said, "--out", self.out])
        fields = json.loads(json.dumps(dataclasses.asdict(options), default=str))
        self.assertEqual(tree_from_json(fields["kernel_tree"]), options.kernel_tree)

    def test_wrong_usage(self) -> None:
        self.assertIn("no mm/gup.c", self.refused("--kernel-tree", self.out))
        self.assertIn("no such file", self.refused(*self.said[:2], "--kernel-patch", "/nowhere"))
        self.assertIn("needs --kernel-tree", self.refused(*self.said[2:]))
        self.assertIn("--kernel-patch", self.refused(*self.said, "--variant", "collapse-race"))
        self.assertIn("runs no kernel tree", self.refused(*self.said, "--target", "codec"))


class Alive(unittest.TestCase):
    def check(self, code: int, tree: KernelTree | None) -> mock.Mock:
        walkrace = mock.Mock(flavour="plain", binary="walkrace")
        walkrace.run.side_effect = lambda *words: Completed(
            0 if "--help" in words else code, "tree-check", "FAIL GET returns no page")
        with contextlib.redirect_stdout(io.StringIO()):
            require_alive(walkrace, tree)
        return walkrace

    def test_a_tree_that_does_nothing_ends_it(self) -> None:
        with self.assertRaises(Failure) as end:
            self.check(Exit.INFRASTRUCTURE, KernelTree(Path("6.1")))
        self.assertEqual(end.exception.code, Exit.INFRASTRUCTURE)
        self.assertIn("GET returns no page", str(end.exception))

    def test_one_that_works_goes_on(self) -> None:
        self.check(Exit.CLEAN, KernelTree(Path("6.1"))).run.assert_called_with(
            "tree-check", "--tree", "6.1")

    def test_without_a_tree_nothing_is_asked(self) -> None:
        self.check(Exit.INFRASTRUCTURE, None).run.assert_not_called()


if __name__ == "__main__":
    unittest.main()
