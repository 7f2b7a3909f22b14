// Calls into a kernel tree, with the facts that oracles are told around them; and what the tree's
// code calls of walkrace's own paths: page faults, notifiers, the swap cache. Never instrumented.
#include "paths/tree_paths.h"

#include "kernel/mm.h"
#include "kernel/notes.h"
#include "kernel/page_ref.h"
#include "machine/machine.h"
#include "machine/tree.h"
#include "paths/paths.h"
#include "paths/secondary_mmu.h"
#include "paths/swap.h"

extern "C" {
#include "kernel/port/calls.h"
}

using walkrace::ActiveTree;
using walkrace::FinishTreeStore;

namespace {

unsigned how_of(unsigned gup_flags) {
  return ((gup_flags & FOLL_PIN) != 0 ? WR_TREE_GUP_PIN : WR_TREE_GUP_GET) |
         ((gup_flags & FOLL_WRITE) != 0 ? WR_TREE_GUP_WRITE : 0) |
         ((gup_flags & FOLL_LONGTERM) != 0 ? WR_TREE_GUP_LONGTERM : 0);
}

}  // namespace

walkrace::Layout LayoutForTree(const walkrace::Layout& layout) {
  walkrace::Layout own = layout;
  own.levels = 4;
  for (walkrace::Backing& backing : own.backing) {
    if (IsForTheLastRegion(backing)) backing = walkrace::Backing::kAnon;
  }
  return own;
}

int tree_get_user_pages_fast(struct mm_struct* /*mm*/, unsigned long start, int nr_pages,
                             unsigned gup_flags, struct page** pages) {
  unsigned long pfns[2 * PTRS_PER_PTE];
  wr_note(WR_NOTE_GUP_BEGIN, nullptr, start, (uint64_t)gup_flags << 32 | (unsigned)nr_pages,
          WR_HERE);
  const long found = ActiveTree()->gup_fast(start, nr_pages, how_of(gup_flags), pfns);
  FinishTreeStore();
  const int nr = found < 0 ? 0 : (int)found;
  for (int i = 0; i < nr; ++i) {
    pages[i] = pfn_to_page(pfns[i]);
    wr_note(WR_NOTE_PAGE_RETURNED, &pages[i]->_refcount, start + ((unsigned long)i << PAGE_SHIFT),
            (uint64_t)gup_flags << 32 | pfns[i], WR_HERE);
  }
  wr_note(WR_NOTE_GUP_END, nullptr, (uint64_t)nr, 0, WR_HERE);
  return nr;
}

void tree_put_user_page(struct page* page, unsigned long address, unsigned gup_flags) {
  const unsigned kind = gup_flags & (FOLL_PIN | FOLL_GET);
  wr_note(WR_NOTE_PAGE_PUT, &page->_refcount, address, (uint64_t)kind << 32 | page_to_pfn(page),
          WR_HERE);
  ActiveTree()->put(page_to_pfn(page), how_of(gup_flags));
  FinishTreeStore();
}

void tree_collapse_region(struct mm_struct* mm, unsigned long start, unsigned long /*end*/,
                          unsigned /*flags*/) {
  // A file's memory goes another way.
  if (find_vma(mm, start)->vm_file != nullptr) return;
  (void)ActiveTree()->collapse(mm->id, start);
  FinishTreeStore();
}

void tree_madvise_dontneed(struct mm_struct* mm, unsigned long start, unsigned long end,
                           unsigned /*flags*/) {
  mmap_read_lock(mm);
  // A file's pages stay in the page cache: nothing is discarded.
  for (struct vm_area_struct* vma = wr_next_vma(mm, nullptr); vma != nullptr;
       vma = wr_next_vma(mm, vma)) {
    const unsigned long first = start > vma->vm_start ? start : vma->vm_start;
    const unsigned long last = end < vma->vm_end ? end : vma->vm_end;
    if (first >= last || vma_is_secretmem(vma)) continue;
    if (vma->vm_file != nullptr && ActiveTree()->whole_counts_each) {
      madvise_dontneed_single_vma(vma, first, last);
      continue;
    }
    if (vma->vm_file == nullptr) wr_note(WR_NOTE_DISCARD_BEGIN, nullptr, first, last, WR_HERE);
    ActiveTree()->dontneed(mm->id, first, last);
    FinishTreeStore();
    if (vma->vm_file == nullptr) wr_note(WR_NOTE_DISCARD_END, nullptr, first, last, WR_HERE);
  }
  mmap_read_unlock(mm);
}

extern "C" {

int wr_port_fault(unsigned mm, unsigned long address, unsigned how) {
  FinishTreeStore();
  const unsigned flags = ((how & WR_PORT_FAULT_WRITE) != 0 ? FAULT_FLAG_WRITE : 0u) |
                         ((how & WR_PORT_FAULT_UNSHARE) != 0 ? FAULT_FLAG_UNSHARE : 0u);
  return __handle_mm_fault(walkrace::MachineMm((int)mm), address, flags) == VM_FAULT_OOM;
}

void wr_port_notifier_start(unsigned mm, unsigned long start, unsigned long end) {
  FinishTreeStore();
  mmu_notifier_invalidate_range_start(walkrace::MachineMm((int)mm), start, end);
}
void wr_port_notifier_end(unsigned mm, unsigned long start, unsigned long end) {
  FinishTreeStore();
  mmu_notifier_invalidate_range_end(walkrace::MachineMm((int)mm), start, end);
}

void wr_port_free_page_and_swap_cache(unsigned long pfn) {
  FinishTreeStore();
  free_page_and_swap_cache(pfn_to_page(pfn));
}
void wr_port_free_swap_cache(unsigned long pfn) {
  FinishTreeStore();
  free_swap_cache(pfn_to_page(pfn));
}
void wr_port_free_swap(unsigned long slot) {
  FinishTreeStore();
  free_swap_and_cache(slot);
}

}  // extern "C"
