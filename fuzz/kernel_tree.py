"""The kernel tree of --kernel-tree and --kernel-patch: its name, where it is built, whether what was
built runs. The tree is compiled by src/kernel/port/build_tree.py."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from tool import Exit, Failure, Walkrace, say, use_build_prefix

NAME_MAX = 60
UNNAMEABLE = re.compile(r"[^A-Za-z0-9._+-]")  # a .walk file's `tree` line has none of these


@dataclass(frozen=True)
class KernelTree:
    folder: Path
    patches: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """The folder's, and the patches'."""
        words = [self.folder.resolve().name, *(patch.stem for patch in self.patches)]
        return UNNAMEABLE.sub("-", "+".join(words))[:NAME_MAX]

    @property
    def cmake_value(self) -> str:
        """As WALKRACE_KERNEL_TREE has it."""
        parts = [self.folder, *self.patches]
        return f"{self.name}=" + ":".join(str(part.resolve()) for part in parts)

    @property
    def build_prefix(self) -> str:
        """Its own build folders. As deep as the others: what is the same in both is compiled once,
        where there is a compiler's cache."""
        digest = hashlib.sha1(self.cmake_value.encode()).hexdigest()[:8]
        return f"build/kernel-{self.name}-{digest}-"

    @property
    def flags(self) -> list[str]:
        """As fuzz/run and ci/gate have them."""
        words = ["--kernel-tree", str(self.folder)]
        for patch in self.patches:
            words += ["--kernel-patch", str(patch)]
        return words


def add_tree_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kernel-tree", type=Path, metavar="DIR",
                        help="race the files of this Linux source tree (ci/kernel-source) instead "
                             "of walkrace's own paths, where it has any; what is built is GPL-2.0")
    parser.add_argument("--kernel-patch", type=Path, action="append", default=[], metavar="FILE",
                        help="apply it to a copy of the tree first (repeatable, in order)")


def tree_of(given: argparse.Namespace, parser: argparse.ArgumentParser) -> KernelTree | None:
    """Ends the process with 2 where there is no such tree or patch."""
    if given.kernel_tree is None:
        if given.kernel_patch:
            parser.error("--kernel-patch needs --kernel-tree DIR")
        return None
    if not (given.kernel_tree / "mm/gup.c").is_file():
        parser.error(f"--kernel-tree {given.kernel_tree}: no mm/gup.c in it. It takes the top folder "
                     "of a Linux source tree; ci/kernel-source 6.1 unpacks one to build/kernel/6.1")
    for patch in given.kernel_patch:
        if not patch.is_file():
            parser.error(f"--kernel-patch {patch}: no such file")
    for path in (given.kernel_tree, *given.kernel_patch):
        if re.search(r"[:;]", str(path.resolve())):
            parser.error(f"{path.resolve()}: ':' and ';' in a path part lists; give it another name")
    return KernelTree(given.kernel_tree, tuple(given.kernel_patch))


def tree_from_json(fields: dict | None) -> KernelTree | None:
    """What dataclasses.asdict() made of one."""
    if fields is None:
        return None
    return KernelTree(Path(fields["folder"]), tuple(Path(patch) for patch in fields["patches"]))


def use_tree(tree: KernelTree | None) -> None:
    """From now on binaries are those that were built with it."""
    if tree is not None:
        use_build_prefix(tree.build_prefix)


def print_tree(tree: KernelTree | None) -> None:
    """For fuzz/build.sh: lines of what it needs to build with; nothing without a tree."""
    if tree is not None:
        print("\n".join([tree.build_prefix, tree.name, tree.cmake_value]))


def require_alive(walkrace: Walkrace, tree: KernelTree | None) -> None:
    """Raises Failure unless the tree's code does what it must, and a control of it is caught."""
    if tree is None or "tree-check" not in walkrace.run("--help").stdout:
        return
    done = walkrace.run("tree-check", "--tree", tree.name)
    if done.code != Exit.CLEAN:
        raise Failure(Exit.INFRASTRUCTURE,
                      f"{tree.name} does not work in {walkrace.flavour}: nothing would be proved "
                      f"({walkrace.binary} tree-check --tree {tree.name})\n"
                      f"{done.stdout}{done.stderr}".rstrip())
    held = sum(line.startswith("ok ") for line in done.stdout.splitlines())
    say(f"kernel tree {tree.name} ({walkrace.flavour}): {held} of {held} checks of it hold")
