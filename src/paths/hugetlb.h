// Hugetlb's entries and locks (include/linux/hugetlb.h, mm/hugetlb.c, arch/arm64/mm/hugetlbpage.c,
// v6.1). A run has one hugetlb page of one size (wr_hugetlb_size()). An entry is a pte_t at each
// level. Deviations: a contiguous set is as large as the table that it stands in, and says so in no
// bit; each of its entries has its own page's pfn while it is a migration entry, too. Of a page of
// PUD size no more pages exist than the region shows.
#ifndef WALKRACE_PATHS_HUGETLB_H_
#define WALKRACE_PATHS_HUGETLB_H_

#include "kernel/mm.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "kernel/words.h"

// The way to the entry of the huge page at an address, the first where it has several.
struct huge_walk {
  pud_t* pudp;
  pud_t pud;    // as it was read on the way
  pte_t* ptep;  // null: no table
};
struct huge_walk huge_pte_walk(struct mm_struct* mm, unsigned long address);
static inline pte_t* huge_pte_offset(struct mm_struct* mm, unsigned long address) {
  return huge_pte_walk(mm, address).ptep;
}

pud_t* mm_find_pud(struct mm_struct* mm, unsigned long address);

pte_t make_huge_pte(unsigned long pfn, bool writable, bool dirty);
// One store an entry.
void set_huge_pte_at(struct mm_struct* mm, unsigned long address, pte_t* ptep, pte_t pte);
// All of them cleared, then, where `flush`, flushed. Returns the first, dirty if one of them was.
pte_t huge_ptep_get_and_clear(struct mm_struct* mm, unsigned long address, pte_t* ptep);
pte_t huge_ptep_clear_flush(struct vm_area_struct* vma, unsigned long address, pte_t* ptep);

// hugetlb_lock: pages in use by their lists, of which the flag PG_hpage_migratable is left here.
#define hugetlb_lock() wr_spin_lock(wr_word(WR_WORD_HUGETLB_LOCK), WR_HERE)
#define hugetlb_unlock() wr_spin_unlock(wr_word(WR_WORD_HUGETLB_LOCK), WR_HERE)

// Keeps the vma's table shared, if it is. Migration alone takes it for writing here: who unshares
// or unmaps otherwise has mmap_lock for writing, and those who would take this one for reading have
// that one for reading.
static inline uint64_t* wr_hugetlb_vma_lock(const struct vm_area_struct* vma) {
  return wr_word(vma->vm_mm->id == 0 ? WR_WORD_MM0_HUGETLB_VMA_LOCK : WR_WORD_MM1_HUGETLB_VMA_LOCK);
}
#define hugetlb_vma_lock_read(vma) wr_read_lock(wr_hugetlb_vma_lock(vma), WR_HERE)
#define hugetlb_vma_unlock_read(vma) wr_read_unlock(wr_hugetlb_vma_lock(vma), WR_HERE)
#define hugetlb_vma_trylock_write(vma)                                                      \
  (wr_rmw(wr_hugetlb_vma_lock(vma), sizeof(uint64_t), WR_CMPXCHG, WR_RW_WRITER, 0, WR_FULL, \
          WR_DATA, 0, WR_HERE) == 0)
#define i_mmap_trylock_write(file)                                                                 \
  (wr_rmw(&(file)->i_mmap_rwsem.word, sizeof((file)->i_mmap_rwsem.word), WR_CMPXCHG, WR_RW_WRITER, \
          0, WR_FULL, WR_DATA, 0, WR_HERE) == 0)
#define hugetlb_vma_unlock_write(vma) wr_write_unlock(wr_hugetlb_vma_lock(vma), WR_HERE)

// Where the file's one page is in the rmap: the region's first page.
static inline unsigned long wr_hugetlb_pgoff(void) { return WR_FILE_PAGES - HPAGE_PMD_NR; }

// --- hugetlb.cc --------------------------------------------------------------------------------

// Returns whether the mm shares its table no more; the caller flushes.
// REQUIRES: i_mmap_rwsem for writing, and the entry's lock.
bool huge_pmd_unshare(const struct huge_walk* walk);
// The flush after that.
void flush_unshared(struct mm_struct* mm, unsigned long start);

// --- hugetlb_migrate.cc: mm/migrate.c ------------------------------------------------------------

void migration_entry_wait_huge(struct vm_area_struct* vma, pte_t* ptep);

#endif  // WALKRACE_PATHS_HUGETLB_H_
