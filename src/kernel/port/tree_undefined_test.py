"""What is made of a linker's output, canned: no tree is needed. Run by ctest (port_scripts)."""

import tempfile
import unittest
from pathlib import Path

import tree_undefined

LOG = """\
ld: /out/gup.o: in function `try_get_folio':
././mm/gup.c:3: undefined reference to `wr_port_rmw'
ld: ././mm/gup.c:2: undefined reference to `novel_helper'
ld: /out/gup.o: in function `gup_put_folio':
./mm/gup.c:(.text.gup_put_folio+0xf4): undefined reference to `hidden_helper'
ld: ./mm/gup.c:4: undefined reference to `hidden_helper'
./mm/gup.c:(.text.gup_put_folio+0xf8): undefined reference to `lineless_helper'
ld: ././mm/gup.c:5: undefined reference to `novel_batch'
ld: /out/gup.o:(.data.rel.ro+0x98): undefined reference to `wr_tree_sites'
ld: ././src/kernel/port/stubs.c:24: undefined reference to `__tsan_read8'
"""
TEXTS = {"mm/gup.c": "lineless_helper();\nnovel_helper(x);\nrmw();\nHIDDEN();\nbatch = novel_batch;\n"}


class Undefined(unittest.TestCase):
    def rows(self, known=()):
        return tree_undefined.missing_rows(tree_undefined.reached(LOG), set(known),
                                           lambda file: TEXTS.get(file, ""))

    def test_names_with_kind_and_a_line_of_the_tree(self):
        self.assertEqual([(row.kind, row.name, row.file, row.line) for row in self.rows()], [
            ("function", "lineless_helper", "mm/gup.c", 1),
            ("function", "novel_helper", "mm/gup.c", 2),
            ("function", "hidden_helper", "mm/gup.c", 4),
            ("variable", "novel_batch", "mm/gup.c", 5)])

    def test_not_what_is_known_to_be_unmodelled(self):
        names = [row.name for row in self.rows(known=["novel_helper", "novel_batch"])]
        self.assertEqual(names, ["lineless_helper", "hidden_helper"])

    def test_says_where_to_add_it(self):
        said = tree_undefined.report_undefined("6.99", "6.99.1", self.rows())
        self.assertIn("mm/gup.c:2, add it in src/kernel/port/stubs.c\n", said)
        self.assertIn("src/kernel/port/unmodelled.txt", said)

    def test_the_list_has_a_name_a_line(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "unmodelled.txt"
            file.write_text("# why\n\nnovel_helper\nnovel_batch  # what for\n")
            self.assertEqual(tree_undefined.known_unmodelled(file), {"novel_helper", "novel_batch"})
        self.assertIn("migrate_pages", tree_undefined.known_unmodelled())


if __name__ == "__main__":
    unittest.main()
