"""What is made of a compiler's output, canned: no tree is needed. Run by ctest (port_scripts)."""

import unittest

import tree_missing

FIRST_ROUND = """\
In file included from mm/gup.c:3:
include/linux/mm_types.h:12:2: error: unknown type name 'vma_flags_t'
mm/gup.c:40:3: error: use of undeclared identifier 'gup_ops_t'
mm/gup.c:40:14: error: use of undeclared identifier 'ops'
mm/gup.c:50:9: error: call to undeclared function 'pmd_leaf_size'; ISO C99 and later do not support implicit function declarations
mm/rmap.c:50:9: error: call to undeclared function 'pmd_leaf_size'; ISO C99 and later do not support implicit function declarations
mm/gup.c:51:9: error: expected ';' after expression
mm/gup.c:52:9: warning: call to undeclared function 'only_a_warning'
"""
SECOND_ROUND = """\
mm/gup.c:50:9: error: call to undeclared function 'pmd_leaf_size'; ISO C99 and later do not support implicit function declarations
mm/gup.c:60:9: error: no member named 'seq' in 'struct mm_struct'
src/kernel/port/memory.c:7:3: error: field designator 'ptl' does not refer to any field in type 'struct page'
mm/gup.c:61:9: error: use of undeclared identifier 'FOLL_HONOR'
mm/gup.c:62:9: error: use of undeclared identifier 'zero_folio'
mm/gup.c:63:9: error: member reference base type 'gup_ops_t' (aka 'unsigned long') is not a structure or union
src/kernel/port/stubs.c:70:6: error: conflicting types for 'putback_lru_page'
"""
CODE = {("mm/gup.c", 40): "\tgup_ops_t *ops = NULL;"}


def rows_of(log):
    return tree_missing.rows_of(log, lambda file, line: CODE.get((file, line), ""))


class Rows(unittest.TestCase):
    def test_each_name_once_with_its_kind_and_first_place(self):
        rows, _ = rows_of(SECOND_ROUND)
        self.assertEqual([(row.kind, row.name, row.file, row.line) for row in rows], [
            ("function", "pmd_leaf_size", "mm/gup.c", 50),
            ("member", "struct mm_struct.seq", "mm/gup.c", 60),
            ("member", "struct page.ptl", "src/kernel/port/memory.c", 7),
            ("macro", "FOLL_HONOR", "mm/gup.c", 61),
            ("variable", "zero_folio", "mm/gup.c", 62),
            ("changed", "putback_lru_page", "src/kernel/port/stubs.c", 70)])

    def test_other_errors_are_kept_apart(self):
        _, rest = rows_of(FIRST_ROUND)
        self.assertEqual(rest, [("mm/gup.c", 51, "expected ';' after expression")])

    def test_a_name_that_declares_something_is_a_type(self):
        rows, _ = rows_of(FIRST_ROUND)
        self.assertIn(("type", "gup_ops_t"), [row.key for row in rows])

    def test_headers_and_configuration(self):
        rows, _ = rows_of("mm/gup.c:2:10: fatal error: 'asm/novel.h' file not found\n"
                          "include/linux/x.h:9:2: error: CONFIG_NOVEL_SHIFT must be set\n")
        self.assertEqual([row.key for row in rows],
                         [("header", "asm/novel.h"), ("CONFIG", "CONFIG_NOVEL_SHIFT")])


class Cascades(unittest.TestCase):
    def report(self, *logs):
        rounds = [rows_of(log) for log in logs]
        rows = tree_missing.without_cascades([found for found, _ in rounds])
        return tree_missing.report_compile("6.99", "6.99.1", rows, rounds[-1][1], "errors.log")

    def test_what_follows_from_a_missing_type_is_not_reported(self):
        said = self.report(FIRST_ROUND, SECOND_ROUND)
        self.assertNotIn(" ops ", said)
        self.assertNotIn("expected ';'", said)
        self.assertNotIn("not a structure", said)

    def test_types_come_first_and_each_line_says_where(self):
        said = self.report(FIRST_ROUND, SECOND_ROUND).splitlines()
        self.assertEqual(said[0], "tree 6.99 (Linux 6.99.1) needs 8 names that the port has not:")
        self.assertEqual(said[1].split(), [
            "type", "vma_flags_t", "include/linux/mm_types.h:12,", "add", "it", "in",
            "src/kernel/port/versions.h", "and", "features.txt"])
        self.assertEqual([line.split()[0] for line in said[1:9]],
                         ["type", "type", "member", "member", "function", "macro", "variable",
                          "changed"])

    def test_missing_headers_alone_while_there_are_any(self):
        said = self.report(FIRST_ROUND + "mm/gup.c:2:10: fatal error: 'asm/novel.h' file not found\n")
        self.assertIn("asm/novel.h", said)
        self.assertIn("add it in src/kernel/port/asm/novel.h", said)
        self.assertNotIn("pmd_leaf_size", said)

    def test_of_other_errors_a_few_where_nothing_is_missing(self):
        said = self.report("".join(f"mm/gup.c:{n}:1: error: expected expression\n" for n in range(50)))
        self.assertIn("does not compile", said)
        self.assertLess(len(said.splitlines()), 15)

    def test_declares_the_types_for_the_next_round(self):
        text = tree_missing.types_to_declare(rows_of(FIRST_ROUND)[0])
        self.assertIn("typedef unsigned long vma_flags_t;", text)
        self.assertIn("typedef unsigned long gup_ops_t;", text)


class Places(unittest.TestCase):
    def test_go_by_what_a_name_begins_with(self):
        for kind, name, place in (
                ("function", "pmdp_novel_get", "asm/pgtable.h"),
                ("function", "__pte_free_tlb", "asm/pgalloc.h"),
                ("function", "flush_tlb_novel", "asm/tlbflush.h"),
                ("function", "atomic_novel", "asm/atomic.h"),
                ("macro", "CONFIG_NOVEL", "generated/autoconf.h"),
                ("macro", "NR_PAGEFLAGS", "generated/bounds.h"),
                ("type", "mm_context_t", "asm/mmu.h"),
                ("function", "novel_function", "stubs.c")):
            self.assertEqual(tree_missing.place_of(kind, name), f"src/kernel/port/{place}")


if __name__ == "__main__":
    unittest.main()
