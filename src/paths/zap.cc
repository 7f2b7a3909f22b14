// MADV_DONTNEED. Mirrors madvise_dontneed_single_vma() (mm/madvise.c), zap_page_range(),
// zap_pmd_range(), zap_pte_range() (mm/memory.c), zap_huge_pmd() (mm/huge_memory.c) and the
// gathering of mm/mmu_gather.c, v6.1. Part of a huge page is split off first.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "kernel/pgtable.h"
#include "kernel/tlb.h"
#include "paths/cuts.h"
#include "paths/mmu_gather.h"
#include "paths/paths.h"
#include "paths/secondary_mmu.h"
#include "paths/swap.h"

namespace {

void tlb_remove_page(struct mmu_gather* tlb, struct page* page) {
  tlb->folios[tlb->nr++] = wr_folio_of_held(page);
  tlb->cleared = true;
}

}  // namespace

// ORDER(G clear-flush-free): entries cleared, then flushed everywhere, then the pages freed.
// Without it a CPU writes to a page that is somebody else's by now.
void tlb_finish_mmu(struct mmu_gather* tlb) {
  const bool late = is_cut("zap-flush-first");
  if (tlb->cleared && !late) wr_flush_tlb_range(tlb->mm, tlb->start, tlb->end);
  tlb_table_flush(tlb);
  for (int i = 0; i < tlb->nr; ++i) free_page_and_swap_cache(&tlb->folios[i]->page);
  if (tlb->cleared && late) wr_flush_tlb_range(tlb->mm, tlb->start, tlb->end);
}

namespace {

void zap_pte_range(struct mmu_gather* tlb, pmd_t pmd, unsigned long addr, unsigned long end) {
  spinlock_t* ptl = pte_lockptr(tlb->mm, pmd);
  pte_t* pte = pte_offset_kernel(pmd, addr);
  spin_lock(ptl);
  flush_tlb_batched_pending(tlb->mm);
  for (; addr != end; addr += PAGE_SIZE, ++pte) {
    const pte_t found = pte_read_locked(pte);
    if (pte_none(found)) continue;
    if (!pte_present(found)) {
      // A migration entry holds no reference and no mapping.
      if (!is_migration_pte(found)) free_swap_and_cache(pte_swp_slot(found));
      pte_clear(tlb->mm, addr, pte);
      continue;
    }
    const pte_t ptent = ptep_get_and_clear(tlb->mm, addr, pte);
    struct page* page = pfn_to_page(pte_pfn(ptent));
    page_remove_rmap(page);
    tlb_remove_page(tlb, page);
  }
  spin_unlock(ptl);
}

// Frees the table that was deposited with the huge page: at once, since no walker can reach it
// any more. That holds only if whoever deposited it waited for the walkers of that time.
void zap_deposited_table(struct mm_struct* mm, pmd_t* pmdp) {
  pgtable_t pgtable = pgtable_trans_huge_withdraw(mm, pmdp);
  if (pgtable != nullptr) pte_free(mm, pgtable);
}

// Returns false when the pmd is not huge any more.
bool zap_huge_pmd(struct mmu_gather* tlb, pmd_t* pmdp, unsigned long addr) {
  spinlock_t* ptl = pmd_lockptr(tlb->mm);
  spin_lock(ptl);
  const pmd_t found = pmd_read_locked(pmdp);
  const bool huge = pmd_is_huge(found);
  if (huge) {
    const pmd_t orig_pmd = pmdp_huge_get_and_clear(tlb->mm, addr, pmdp);
    struct page* page = pfn_to_page(pmd_pfn(orig_pmd));
    const bool present = pmd_present(orig_pmd);
    if (present) page_remove_huge_rmap(page);
    const bool anonymous = find_vma(tlb->mm, addr)->vm_file == nullptr;
    if (anonymous || arch_needs_pgtable_deposit()) zap_deposited_table(tlb->mm, pmdp);
    // A migration entry holds no reference and no mapping.
    if (present) tlb_remove_page(tlb, page);
    tlb->cleared = true;
  }
  spin_unlock(ptl);
  return huge;
}

void zap_pmd_range(struct mmu_gather* tlb, pmd_t* pmdp, unsigned long addr, unsigned long end) {
  unsigned long next;
  do {
    next = pmd_addr_end(addr, end);
    const pmd_t found = pmdp_get(pmdp);
    if (pmd_is_huge(found)) {
      if (next - addr != HPAGE_PMD_SIZE) {
        __split_huge_pmd(find_vma(tlb->mm, addr), pmdp, addr);
      } else if (zap_huge_pmd(tlb, pmdp, addr)) {
        continue;
      }
    }
    const pmd_t pmd = pmdp_get(pmdp);
    if (!pmd_present(pmd) || pmd_trans_huge(pmd)) continue;
    zap_pte_range(tlb, pmd, addr, next);
  } while (++pmdp, addr = next, addr != end);
}

}  // namespace

void unmap_page_range(struct mmu_gather* tlb, unsigned long addr, unsigned long end) {
  pmd_t* pmdp = mm_find_pmd(tlb->mm, addr);
  if (pmdp != nullptr) zap_pmd_range(tlb, pmdp, addr, end);
}

void madvise_dontneed_single_vma(struct vm_area_struct* vma, unsigned long start,
                                 unsigned long end) {
  struct mm_struct* mm = vma->vm_mm;
  struct mmu_gather tlb = {mm, start, end, {}, 0, false, {}, 0};
  // A file's pages stay in the page cache: nothing is discarded.
  const bool discards = vma->vm_file == nullptr;
  if (discards) wr_note(WR_NOTE_DISCARD_BEGIN, nullptr, start, end, WR_HERE);
  mmu_notifier_invalidate_range_start(mm, start, end);
  unmap_page_range(&tlb, start, end);
  tlb_finish_mmu(&tlb);
  mmu_notifier_invalidate_range_end(mm, start, end);
  if (discards) wr_note(WR_NOTE_DISCARD_END, nullptr, start, end, WR_HERE);
}

// Mirrors madvise_walk_vmas().
void madvise_dontneed(struct mm_struct* mm, unsigned long start, unsigned long end,
                      unsigned /*flags*/) {
  mmap_read_lock(mm);
  for (struct vm_area_struct* vma = wr_next_vma(mm, nullptr); vma != nullptr;
       vma = wr_next_vma(mm, vma)) {
    const unsigned long first = start > vma->vm_start ? start : vma->vm_start;
    const unsigned long last = end < vma->vm_end ? end : vma->vm_end;
    if (vma_is_secretmem(vma)) continue;  // VM_LOCKED: can_madv_lru_vma()
    if (first < last) madvise_dontneed_single_vma(vma, first, last);
  }
  mmap_read_unlock(mm);
}
