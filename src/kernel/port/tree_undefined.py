"""Functions and variables that a tree refers to, and that neither its files that are built in nor
the port define. Those in unmodelled.txt, and those that nothing which walkrace calls leads to, end
the run by name when they are reached; another one is an error of the build."""

import pathlib
import re
import subprocess

from tree_missing import Row

PORT = pathlib.Path(__file__).resolve().parent
UNITS = "src/kernel/port/units/"
PLACE = "src/kernel/port/stubs.c"

# What the rest of the program has.
PROVIDED = re.compile(
    r"^(wr_port_|wr_tree_|__(t|a|ub|m)san_|__sanitizer_|__sancov_|__start_|__stop_|"
    r"mem(cpy|set|move|cmp|chr)$|str(len|cmp|ncmp|chr|rchr|cpy|sep)$|_GLOBAL_OFFSET_TABLE_$|__afl_)")
UNDEFINED = re.compile(r"(\S+?):(?:(\d+)|\([^)]*\)): undefined reference to `(\w+)'")


def undefined_of(object_file):
    listing = subprocess.run(["nm", "--undefined-only", "--format=posix", str(object_file)],
                             capture_output=True, text=True, check=True).stdout
    return sorted(name for name in (line.split()[0] for line in listing.splitlines())
                  if not PROVIDED.match(name))


def loud_stubs(object_file):
    """Assembler: each function that is missing says its name and ends the run."""
    lines = [".text"]
    for name in undefined_of(object_file):
        lines += [f".globl {name}", f"{name}:", f"leaq .Lname_{name}(%rip), %rdi",
                  "jmp wr_port_unmodelled"]
    # Up to here: who reads a variable in the text reads one that is missing.
    lines += [".globl wr_tree_text_end", "wr_tree_text_end:", "nop"]
    lines.append(".section .rodata")
    for name in undefined_of(object_file):
        lines.append(f'.Lname_{name}: .asciz "{name}"')
    lines.append('.section .note.GNU-stack,"",@progbits')
    return "\n".join(lines) + "\n"


def known_unmodelled(file=PORT / "unmodelled.txt"):
    lines = file.read_text().splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


def link_log(objects, entry):
    """What the linker says of all that `entry` leads to. `objects`: a section a function, with line
    tables; nothing of them is kept."""
    return subprocess.run(["ld", "--gc-sections", f"--entry={entry}", "--output=/dev/null",
                           *map(str, objects)], capture_output=True, text=True, check=False).stderr


def reached(log):
    """{name: (file, line)} of a linker's output: a place where each is used, 0 where that has no
    line."""
    uses = {}
    for file, line, name in UNDEFINED.findall(log):
        if PROVIDED.match(name):
            continue
        file = re.sub(r"^(\./)+", "", file)
        if name not in uses or (uses[name][1] == 0 and line):
            uses[name] = (file, int(line or 0))
    return uses


def word_search(name, text):
    """A line for what the linker has none for: the first that names it, or 0."""
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if re.search(rf"\b{name}\b", line)), 0)


def missing_rows(uses, known, text_of):
    """`text_of`: the text of a file of the tree or of the port, "" where there is none."""
    rows = []
    for name, (file, line) in uses.items():
        if name in known:
            continue
        text = text_of(file)
        # Of a file of the port's that includes one of the tree's, a linker may take one for the other.
        if file.startswith(UNITS) and not re.search(rf"\b{name}\b", text):
            file = file.replace(UNITS, "mm/", 1)
            text = text_of(file)
        line = line or word_search(name, text)
        lines = text.splitlines()
        code = lines[line - 1] if 0 < line <= len(lines) else ""
        # A call; of what a macro or an inline function hides, any function is likelier.
        variable = re.search(rf"\b{name}\b(?!\s*\()", code) is not None
        rows.append(Row("variable" if variable else "function", name, file, line))
    return sorted(rows, key=lambda row: (row.file, row.line, row.name))


def report_undefined(tree, release, rows):
    count = f"{len(rows)} names" if len(rows) != 1 else "a name"
    lines = [f"tree {tree} (Linux {release}) reaches {count} that nothing defines:"]
    lines += [f"  {row.kind:<8} {row.name:<40} {row.file}" + (f":{row.line}" if row.line else "") +
              f", add it in {PLACE}" for row in rows]
    lines.append("  (where no run is to reach it: in src/kernel/port/unmodelled.txt)")
    return "\n".join(lines)
