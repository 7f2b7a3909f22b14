// fork: the other mm gets mm 0's anonymous memory, shared until either writes. Mirrors dup_mmap(),
// kernel/fork.c, copy_page_range(), copy_pte_range(), copy_present_pte(), copy_present_page(),
// copy_nonpresent_pte(), mm/memory.c, page_try_dup_anon_rmap(), include/linux/rmap.h, and
// copy_huge_pmd(), mm/huge_memory.c, v6.1. Leaves out: the child's vmas and anon_vmas (they are
// there already), special entries, userfaultfd. Deviations: (1) fork does nothing, as if memory had
// run out, where there is no other mm, where it has anonymous memory or a table for it already,
// where mremap has made its vmas others than the parent's, and in mm 1. Out of memory half-way, the
// child keeps what it has. (2) A child's CPUs run all the time: mmap_lock of the child is kept
// until the parent's TLBs are flushed, and its entries are stored with release, since nobody wakes
// it up behind them. (3) A huge page that may be pinned is copied to base pages
// of the child; the kernel splits the parent's pmd first, and copies then. (4) A huge page's tails
// carry PageAnonExclusive.
#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/tlb.h"
#include "paths/cow.h"
#include "paths/cuts.h"
#include "paths/secondary_mmu.h"
#include "paths/swap.h"

namespace {

#define SET_CHILD_ENTRY(p, value) \
  wr_store((p), sizeof(*(p)), (value), WR_RELEASE, WR_ENTRY, WR_HERE)

enum copied { COPY_DONE, COPY_NEEDS_PAGE, COPY_NO_MEMORY, COPY_NOT_HUGE };

// A CPU of the parent may still write through its TLB until flush_tlb_mm(): to both, then.
void note_copied(unsigned long src_addr, unsigned long dst_addr) {
  wr_note(WR_NOTE_FORK_COPIED, nullptr, src_addr, dst_addr, WR_HERE);
}

// Returns false where the page may be pinned: then it stays the parent's alone.
// ORDER(N count-then-protect): the count here, then the entry is write-protected, both while
// write_protect_seq is odd; pairs with lockless_pages_from_mm(), which reads the count before and
// after its walk and puts its pins back. Without it a walker has the writable entry before the
// write-protection and pins the page after the look at its count.
bool page_try_dup_anon_rmap(struct page* page, unsigned long pages) {
  if (PageAnonExclusive(page)) {
    if (!is_cut("fork-early-copy") && folio_maybe_dma_pinned(page_folio(page))) return false;
    for (unsigned long i = 0; i < pages; ++i) ClearPageAnonExclusive(page + i);
  }
  if (pages > 1) {
    page_add_huge_rmap(page);
  } else {
    page_add_rmap(page);
  }
  return true;
}

void copy_present_page(struct vm_area_struct* dst_vma, pte_t* dst_pte, struct page* page,
                       unsigned long src_addr, unsigned long dst_addr, struct folio* prealloc) {
  copy_user_highpage(&prealloc->page, page);
  note_copied(src_addr, dst_addr);
  page_add_new_anon_rmap(&prealloc->page, dst_vma, dst_addr);
  SetPageLRU(&prealloc->page);
  SET_CHILD_ENTRY(dst_pte, pte_val(pte_mkwrite(pte_mkdirty(pfn_pte(folio_pfn(prealloc))))));
}

enum copied copy_present_pte(struct vm_area_struct* dst_vma, pte_t* dst_pte, pte_t* src_pte,
                             pte_t pte, unsigned long src_addr, unsigned long dst_addr,
                             struct folio** prealloc) {
  struct page* page = pfn_to_page(pte_pfn(pte));
  struct folio* folio = page_folio(page);
  folio_get(folio);
  if (!page_try_dup_anon_rmap(page, 1)) {
    folio_put(folio);
    if (*prealloc == nullptr) return COPY_NEEDS_PAGE;
    copy_present_page(dst_vma, dst_pte, page, src_addr, dst_addr, *prealloc);
    *prealloc = nullptr;
    return COPY_DONE;
  }
  if (pte_write(pte)) {
    // ptep_set_wrprotect: atomic against the hardware's accessed and dirty bits.
    (void)wr_rmw(src_pte, sizeof(*src_pte), WR_AND, ~_PAGE_RW, 0, WR_RELAXED, WR_ENTRY, nullptr,
                 WR_HERE);
    pte = pte_wrprotect(pte);
  }
  SET_CHILD_ENTRY(dst_pte, pte_val(pte_mkold(pte)));
  note_copied(src_addr, dst_addr);
  return COPY_DONE;
}

// What is migrating, or swapped out: what was writable or exclusive is shared from now on, in both.
void copy_nonpresent_pte(struct vm_area_struct* src_vma, pte_t* dst_pte, pte_t* src_pte, pte_t pte,
                         unsigned long src_addr, unsigned long dst_addr) {
  const bool migrates = is_migration_pte(pte);
  if (!migrates) swap_duplicate(pte_swp_slot(pte));
  const pte_t readable = migrates ? make_migration_pte(pte_pfn(pte), false, false)
                                  : make_swap_pte(pte_swp_slot(pte), false);
  if (pte_val(readable) != pte_val(pte)) set_pte_at(src_vma->vm_mm, src_addr, src_pte, readable);
  SET_CHILD_ENTRY(dst_pte, pte_val(readable));
  note_copied(src_addr, dst_addr);
}

// One pass under both locks, from *addr on.
enum copied copy_ptes(struct vm_area_struct* dst_vma, struct vm_area_struct* src_vma, pmd_t dst_pmd,
                      pmd_t src_pmd, unsigned long* addr, unsigned long end,
                      struct folio** prealloc) {
  const unsigned long to_child = dst_vma->vm_start - src_vma->vm_start;
  spinlock_t* dst_ptl = pte_lockptr(dst_vma->vm_mm, dst_pmd);
  spinlock_t* src_ptl = pte_lockptr(src_vma->vm_mm, src_pmd);
  enum copied result = COPY_DONE;
  spin_lock(dst_ptl);
  spin_lock(src_ptl);
  for (; *addr != end; *addr += PAGE_SIZE) {
    pte_t* src_pte = pte_offset_kernel(src_pmd, *addr);
    pte_t* dst_pte = pte_offset_kernel(dst_pmd, *addr);
    const pte_t pte = pte_read_locked(src_pte);
    if (pte_none(pte) || pte_special(pte)) continue;
    if (!pte_present(pte)) {
      copy_nonpresent_pte(src_vma, dst_pte, src_pte, pte, *addr, *addr + to_child);
      continue;
    }
    result = copy_present_pte(dst_vma, dst_pte, src_pte, pte, *addr, *addr + to_child, prealloc);
    if (result != COPY_DONE) break;
  }
  spin_unlock(src_ptl);
  spin_unlock(dst_ptl);
  return result;
}

enum copied copy_pte_range(struct vm_area_struct* dst_vma, struct vm_area_struct* src_vma,
                           pmd_t* dst_pmdp, pmd_t src_pmd, unsigned long addr, unsigned long end) {
  if (!pte_alloc(dst_vma->vm_mm, dst_pmdp)) return COPY_NO_MEMORY;
  const pmd_t dst_pmd = pmdp_get(dst_pmdp);
  struct folio* prealloc = nullptr;
  enum copied result = COPY_DONE;
  while ((result = copy_ptes(dst_vma, src_vma, dst_pmd, src_pmd, &addr, end, &prealloc)) ==
         COPY_NEEDS_PAGE) {
    prealloc = folio_alloc(0);
    if (prealloc == nullptr) return COPY_NO_MEMORY;
  }
  if (prealloc != nullptr) folio_put(prealloc);
  return result;
}

// Deviation (3) of the head. REQUIRES: the parent's pmd lock is held, so that its page stays.
enum copied copy_pinned_huge_page(struct vm_area_struct* dst_vma, struct vm_area_struct* src_vma,
                                  pmd_t dst_pmd, struct page* head, unsigned long addr) {
  const unsigned long dst_addr = addr - src_vma->vm_start + dst_vma->vm_start;
  spinlock_t* ptl = pte_lockptr(dst_vma->vm_mm, dst_pmd);
  for (unsigned long i = 0; i < HPAGE_PMD_NR; ++i) {
    struct folio* folio = folio_alloc(0);
    if (folio == nullptr) return COPY_NO_MEMORY;
    const unsigned long offset = i << PAGE_SHIFT;
    spin_lock(ptl);
    copy_present_page(dst_vma, pte_offset_kernel(dst_pmd, dst_addr + offset), head + i,
                      addr + offset, dst_addr + offset, folio);
    spin_unlock(ptl);
  }
  return COPY_DONE;
}

// REQUIRES: both pmd locks are held; the pmd is huge. Returns false where it may be pinned.
bool share_huge_page(struct vm_area_struct* dst_vma, struct vm_area_struct* src_vma,
                     pmd_t* dst_pmdp, pmd_t* src_pmdp, pmd_t pmd, unsigned long addr,
                     pgtable_t pgtable) {
  const unsigned long dst_addr = addr - src_vma->vm_start + dst_vma->vm_start;
  struct page* page = pfn_to_page(pmd_pfn(pmd));
  folio_get((struct folio*)page);
  if (!page_try_dup_anon_rmap(page, HPAGE_PMD_NR)) {
    folio_put((struct folio*)page);
    return false;
  }
  pgtable_trans_huge_deposit(dst_vma->vm_mm, dst_pmdp, pgtable);
  // pmdp_set_wrprotect
  (void)wr_rmw(src_pmdp, sizeof(*src_pmdp), WR_AND, ~_PAGE_RW, 0, WR_RELAXED, WR_ENTRY, nullptr,
               WR_HERE);
  const pmd_t entry = __pmd(pmd_val(pmd_wrprotect(pmd)) & ~_PAGE_ACCESSED);
  SET_CHILD_ENTRY(dst_pmdp, pmd_val(entry));
  for (unsigned long offset = 0; offset < HPAGE_PMD_SIZE; offset += PAGE_SIZE) {
    note_copied(addr + offset, dst_addr + offset);
  }
  return true;
}

// What is migrating: what was writable or exclusive is shared from now on, in both.
// REQUIRES: both pmd locks are held.
void copy_pmd_migration_entry(struct vm_area_struct* dst_vma, struct vm_area_struct* src_vma,
                              pmd_t* dst_pmdp, pmd_t* src_pmdp, pmd_t pmd, unsigned long addr,
                              pgtable_t pgtable) {
  const unsigned long dst_addr = addr - src_vma->vm_start + dst_vma->vm_start;
  const pmd_t readable = make_migration_pmd(pmd_pfn(pmd), false, false);
  if (pmd_val(readable) != pmd_val(pmd)) set_pmd_at(src_vma->vm_mm, addr, src_pmdp, readable);
  pgtable_trans_huge_deposit(dst_vma->vm_mm, dst_pmdp, pgtable);
  SET_CHILD_ENTRY(dst_pmdp, pmd_val(readable));
  for (unsigned long offset = 0; offset < HPAGE_PMD_SIZE; offset += PAGE_SIZE) {
    note_copied(addr + offset, dst_addr + offset);
  }
}

enum copied copy_huge_pmd(struct vm_area_struct* dst_vma, struct vm_area_struct* src_vma,
                          pmd_t* dst_pmdp, pmd_t* src_pmdp, unsigned long addr) {
  struct mm_struct* dst_mm = dst_vma->vm_mm;
  pgtable_t pgtable = pte_alloc_one(dst_mm);
  if (pgtable == nullptr) return COPY_NO_MEMORY;
  spinlock_t* dst_ptl = pmd_lockptr(dst_mm);
  spinlock_t* src_ptl = pmd_lockptr(src_vma->vm_mm);
  spin_lock(dst_ptl);
  spin_lock(src_ptl);
  const pmd_t pmd = pmd_read_locked(src_pmdp);
  enum copied result = COPY_DONE;
  if (is_pmd_migration_entry(pmd)) {
    copy_pmd_migration_entry(dst_vma, src_vma, dst_pmdp, src_pmdp, pmd, addr, pgtable);
  } else if (!pmd_trans_huge(pmd)) {
    pte_free(dst_mm, pgtable);
    result = COPY_NOT_HUGE;
  } else if (!share_huge_page(dst_vma, src_vma, dst_pmdp, src_pmdp, pmd, addr, pgtable)) {
    pmd_populate(dst_mm, dst_pmdp, pgtable);
    result = copy_pinned_huge_page(dst_vma, src_vma, pmdp_get(dst_pmdp), pfn_to_page(pmd_pfn(pmd)),
                                   addr);
  }
  spin_unlock(src_ptl);
  spin_unlock(dst_ptl);
  return result;
}

// A change of the sequence without its barrier.
#define ADVANCE(s) WRITE_ONCE((s)->sequence, READ_ONCE((s)->sequence) + 1)

enum copied copy_page_range(struct vm_area_struct* dst_vma, struct vm_area_struct* src_vma) {
  pmd_t* dst_pmdp = mm_find_pmd(dst_vma->vm_mm, dst_vma->vm_start);
  pmd_t* src_pmdp = mm_find_pmd(src_vma->vm_mm, src_vma->vm_start);
  if (src_pmdp == nullptr || dst_pmdp == nullptr) return COPY_DONE;
  enum copied result = COPY_NOT_HUGE;
  seqcount_t* const seq = &src_vma->vm_mm->write_protect_seq;
  if (is_cut("fork-begin-barrier")) {
    ADVANCE(seq);
  } else {
    raw_write_seqcount_begin(seq);
  }
  const pmd_t found = pmdp_get(src_pmdp);
  if (pmd_is_huge(found)) {
    result = copy_huge_pmd(dst_vma, src_vma, dst_pmdp, src_pmdp, src_vma->vm_start);
  }
  if (result == COPY_NOT_HUGE) {
    const pmd_t src_pmd = pmdp_get(src_pmdp);
    result = COPY_DONE;
    if (pmd_present(src_pmd) && !pmd_trans_huge(src_pmd)) {
      result =
          copy_pte_range(dst_vma, src_vma, dst_pmdp, src_pmd, src_vma->vm_start, src_vma->vm_end);
    }
  }
  if (is_cut("fork-end-barrier")) {
    ADVANCE(seq);
  } else {
    raw_write_seqcount_end(seq);
  }
  return result;
}

// Or a table for it. REQUIRES: mmap_lock is held for writing.
bool has_anonymous_memory(struct mm_struct* mm) {
  for (struct vm_area_struct* vma = wr_next_vma(mm, nullptr); vma != nullptr;
       vma = wr_next_vma(mm, vma)) {
    if (vma->vm_file != nullptr) continue;
    pmd_t* pmdp = mm_find_pmd(mm, vma->vm_start);
    if (pmdp == nullptr) continue;
    if (!pmd_none(pmdp_get(pmdp))) return true;
  }
  return false;
}

// The child's vmas are there already: whether they are what dup_mmap() would make them.
// REQUIRES: both mmap_locks are held for writing.
bool has_vmas_of(struct mm_struct* mm, struct mm_struct* oldmm) {
  struct vm_area_struct* tmp = wr_next_vma(mm, nullptr);
  for (struct vm_area_struct* mpnt = wr_next_vma(oldmm, nullptr); mpnt != nullptr;
       mpnt = wr_next_vma(oldmm, mpnt), tmp = wr_next_vma(mm, tmp)) {
    if (tmp->vm_file != mpnt->vm_file || tmp->vm_pgoff != mpnt->vm_pgoff) return false;
  }
  return true;
}

// REQUIRES: both mmap_locks are held for writing.
void dup_mmap(struct mm_struct* mm, struct mm_struct* oldmm) {
  struct vm_area_struct* tmp = wr_next_vma(mm, nullptr);
  struct vm_area_struct* mpnt = wr_next_vma(oldmm, nullptr);
  const unsigned long start = mpnt->vm_start;
  unsigned long end = start;
  enum copied result = COPY_DONE;
  for (; mpnt != nullptr && result == COPY_DONE;
       mpnt = wr_next_vma(oldmm, mpnt), tmp = wr_next_vma(mm, tmp)) {
    // What is shared through a file is refilled on fault, or there already. Where mremap has put a
    // file into the child's area, nothing else comes.
    if (mpnt->vm_file == nullptr && tmp->vm_file == nullptr) {
      mmu_notifier_invalidate_range_start(oldmm, mpnt->vm_start, mpnt->vm_end);
      result = copy_page_range(tmp, mpnt);
      mmu_notifier_invalidate_range_end(oldmm, mpnt->vm_start, mpnt->vm_end);
    }
    end = mpnt->vm_end;
  }
  // ORDER(O protect-then-flush): the parent's entries write-protected, then its TLBs flushed, then
  // either may run on. Without it a CPU of the parent writes to what the child reads.
  if (!is_cut("fork-flush")) wr_flush_tlb_range(oldmm, start, end);  // flush_tlb_mm
  wr_note(WR_NOTE_MUTATOR_END, nullptr, start, end, WR_HERE);
}

}  // namespace

void dup_mm(struct mm_struct* oldmm, unsigned long /*start*/, unsigned long /*end*/,
            unsigned /*flags*/) {
  struct mm_struct* mm = wr_other_mm(oldmm);
  if (mm == nullptr || oldmm->id != 0) return;
  mmap_write_lock(oldmm);
  mmap_write_lock(mm);
  if (has_vmas_of(mm, oldmm) && !has_anonymous_memory(mm)) dup_mmap(mm, oldmm);
  mmap_write_unlock(mm);
  mmap_write_unlock(oldmm);
}
