#!/usr/bin/env python3
"""Takes a named piece of a fix out of a kernel tree: finds it by its function and the words that it
needs, in whatever release, and prints a patch (fuzz/run --kernel-patch). The tree is only read. What
it prints quotes the tree and is GPL-2.0: it belongs into build folders, not into a repository."""

import argparse
import difflib
import pathlib
import re
import sys

# name: (file, functions by their names over the releases, what is searched there, what stands there
# then, what it is).
PIECES = {
    "pmd-recheck": ("mm/gup.c", ("gup_pte_range", "gup_fast_pte_range"),
                    r"pmd_val\(pmd\)\s*!=\s*pmd_val\((\*pmdp|pmdp_get(_lockless)?\(pmdp\))\)", "0",
                    "the walker's comparison of the pmd after the reference"),
    "pte-recheck": ("mm/gup.c", ("gup_pte_range", "gup_fast_pte_range"),
                    r"pte_val\(pte\)\s*!=\s*pte_val\((\*ptep|ptep_get(_lockless)?\(ptep\))\)", "0",
                    "the walker's comparison of the pte after the reference"),
    "head-recheck": ("mm/gup.c", ("try_get_folio", "try_get_compound_head"),
                     r"(page_folio|compound_head)\(page\)\s*!=\s*(folio|head)", "0",
                     "the look whether the page still is the folio's after the reference"),
    "fork-seqcount": ("mm/gup.c", ("lockless_pages_from_mm", "gup_fast"),
                      r"read_seqcount_retry\(&current->mm->write_protect_seq,\s*seq\)", "0",
                      "the test after the walk whether a fork came in between"),
    "collapse-table-sync": ("mm/khugepaged.c", ("collapse_huge_page",),
                            r"tlb_remove_table_sync_one\(\)", "do { } while (0)",
                            "collapse's wait for walkers once the table is unlinked"),
}


class NotFound(Exception):
    pass


def body_of(text, functions):
    """(begin, end) of the first of these functions that is defined, braces included."""
    for name in functions:
        for match in re.finditer(rf"^[a-z][^;{{}}#]*?\b{name}\([^;{{}}]*?\)\s*\n\{{", text,
                                 re.MULTILINE):
            end = text.index("\n}", match.end())
            return match.end(), end
    raise NotFound(f"defines none of {', '.join(functions)}")


def take_out(tree, piece, text_of):
    """The file's name and its text without the piece. `text_of`: name to text."""
    file, functions, pattern, instead, _ = PIECES[piece]
    text = text_of(file)
    begin, end = body_of(text, functions)
    body, count = re.subn(pattern, instead, text[begin:end], count=1)
    if count == 0:
        raise NotFound(f"{tree}/{file} has no {pattern!r} in {functions[0]}()")
    return file, text[:begin] + body + text[end:]


def without(tree, pieces):
    """{file: (text before, text after)}."""
    texts = {}

    def text_of(file):
        if file not in texts:
            text = (tree / file).read_text(errors="surrogateescape")
            texts[file] = (text, text)
        return texts[file][1]

    for piece in pieces:
        file, after = take_out(tree, piece, text_of)
        texts[file] = (texts[file][0], after)
    return texts


def patch_of(texts):
    lines = []
    for file, (before, after) in texts.items():
        lines += difflib.unified_diff(before.splitlines(keepends=True),
                                      after.splitlines(keepends=True), f"a/{file}", f"b/{file}")
    return "".join(lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="pieces:\n" + "\n".join(f"  {name:<20} {row[4]} ({row[0]})"
                                       for name, row in PIECES.items()))
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("piece", nargs="+", choices=sorted(PIECES), metavar="PIECE")
    options = parser.parse_args()
    try:
        sys.stdout.write(patch_of(without(options.tree, options.piece)))
    except (NotFound, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
