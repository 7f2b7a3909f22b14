// Locks of tables, and the deposited tables of huge pmds (mm/pgtable-generic.c, v6.1). Deviation:
// the kernel keeps one list per pmd table; here each huge pmd has the one table that it brought.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/race_detector.h"
#include "kernel/tlb.h"
#include "machine/arena.h"
#include "machine/machine.h"

using namespace walkrace;

namespace {

unsigned long* SlotOf(const mm_struct* mm, pmd_t* pmdp) {
  const wr_table& table = arena.tables[mm->id * kUpperTables + kPmdTable];
  return &arena.pmd_huge_pte[mm->id][pmdp - reinterpret_cast<const pmd_t*>(table.entry)];
}

uint64_t Load(unsigned long* p, const wr_site* site) {
  return wr_load(p, sizeof(*p), WR_RELAXED, WR_DATA, site);
}

void Store(unsigned long* p, uint64_t value, const wr_site* site) {
  wr_store(p, sizeof(*p), value, WR_RELAXED, WR_DATA, site);
}

}  // namespace

extern "C" {

spinlock_t* pte_lockptr(mm_struct* /*mm*/, pmd_t pmd) {
  return &arena.ptl[wr_pfn_to_table(pmd_pfn(pmd)) - arena.tables];
}

spinlock_t* huge_pte_lockptr(mm_struct* mm, const pte_t* ptep) {
  if (wr_hugetlb_size() != WR_HUGETLB_PMD) return &mm->page_table_lock;
  const auto* first = reinterpret_cast<const pte_t*>(&arena.tables[0]);
  return &arena.ptl[(ptep - first) / kEntriesPerTable];
}

spinlock_t* pmd_lockptr(mm_struct* mm) { return &mm->page_table_lock; }

bool arch_supports_page_table_move(void) { return ActiveProfile().moves_page_tables; }
bool arch_needs_pgtable_deposit(void) { return ActiveProfile().deposits_for_files; }

void wr_pgtable_trans_huge_deposit(mm_struct* mm, pmd_t* pmdp, pgtable_t table,
                                   const wr_site* site) {
  const RaceDetectorFrame caller(__builtin_return_address(0));
  const unsigned long pfn = wr_table_to_pfn(table);
  Store(SlotOf(mm, pmdp), pfn, site);
  wr_note(WR_NOTE_TABLE_DEPOSIT, table, pfn, 0, site);
  if (ActiveProfile().deposit_writes_table) {
    // A list head in the table's first two entries.
    wr_store(&table->entry[0], 8, 0, WR_RELAXED, WR_ENTRY, site);
    wr_store(&table->entry[1], 8, 0, WR_RELAXED, WR_ENTRY, site);
  }
}

pgtable_t wr_pgtable_trans_huge_withdraw(mm_struct* mm, pmd_t* pmdp, const wr_site* site) {
  const RaceDetectorFrame caller(__builtin_return_address(0));
  const unsigned long pfn = Load(SlotOf(mm, pmdp), site);
  if (pfn == 0) return nullptr;
  Store(SlotOf(mm, pmdp), 0, site);
  wr_note(WR_NOTE_TABLE_WITHDRAW, wr_pfn_to_table(pfn), pfn, 0, site);
  return wr_pfn_to_table(pfn);
}

}  // extern "C"
