"""Which places calls return to, of canned listings. Run by ctest (port_scripts)."""

import unittest

import tree_sites

LISTING = """\
whole.o:     file format elf64-x86-64

0000000000000000 <wr_tree_text>:
       0:      nop

0000000000000010 <gup_pte_range>:
      10:      callq   0x15 <gup_pte_range+0x5>
      15:      movq    %rax, %rbx
      18:      jmp     0x1d
      1d:      callq   *%rax
      1f:      retq
"""


def frame(file, function, line=1):
    return {"FileName": file, "FunctionName": function, "Line": line}


class ReturnAddresses(unittest.TestCase):
    def test_are_behind_calls_direct_and_indirect(self):
        self.assertEqual(tree_sites.return_addresses(LISTING), [0x15, 0x1F])


class Places(unittest.TestCase):
    def place(self, *frames):
        return tree_sites.place_of(list(frames))["FunctionName"]

    def test_the_frame_around_a_header(self):
        self.assertEqual(self.place(frame("include/linux/page_ref.h", "page_ref_add"),
                                    frame("mm/gup.c", "try_get_folio")), "try_get_folio")
        self.assertEqual(self.place(frame("src/kernel/port/asm/pgtable.h", "pmdp_get"),
                                    frame("mm/gup.c", "gup_pmd_range")), "gup_pmd_range")

    def test_of_the_port_the_name_that_the_tree_calls(self):
        self.assertEqual(self.place(frame("src/kernel/port/stubs.c", "alloc"),
                                    frame("src/kernel/port/stubs.c", "__alloc_pages")),
                         "__alloc_pages")

    def test_headers_alone(self):
        self.assertEqual(self.place(frame("include/linux/a.h", "inner"),
                                    frame("include/linux/b.h", "outer")), "outer")


class Quoting(unittest.TestCase):
    def test_quotes_and_backslashes(self):
        self.assertEqual(tree_sites.quoted('a"b\\c'), '"a\\"b\\\\c"')


if __name__ == "__main__":
    unittest.main()
