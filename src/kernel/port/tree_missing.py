"""What a tree needs that the port has not: a list with a line a name, never a compiler's output."""

import re
import subprocess

# What a compiler says of a name that is missing: the kind, and where the name stands.
MESSAGES = (
    ("function", re.compile(r"call to undeclared function '(\w+)'")),
    ("function", re.compile(r"implicit declaration of function '(\w+)'")),
    ("type", re.compile(r"unknown type name '(\w+)'")),
    ("type", re.compile(r"(?:incomplete (?:definition of )?type|has incomplete type) '(?:const )?"
                        r"((?:struct |union |enum )?\w+)")),
    ("member", re.compile(r"no member named '(\w+)' in '([^']+)'")),
    ("member", re.compile(r"field designator '(\w+)' does not refer to any field in type '([^']+)'")),
    ("name", re.compile(r"use of undeclared identifier '(\w+)'")),
    ("header", re.compile(r"'([\w/.-]+)' file not found")),
    ("CONFIG", re.compile(r"#error.*(CONFIG_\w+)")),
)
ERROR = re.compile(r"^(.+?):(\d+):\d+: (?:fatal )?error: (.*)$", re.MULTILINE)

# Where a name belongs, by what it begins with.
PLACES = (
    (re.compile(r"^CONFIG_"), "generated/autoconf.h"),
    (re.compile(r"(_alloc_one|_populate|_free_tlb|pte_free)"), "asm/pgalloc.h"),
    (re.compile(r"(flush_tlb|_flush)"), "asm/tlbflush.h"),
    (re.compile(r"^(pte|ptep|pmd|pmdp|pud|pudp|p4d|pgd|pgprot|set_p|__p[tm]|mk_p|PAGE_|P[TMU4GD]+_)"),
     "asm/pgtable.h"),
    (re.compile(r"^(arch_)?(raw_)?atomic"), "asm/atomic.h"),
    (re.compile(r"^(NR_PAGEFLAGS|MAX_NR_ZONES|NR_CPUS_BITS|.*_WIDTH$)"), "generated/bounds.h"),
)
OF_KIND = {"header": "asm/", "type": "versions.h", "member": "versions.h and features.txt",
           "function": "stubs.c", "name": "stubs.c", "CONFIG": "generated/autoconf.h"}

# What the rest of the program has.
PROVIDED = re.compile(
    r"^(wr_port_|wr_tree_sites?|wr_tree_site_row|__(t|a|ub|m)san_|__sanitizer_|__start_|__stop_|mem(cpy|set|move|cmp|chr)$|"
    r"str(len|cmp|ncmp|chr|rchr|cpy|sep)$|_GLOBAL_OFFSET_TABLE_$|__afl_)")


def place_of(kind, name):
    for pattern, file in PLACES:
        if pattern.search(name):
            return "src/kernel/port/" + file
    return "src/kernel/port/" + OF_KIND.get(kind, "stubs.c")


def names_of(log):
    """(kind, name, file, line) once each, types first: others follow from them."""
    found, rest = {}, []
    for file, line, message in ERROR.findall(log):
        for kind, pattern in MESSAGES:
            match = pattern.search(message)
            if match:
                name = match.group(1)
                if kind == "member":
                    name = f"{match.group(2)}.{name}"
                found.setdefault((kind, name), (file, int(line)))
                break
        else:
            rest.append((file, int(line), message))
    order = ("header", "CONFIG", "type", "member", "function", "name")
    rows = [(kind, name, *place) for (kind, name), place in found.items()]
    rows.sort(key=lambda row: (order.index(row[0]), row[2], row[3]))
    return rows, rest


def report_compile(tree, release, log, log_file):
    rows, rest = names_of(log)
    lines = [f"tree {tree} (Linux {release}) needs {len(rows)} names that the port has not:"]
    for kind, name, file, line in rows:
        lines.append(f"  {kind:<8} {name:<40} {file}:{line}, add it in {place_of(kind, name)}")
    # Of other kinds of errors the first few: mostly they follow from the above.
    for file, line, message in rest[:5]:
        lines.append(f"  other    {message} at {file}:{line}")
    lines.append(f"  all that the compiler said: {log_file}")
    return "\n".join(lines)


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
    lines.append(".section .rodata")
    for name in undefined_of(object_file):
        lines.append(f'.Lname_{name}: .asciz "{name}"')
    lines.append('.section .note.GNU-stack,"",@progbits')
    return "\n".join(lines) + "\n"
