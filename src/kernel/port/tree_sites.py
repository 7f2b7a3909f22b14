"""Which place in the source each call in a tree's text returns to. The engine's events get their
site from their return address: a table made here, once, so that no run looks anything up in debug
information, and the same everywhere."""

import json
import re
import subprocess

CALL = re.compile(r"^\s*([0-9a-f]+):\s+(?:call|jmp)q?\b")
ADDRESS = re.compile(r"^\s*([0-9a-f]+):\s")
# Where a reader does not look for the place of an access: the frame around it is meant.
HEADERS = re.compile(r"(^|/)include/|(^|/)src/kernel/port/(asm|calls\.h|unit\.h)")

OWN = re.compile(r"(^|/)src/kernel/port/[^/]*\.c$")


def return_addresses(listing):
    """The addresses behind call instructions."""
    found = []
    called = False
    for line in listing.splitlines():
        address = ADDRESS.match(line)
        if not address:
            continue
        if called:
            found.append(int(address.group(1), 16))
        # A relocation's line stands behind its instruction's.
        if "R_X86_64" in line:
            continue
        called = CALL.match(line) is not None and "call" in line
    return found


def place_of(frames):
    """The innermost frame that is no header's; of functions of the port's own the outermost: the
    name that the tree calls."""
    for number, frame in enumerate(frames):
        if not frame["FileName"] or HEADERS.search(frame["FileName"]):
            continue
        while OWN.search(frame["FileName"]) and number + 1 < len(frames) and OWN.search(
                frames[number + 1]["FileName"]):
            number += 1
            frame = frames[number]
        return frame
    return frames[-1]


def symbolize(object_file, addresses):
    done = subprocess.run(
        ["llvm-symbolizer-19", f"--obj={object_file}", "--output-style=JSON", "--inlines", "--functions=short"],
        input="".join(f"0x{address - 1:x}\n" for address in addresses), capture_output=True,
        text=True, check=True)
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        yield answer.get("Symbol") or [{"FileName": "", "FunctionName": "?", "Line": 0}]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def table_of(object_file, tree, port):
    """The table as assembler: wr_tree_sites and wr_tree_site_rows of tree.h."""
    listing = subprocess.run(
        ["llvm-objdump-19", "--disassemble", "--no-show-raw-insn", "--section=.text",
         str(object_file)], capture_output=True, text=True, check=True).stdout
    addresses = return_addresses(listing)
    sites, numbers, rows, strings = [], {}, [], {}
    for address, frames in zip(addresses, symbolize(object_file, addresses)):
        frame = place_of(frames)
        name = re.sub(r"\.(constprop|isra|part|cold|llvm)\..*$", "", frame["FunctionName"])
        file = frame["FileName"].removeprefix(f"{tree}/").removeprefix("./")
        file = file.replace(f"{port}/", "src/kernel/port/")
        key = (file, name, frame["Line"])
        if key not in numbers:
            numbers[key] = len(sites)
            sites.append(key)
        rows.append((address, numbers[key]))
    lines = ['.section .data.rel.ro,"aw",@progbits', ".balign 8", ".globl wr_tree_sites",
             "wr_tree_sites:"]
    for file, function, line in sites:
        for text in (file, function):
            strings.setdefault(text, len(strings))
            lines.append(f".quad .Lstring{strings[text]}")
        lines.append(f".quad {line}")
    lines += [".section .rodata", ".balign 8", ".globl wr_tree_site_rows", "wr_tree_site_rows:"]
    lines += [f".long {address}, {site}" for address, site in rows]
    lines += [".balign 8", ".globl wr_tree_site_row_count", "wr_tree_site_row_count:", f".quad {len(rows)}"]
    lines += [f".Lstring{number}: .asciz {quoted(text)}" for text, number in strings.items()]
    lines.append('.section .note.GNU-stack,"",@progbits')
    return "\n".join(lines) + "\n"
