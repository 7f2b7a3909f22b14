"""What a tree needs that the port has not, from what the compiler says: a list with a line a name,
never a compiler's output."""

import re

# What a compiler says of a name that is missing: the kind, and where the name stands in it.
MESSAGES = (
    ("header", re.compile(r"'([\w/.-]+)' file not found")),
    ("CONFIG", re.compile(r"#?error:?.*\b(CONFIG_\w+)|^\W*(?:.*\s)?(CONFIG_\w+) .*(?:must|need|not) ")),
    ("type", re.compile(r"unknown type name '(\w+)'")),
    ("type", re.compile(r"(?:incomplete (?:definition of )?type|has incomplete (?:element )?type) "
                        r"'(?:const |volatile )?((?:struct |union |enum )?\w+)")),
    ("type", re.compile(r"to an incomplete type '(?:const |volatile )?((?:struct |union |enum )?\w+)")),
    ("function", re.compile(r"call to undeclared function '(\w+)'")),
    ("function", re.compile(r"implicit declaration of function '(\w+)'")),
    ("member", re.compile(r"no member named '(\w+)' in '([^']+)'")),
    ("member", re.compile(r"field designator '(\w+)' does not refer to any field in type '([^']+)'")),
    ("name", re.compile(r"use of undeclared identifier '(\w+)'")),
    ("changed", re.compile(r"conflicting types for '(\w+)'")),
    ("changed", re.compile(r"redefinition of '(\w+)'")),
    ("changed", re.compile(r"static declaration of '(\w+)' follows non-static")),
)
ORDER = ("header", "CONFIG", "type", "member", "function", "macro", "variable", "changed")
ERROR = re.compile(r"^(.+?):(\d+):\d+: (?:fatal )?error: (.*)$", re.MULTILINE)

# Where a name belongs, by what it begins with.
PLACES = (
    (re.compile(r"^CONFIG_"), "generated/autoconf.h"),
    (re.compile(r"^(mm_context|arch_mm)"), "asm/mmu.h"),
    (re.compile(r"(_alloc_one|_populate|_free_tlb|pte_free)"), "asm/pgalloc.h"),
    (re.compile(r"(flush_tlb|_flush)"), "asm/tlbflush.h"),
    (re.compile(r"^(pte|ptep|pmd|pmdp|pud|pudp|p4d|pgd|pgprot|set_p|__p[tm]|mk_p|PAGE_|P[TMU4GD]+_)"),
     "asm/pgtable.h"),
    (re.compile(r"^(arch_)?(raw_)?atomic"), "asm/atomic.h"),
    (re.compile(r"^(NR_PAGEFLAGS|MAX_NR_ZONES|NR_CPUS_BITS|.*_WIDTH$)"), "generated/bounds.h"),
)
OF_KIND = {"header": "asm/", "type": "versions.h and features.txt",
           "member": "versions.h and features.txt", "changed": "versions.h and features.txt",
           "function": "stubs.c", "macro": "versions.h", "variable": "stubs.c",
           "CONFIG": "generated/autoconf.h"}


def place_of(kind, name):
    """The file of the port that it is to be added in."""
    if kind == "header":
        return "src/kernel/port/" + (name if name.startswith(("asm/", "generated/")) else "asm/")
    for pattern, file in PLACES:
        if kind != "member" and pattern.search(name):
            return "src/kernel/port/" + file
    return "src/kernel/port/" + OF_KIND[kind]


class Row:
    """A name that is missing."""

    def __init__(self, kind, name, file, line):
        self.kind, self.name, self.file, self.line = kind, name, file, line

    @property
    def key(self):
        return self.kind, self.name

    def __str__(self):
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"  {self.kind:<8} {self.name:<40} {where}, add it in {place_of(self.kind, self.name)}"


def kind_of_name(name):
    return "macro" if re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) else "variable"


def declares(source_line, name):
    """Whether a line of code declares something with `name` as its type: `name *x`, `name x;`."""
    return re.search(rf"(?:^|[{{;(])\s*(?:const\s+|static\s+)*{name}(?:\s+|\s*\*+\s*)\w+\s*[;=,]",
                     source_line) is not None


def rows_of(log, line_of=lambda file, line: ""):
    """The missing names that a compiler's output names, once each, and its other errors as (file,
    line, message). `line_of`: a line of a source file."""
    found, rest = {}, []
    for file, line, message in ERROR.findall(log):
        line = int(line)
        for kind, pattern in MESSAGES:
            match = pattern.search(message)
            if not match:
                continue
            name = next(filter(None, match.groups()))
            if kind == "member":
                name = f"{match.group(2).removeprefix('const ')}.{name}"
            elif kind == "name":
                kind = "type" if declares(line_of(file, line), name) else kind_of_name(name)
            found.setdefault((kind, name), Row(kind, name, file, line))
            break
        else:
            rest.append((file, line, message))
    return list(found.values()), rest


def types_to_declare(rows):
    """A header with which a compiler sees what stands behind the types that are missing: what is
    said of their use, else, would be as good as noise."""
    lines = ["#ifndef __ASSEMBLY__"]
    for row in rows:
        if row.kind == "type" and " " not in row.name:
            lines.append(f"typedef unsigned long {row.name};")
    return "\n".join([*lines, "#endif", ""])


def without_cascades(rounds):
    """The rows of several rounds of compiling, each with the types declared that those before it
    lacked. Only the last one's are free of what follows from a missing type."""
    kept = {}
    for number, rows in enumerate(rounds):
        for row in rows:
            if number == len(rounds) - 1 or row.kind in ("header", "CONFIG", "type"):
                kept.setdefault(row.key, row)
    # What a missing header would have brought is not missing itself.
    headers = [row for row in kept.values() if row.kind == "header"]
    rows = headers or list(kept.values())
    return sorted(rows, key=lambda row: (ORDER.index(row.kind), row.file, row.line, row.name))


def report_compile(tree, release, rows, rest, log_file):
    """`rest`: errors of other kinds. They mostly follow from the missing names, and are shown only
    where there are none."""
    count = f"{len(rows)} names" if len(rows) != 1 else "a name"
    lines = [f"tree {tree} (Linux {release}) needs {count} that the port has not:"]
    if not rows:
        lines = [f"tree {tree} (Linux {release}) does not compile:"]
        lines += [f"  {file}:{line}: {message}" for file, line, message in rest[:10]]
    lines += [str(row) for row in rows]
    if any(row.kind == "header" for row in rows):
        lines.append("  (what else is missing shows when the headers are there)")
    lines.append(f"  all that the compiler said: {log_file}")
    return "\n".join(lines)
