#!/usr/bin/env python3
"""Installs walkrace into an empty folder and uses it as its users do: the example of fuzz/examples
out of an empty folder, from the installed copy alone, and once through FetchContent.

usage: package_test.py SOURCE_DIR BUILD_DIR C_COMPILER CXX_COMPILER (ctest gives them)
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

CLEAN, DATA_RACE, VIOLATION, USAGE = 0, 66, 77, 2
# A bound, not a measurement: both need less than a tenth of it.
SCHEDULES_MAX = 100_000
RUNS_MAX = 2_000_000

source, build, compilers = None, None, None

FETCH = """
cmake_minimum_required(VERSION 3.25)
project(fetch LANGUAGES C CXX)
include(FetchContent)
FetchContent_Declare(walkrace SOURCE_DIR {source})
FetchContent_MakeAvailable(walkrace)
walkrace_add_target(fetched SOURCES radix_tree.c)
walkrace_add_target(fetched_aflpp SOURCES radix_tree.c DRIVER aflpp)
foreach(target fetched fetched_aflpp)
  target_compile_definitions(${{target}} PRIVATE RADIX_TREE_BUG)
endforeach()
"""


def run(*command, folder, expect=CLEAN):
    """Runs it and returns what it printed; any other exit code fails, with all of it."""
    done = subprocess.run([str(word) for word in command], cwd=folder, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)
    if done.returncode != expect:
        raise AssertionError(f"{command}: exit code {done.returncode}, not {expect}\n"
                             f"{done.stdout[-6000:]}")
    return done.stdout


def configure_and_build(folder, *options, targets=()):
    run("cmake", "-S", ".", "-B", "build", "-G", "Ninja", *compilers, *options, folder=folder)
    run("cmake", "--build", "build", *(("--target", *targets) if targets else ()), folder=folder)


class Package(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="walkrace_package_"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.prefix = cls.folder / "installed"
        run("cmake", "--install", build, "--prefix", cls.prefix, folder=cls.folder)
        cls.example = cls.folder / "example"
        shutil.copytree(source / "fuzz" / "examples", cls.example)
        configure_and_build(cls.example, f"-DCMAKE_PREFIX_PATH={cls.prefix}")
        cls.bin = cls.example / "build"

    def run_example(self, name, *arguments, expect=CLEAN):
        return run(self.bin / name, *arguments, folder=self.folder, expect=expect)

    def test_nothing_installed_names_where_it_was_built(self):
        for file in self.prefix.rglob("*.cmake"):
            text = file.read_text()
            self.assertNotIn(str(source), text, file)
            self.assertNotIn(str(build), text, file)

    def test_the_example_is_short(self):
        self.assertLessEqual(len((self.example / "radix_tree.c").read_text().splitlines()), 150)

    def test_the_bug_is_found_replayed_and_gone_with_the_fix(self):
        finding = self.folder / "finding.txt"
        out = self.run_example("radix_tree_bug", "--schedules", SCHEDULES_MAX, "--save", finding,
                               expect=VIOLATION)
        self.assertIn("violation: a lookup is in a leaf that is freed", out)
        self.assertIn("2 operations", out)
        self.assertRegex(out, r"radix_tree\.c:\d+ +lookup load leaf0\.allocated: 0")
        for backend in ("threads", "fibers"):
            again = self.run_example("radix_tree_bug", "--backend", backend, finding,
                                     expect=VIOLATION)
            self.assertNotIn("the code has changed", again)
        fixed = self.run_example("radix_tree", finding)
        self.assertIn("clean", fixed)
        self.assertIn("the code has changed", fixed)

    def test_the_fix_is_clean(self):
        self.assertIn("clean", self.run_example("radix_tree", "--schedules", SCHEDULES_MAX))

    def test_libfuzzer_finds_it_and_the_file_replays(self):
        crashes = self.folder / "crashes"
        crashes.mkdir()
        options = ("-seed=1", "-max_len=64", f"-artifact_prefix={crashes}/")
        out = self.run_example("radix_tree_bug_libfuzzer", f"-runs={RUNS_MAX}", *options,
                               expect=VIOLATION)
        self.assertIn("==== walkrace: violation: a lookup", out)
        (crash,) = crashes.iterdir()
        self.run_example("radix_tree_bug", crash, expect=VIOLATION)
        self.run_example("radix_tree", crash)
        self.run_example("radix_tree_libfuzzer", "-runs=50000", *options)

    def test_thread_sanitizer_agrees(self):
        self.run_example("radix_tree_bug_tsan", "--schedules", SCHEDULES_MAX, expect=VIOLATION)
        self.run_example("radix_tree_tsan", "--schedules", 5000)

    def test_thread_sanitizer_sees_a_data_race(self):
        folder = self.folder / "race"
        shutil.copytree(self.example, folder, ignore=shutil.ignore_patterns("build"))
        code = folder / "radix_tree.c"
        text = code.read_text()
        atomic = "#define load(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)"
        self.assertIn(atomic, text)
        code.write_text(text.replace(atomic, "#define load(p) (p)"))
        configure_and_build(folder, f"-DCMAKE_PREFIX_PATH={self.prefix}",
                            targets=("radix_tree_tsan",))
        out = run(folder / "build" / "radix_tree_tsan", "--schedules", "5000", folder=folder,
                  expect=DATA_RACE)
        self.assertIn("WARNING: ThreadSanitizer: data race", out)

    def test_wrong_usage_is_said(self):
        self.run_example("radix_tree", "--schedules", "many", expect=USAGE)
        self.run_example("radix_tree", "no-such-file", expect=USAGE)
        broken = self.folder / "broken.txt"
        broken.write_text("walkrace-target 1\ncpu 0\n  fly\n")
        self.assertIn("line 3", self.run_example("radix_tree", broken, expect=USAGE))

    def test_fetch_content(self):
        folder = self.folder / "fetch"
        folder.mkdir()
        shutil.copy(self.example / "radix_tree.c", folder)
        (folder / "CMakeLists.txt").write_text(FETCH.format(source=source))
        configure_and_build(folder)
        finding = folder / "finding.txt"
        run(folder / "build" / "fetched", "--save", finding, folder=folder, expect=VIOLATION)
        # AFL++'s driver runs the files that it is given.
        clean = folder / "bytes"
        clean.write_bytes(bytes(16))
        run(folder / "build" / "fetched_aflpp", clean, folder=folder)


if __name__ == "__main__":
    source, build = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    compilers = (f"-DCMAKE_C_COMPILER={sys.argv[3]}", f"-DCMAKE_CXX_COMPILER={sys.argv[4]}")
    unittest.main(argv=sys.argv[:1], verbosity=2)
