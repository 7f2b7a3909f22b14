// A scan by pfn, which takes a reference on whatever page it meets before it looks at what that is:
// split_huge_pages_all(), mm/huge_memory.c, and isolate_migratepages_block(), mm/compaction.c,
// v6.1, where they come by the page of a pmd table. Leaves out: every other page, which they would
// lock, split or isolate. Deviation: of the reference count of a table's page only what scans add
// to it is kept; with "share-count" it is one with the count of the mms that share the table.
#include "kernel/mm.h"
#include "kernel/words.h"
#include "paths/cuts.h"
#include "paths/paths.h"

namespace {

atomic_t* refcount_of(int n) {
  if (is_cut("share-count")) return wr_pmd_shares(wr_hugetlb_table(n));
  return (atomic_t*)wr_word((enum wr_word)(WR_WORD_S0_REFCOUNT + n));
}

// folio_try_get() and folio_put() of a page that turns out to be none of theirs.
void scan_table(int n) {
  if (atomic_read(wr_pmd_shares(wr_hugetlb_table(n))) == 0) return;  // free
  atomic_inc(refcount_of(n));
  atomic_dec(refcount_of(n));
}

}  // namespace

void scan_by_pfn(struct mm_struct* /*mm*/, unsigned long /*start*/, unsigned long /*end*/,
                 unsigned /*flags*/) {
  scan_table(0);
  scan_table(1);
}
