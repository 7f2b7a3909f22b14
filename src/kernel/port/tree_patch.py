"""Patches on a copy of a tree: the parts of them that walkrace compiles."""

import re
import subprocess

HEAD = re.compile(r"^(diff |index |old mode|new mode|new file|deleted file|similarity|rename|copy |"
                  r"Index: |=====)")


def sections_of(text):
    """(file, text) of each file that a patch changes: of a mail, of several, of a plain diff."""
    lines = text.splitlines(keepends=True)
    starts = []
    for number, line in enumerate(lines[:-1]):
        if line.startswith("--- ") and lines[number + 1].startswith("+++ "):
            start = number
            while start > 0 and HEAD.match(lines[start - 1]):
                start -= 1
            names = [lines[number + 1].split()[1], line.split()[1]]
            name = next((name for name in names if name != "/dev/null"), "")
            starts.append((start, name.partition("/")[2]))
    ends = [start for start, _ in starts[1:]] + [len(lines)]
    return [(name, "".join(lines[start:end])) for (start, name), end in zip(starts, ends)]


def apply(patch, copy, folders):
    """Applies what a patch changes below `folders`. Returns the files that it leaves out, and what
    is wrong, or ""."""
    text = patch.read_text(errors="replace")
    sections = sections_of(text)
    wanted = [(name, part) for name, part in sections if name.split("/")[0] in folders]
    left_out = [name for name, _ in sections if name.split("/")[0] not in folders]
    if not wanted:
        return left_out, (f"changes nothing that walkrace compiles ({', '.join(folders)})"
                          if sections else "is no patch: diff -u or git format-patch makes one")
    done = subprocess.run(
        ["patch", "--strip=1", "--batch", "--forward", "--fuzz=2", "--no-backup-if-mismatch",
         "--directory", str(copy)],
        input="".join(part for _, part in wanted), capture_output=True, text=True, check=False)
    return left_out, "" if done.returncode == 0 else f"does not apply:\n{done.stdout}{done.stderr}"
