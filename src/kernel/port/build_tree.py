#!/usr/bin/env python3
"""Compiles a kernel tree for walkrace: one object file that offers `walkrace_tree_<name>` (tree.h)
and nothing else. The tree is read, never written; with patches, a copy of it in the output folder
is. What is built is a work of the tree's, GPL-2.0. Called by CMake; see --help."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

import tree_missing
import tree_patch
import tree_sites
import tree_undefined

PORT = pathlib.Path(__file__).resolve().parent
COPIED = ("mm", "include", "Makefile")
ROUNDS_MAX = 5  # of compiling what lacks types
MANDATORY = re.compile(r"^mandatory-y \+= (\S+)", re.MULTILINE)
INFRASTRUCTURE = 3


# Where what is wrong is written to as well, for who wants it without what ninja adds (fuzz/build.sh).
error_file = None


def die(message):
    print(f"walkrace: {message}", file=sys.stderr)
    if error_file is not None:
        error_file.write_text(f"walkrace: {message}\n")
    sys.exit(INFRASTRUCTURE)


def symbol_of(name):
    return "walkrace_tree_" + re.sub(r"\W", "_", name)


def release_of(tree):
    """VERSION.PATCHLEVEL.SUBLEVEL of the tree's Makefile."""
    text = (tree / "Makefile").read_text(errors="replace")
    parts = [re.search(rf"^{key} = (\d+)", text, re.MULTILINE)
             for key in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    if not all(parts):
        die(f"{tree}/Makefile names no VERSION, PATCHLEVEL and SUBLEVEL: is this a Linux tree?")
    return ".".join(part.group(1) for part in parts)


def write_if_changed(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


class Build:
    def __init__(self, options):
        self.name = options.name
        self.out = options.out.resolve()
        self.compiler = options.compiler
        self.instrumented = options.instrumented.split()
        self.tree = options.tree.resolve()
        if not (self.tree / "mm/gup.c").exists():
            die(f"{self.tree} has no mm/gup.c: give the top folder of a Linux source tree "
                "(ci/kernel-source unpacks one)")
        self.original = self.tree
        if options.patch:
            self.tree = self.patched_copy(options.patch)
        self.units = self.read_units()
        self.headers()
        self.features = self.find_features()

    def patched_copy(self, patches):
        """A copy of what is compiled, with the patches applied."""
        copy = self.out / "tree"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for part in COPIED:
            source = self.tree / part
            if source.is_dir():
                shutil.copytree(source, copy / part, symlinks=True)
            else:
                shutil.copy2(source, copy / part)
        for patch in patches:
            left_out, wrong = tree_patch.apply(pathlib.Path(patch), copy, ("mm", "include"))
            if wrong:
                die(f"{patch}, on {self.original}: {wrong}")
            if left_out:
                print(f"walkrace: note: {patch}: not applied to {', '.join(left_out)}, of which "
                      "walkrace compiles nothing")
        return copy

    def read_units(self):
        units = []
        for line in (PORT / "units.txt").read_text().splitlines():
            if line and not line.startswith("#"):
                file, wrapper, *options = line.split()
                units.append((file, None if wrapper == "-" else PORT / wrapper, options))
        return units

    def headers(self):
        """asm/ headers that the architecture leaves to asm-generic: a line each."""
        for folder, generic in (("asm", "include/asm-generic"),
                                ("uapi/asm", "include/uapi/asm-generic")):
            for header in MANDATORY.findall((self.tree / generic / "Kbuild").read_text()):
                made = self.out / "include" / folder / header
                if (PORT / "asm" / header).exists():
                    made.unlink(missing_ok=True)
                else:
                    write_if_changed(made, f"#include <asm-generic/{header}>\n")

    def find_features(self):
        found = []
        for line in (PORT / "features.txt").read_text().splitlines():
            if not line or line.startswith("#"):
                continue
            name, file, pattern = line.split(maxsplit=2)
            path = self.tree / file
            if path.exists() and re.search(pattern, path.read_text(errors="replace"), re.MULTILINE):
                found.append(f"-DWR_TREE_HAS_{name}")
        return found

    def flags(self, instrumented):
        tree, out = self.tree, self.out
        return [
            "-std=gnu11", "-O2", "-gline-tables-only", "-nostdinc", "-w", "-fno-strict-aliasing",
            "-fwrapv", "-fno-delete-null-pointer-checks", "-funsigned-char", "-fshort-wchar",
            "-fno-common", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-fPIC", "-fvisibility=hidden",
            "-Werror=implicit-function-declaration", "-Werror=incompatible-pointer-types",
            "-ferror-limit=0", "-fno-caret-diagnostics", "-fno-spell-checking",
            f"-ffile-prefix-map={tree}/=", f"-ffile-prefix-map={PORT}/=src/kernel/port/",
            "-ffile-compilation-dir=.",
            "-D__KERNEL__", "-D__DISABLE_EXPORTS", '-DKBUILD_MODNAME="walkrace"', '-DKBUILD_BASENAME="walkrace"',
            '-DKBUILD_MODFILE="walkrace"',
            f"-DWR_TREE_SYMBOL={symbol_of(self.name)}", f'-DWR_TREE_NAME="{self.name}"',
            f'-DWR_TREE_RELEASE="{release_of(self.tree)}"',
            '-DWR_TREE_FILE_NAMES="' + " ".join(f"mm/{unit[0]}.c" for unit in self.units) + '"',
            *self.features,
            "-I", str(PORT), "-I", str(out / "include"), "-I", str(tree / "include"),
            "-I", str(out / "include/uapi"), "-I", str(tree / "include/uapi"),
            "-I", str(tree / "mm"),
            "-include", "linux/kconfig.h", "-include", "linux/compiler-version.h",
            "-include", "linux/compiler_types.h", "-include", str(PORT / "unit.h"),
            *(self.instrumented if instrumented else []),
            # As KCSAN is compiled: a volatile access is a marked one.
            *(["-mllvm", "-tsan-distinguish-volatile=1"]
              if instrumented and "thread" in " ".join(self.instrumented) else []),
        ]

    def sources(self):
        """(object's name, source, instrumented, more options)."""
        for file, wrapper, options in self.units:
            source = self.tree / "mm" / f"{file}.c"
            if wrapper is not None:
                options = [*options, f'-DWR_TREE_FILE="{source}"']
            yield file, wrapper or source, True, options
        for own in ("memory", "stubs"):
            yield f"wr_{own}", PORT / f"{own}.c", False, []

    def compile(self, job, more=(), folder=""):
        name, source, instrumented, options = job
        out = self.out / folder / name
        done = subprocess.run(
            # `more` comes first: what it includes is there before any header of the tree.
            [*self.compiler, *more, *self.flags(instrumented), *options, "-c", str(source),
             "-MMD", "-MF", f"{out}.d", "-o", f"{out}.o"],
            # A compiler's cache must not make names of files relative: places are named by them.
            env={**os.environ, "CCACHE_BASEDIR": ""}, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    def compile_jobs(self, jobs, more=(), folder=""):
        """Returns whether all of it went well, and what the compiler said."""
        (self.out / folder).mkdir(exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(lambda job: self.compile(job, more, folder), jobs))
        return all(code == 0 for code, _ in results), "".join(stderr for _, stderr in results)

    def compile_all(self):
        jobs = list(self.sources())
        compiled, log = self.compile_jobs(jobs)
        if not compiled:
            self.report_missing(jobs, log)
        return [self.out / f"{job[0]}.o" for job in jobs]

    def relative(self, path):
        """A file as a reader of the tree, or of walkrace, names it."""
        for folder, name in ((self.tree, ""), (PORT, "src/kernel/port/"), (self.out, "")):
            if path.startswith(f"{folder}/"):
                return name + path.removeprefix(f"{folder}/")
        return path

    def text_of(self, file):
        """Of a relative name."""
        own = PORT / file.removeprefix("src/kernel/port/")
        path = own if file.startswith("src/kernel/port/") else self.tree / file
        return path.read_text(errors="replace") if path.is_file() else ""

    def line_of(self, file, line):
        lines = self.text_of(file).splitlines()
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def report_missing(self, jobs, log):
        """Rounds with the missing types declared, until there are no new ones."""
        everything, rounds, declared = log, [], set()
        while True:
            log = tree_missing.ERROR.sub(
                lambda match: match[0].replace(match[1], self.relative(match[1]), 1), log)
            rows, rest = tree_missing.rows_of(log, self.line_of)
            rounds.append(rows)
            types = [row for row in rows if row.kind == "type" and row.key not in declared]
            if not types or len(rounds) == ROUNDS_MAX:
                break
            declared.update(row.key for row in types)
            header = self.out / "round/missing_types.h"
            write_if_changed(header, tree_missing.types_to_declare(
                [row for rows in rounds for row in rows if row.key in declared]))
            _, log = self.compile_jobs(jobs, ["-fsyntax-only", "-include", str(header)], "round")
            everything += log
        (self.out / "errors.log").write_text(everything)
        die(tree_missing.report_compile(self.name, release_of(self.tree),
                                        tree_missing.without_cascades(rounds), rest,
                                        self.out / "errors.log"))

    def require_defined(self):
        """Nothing that is reached is missing but what is known to be: from objects without
        instrumentation, a section a function."""
        jobs = [(name, source, False, options) for name, source, _, options in self.sources()]
        compiled, log = self.compile_jobs(jobs, ["-ffunction-sections", "-fdata-sections"], "reached")
        if not compiled:
            self.report_missing(jobs, log)
        objects = [self.out / "reached" / f"{job[0]}.o" for job in jobs]
        uses = tree_undefined.reached(tree_undefined.link_log(objects, symbol_of(self.name)))
        rows = tree_undefined.missing_rows(uses, tree_undefined.known_unmodelled(), self.text_of)
        if rows:
            die(tree_undefined.report_undefined(self.name, release_of(self.tree), rows))

    def run(self, *command):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            die(f"tree {self.name}: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def assemble(self, name, text):
        source = self.out / f"{name}.S"
        write_if_changed(source, text)
        made = self.out / f"{name}.o"
        self.run(self.compiler[-1], "-c", source, "-o", made)
        return made

    def link(self, objects):
        """One object: its text begins with wr_tree_text, its missing functions end the run."""
        begin = self.assemble("wr_begin", ".text\n.globl wr_tree_text\nwr_tree_text:\n"
                                          "nop\n.section .note.GNU-stack,\"\",@progbits\n")
        merged = self.out / "merged.o"
        self.run("ld", "-r", "--force-group-allocation", "-T", PORT / "merge.ld", "-o", merged, begin,
                 *objects)
        loud = self.assemble("wr_unmodelled", tree_undefined.loud_stubs(merged))
        whole = self.out / "whole.o"
        self.run("ld", "-r", "-o", whole, merged, loud)
        sites = self.assemble("wr_sites", tree_sites.table_of(whole, self.tree, PORT))
        final = self.out / "final.o"
        self.run("ld", "-r", "-o", final, whole, sites)
        renames = [f"--redefine-sym=__sanitizer_cov_{kind}{size}=wr_port_cov_{kind}{size}"
                   for kind in ("load", "store") for size in (1, 2, 4, 8, 16)]
        renames += [f"--redefine-sym=__tsan_{kind}{size}=wr_port_tsan_{kind}{size}"
                    for kind in ("read", "write", "volatile_read", "volatile_write")
                    for size in (1, 2, 4, 8, 16)]
        # Of no use here, and written to at the start of a program, in memory that is read only else.
        boot = [f"--remove-section={name}" for name in (".initcall*", ".init.setup",
                                                        ".rela.initcall*", ".rela.init.setup")]
        self.run("objcopy", *renames, *boot, f"--keep-global-symbol={symbol_of(self.name)}", final,
                 self.out / f"{self.name}.o")

    def write_depfile(self, path):
        target = self.out / f"{self.name}.o"
        names = set()
        for depfile in self.out.glob("*.d"):
            text = depfile.read_text().replace("\\\n", " ")
            # A name with blanks has them escaped.
            names.update(re.split(r"(?<!\\)\s+", text.split(":", 1)[1].strip()))
        # Of a copy with patches: what it was made of.
        copy = f"{self.out}/tree/"
        names = {f"{self.original}/{name.removeprefix(copy)}" if name.startswith(copy) else name
                 for name in names}
        names = {name for name in names if pathlib.Path(name.replace("\\ ", " ")).exists()}
        path.write_text(f"{target}: " + " ".join(sorted(names)) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=pathlib.Path, required=True)
    parser.add_argument("--name", required=True, help="as --tree of walkrace has it")
    parser.add_argument("--patch", action="append", default=[], help="repeatable, in order")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", nargs="+", default=["clang-19"])
    parser.add_argument("--instrumented", default="-fsanitize-coverage=func,trace-loads,trace-stores",
                        help="flags of the tree's own files")
    parser.add_argument("--depfile", type=pathlib.Path)
    options = parser.parse_args()
    global error_file
    options.out.mkdir(parents=True, exist_ok=True)
    error_file = options.out / "error.txt"
    error_file.unlink(missing_ok=True)
    build = Build(options)
    objects = build.compile_all()
    build.require_defined()
    build.link(objects)
    if options.depfile:
        build.write_depfile(options.depfile)


if __name__ == "__main__":
    main()
